"""Speaks to `trailwright serve` with boto3, unmodified, and compares every answer with botocore's
own model of the service: each field known, each of its type, each that must be there.

usage: access_analyzer.py URL ACCESS_KEY_ID SECRET_ACCESS_KEY PRINCIPAL
"""

import json
import sys
import time
from datetime import datetime, timedelta, timezone

import boto3
import botocore.auth
from botocore.config import Config
from botocore.exceptions import ClientError

url, key_id, secret, principal = sys.argv[1:]
TRAIL = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"
ACCESS_ROLE = "arn:aws:iam::111122223333:role/access"
GOOD = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}],
}
WIDER = {**GOOD, "Statement": [{**GOOD["Statement"][0], "Action": "s3:*"}]}


def client(key_id=key_id, secret=secret, region="eu-west-1"):
    return boto3.client(
        "accessanalyzer",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


seen = set()


def conform(shape, value, path):
    """Is `value`, as it came over the wire, of `shape`?"""
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{path}: {value!r}"
        unknown = value.keys() - shape.members.keys()
        assert not unknown, f"{path}: not in the model: {unknown}"
        body = {name for name, member in shape.members.items() if "location" not in member.serialization}
        missing = set(shape.required_members) & body - value.keys()
        assert not missing, f"{path}: missing {missing}"
        if getattr(shape, "is_tagged_union", False):
            assert len(value) == 1, f"{path}: {value}"
        for name, member in value.items():
            conform(shape.members[name], member, f"{path}.{name}")
    elif kind == "list":
        assert isinstance(value, list), f"{path}: {value!r}"
        for index, item in enumerate(value):
            conform(shape.member, item, f"{path}[{index}]")
    elif kind == "string":
        assert isinstance(value, str), f"{path}: {value!r}"
        assert not shape.enum or value in shape.enum, f"{path}: {value!r}"
    elif kind == "timestamp":
        assert datetime.fromisoformat(value).tzinfo is not None, f"{path}: {value!r}"
    elif kind == "boolean":
        assert isinstance(value, bool), f"{path}: {value!r}"
    elif kind == "integer":
        assert isinstance(value, int) and not isinstance(value, bool), f"{path}: {value!r}"
    else:
        raise AssertionError(f"{path}: {kind}")


def compare(http_response, model, **_):
    seen.add(model.name)
    value = json.loads(http_response.content)
    assert http_response.headers["x-amzn-RequestId"]
    assert http_response.headers["Content-Type"] == "application/json"
    if http_response.status_code < 300:
        conform(model.output_shape, value, model.name)
        return
    name = http_response.headers["x-amzn-ErrorType"]
    known = {shape.name: shape for shape in model.error_shapes}
    if name in known:
        conform(known[name], value, name)
        assert http_response.status_code == known[name].metadata["error"]["httpStatusCode"]


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error
    raise AssertionError(f"{code} was expected")


aa = client()
aa.meta.events.register("after-call.accessanalyzer", compare)


def start(who=principal, **more):
    details = {
        "trails": [{"cloudTrailArn": TRAIL, "allRegions": True}],
        "accessRole": ACCESS_ROLE,
        "startTime": datetime(2020, 1, 1, tzinfo=timezone.utc),
    }
    details.update(more.pop("details", {}))
    return aa.start_policy_generation(
        policyGenerationDetails={"principalArn": who}, cloudTrailDetails=details, **more
    )["jobId"]


def finished(job, **flags):
    for _ in range(600):
        answer = aa.get_generated_policy(jobId=job, **flags)
        if answer["jobDetails"]["status"] != "IN_PROGRESS":
            return answer
        time.sleep(0.1)
    raise AssertionError("the job does not end")


# The model has no waiters: clients ask until a job has ended.
assert aa.waiter_names == []

# Policy generation.
job = start()
answer = finished(job)
details, result = answer["jobDetails"], answer["generatedPolicyResult"]
assert len(answer["ResponseMetadata"]["RequestId"]) == 36
assert details["status"] == "SUCCEEDED", details
assert isinstance(details["startedOn"], datetime) and details["completedOn"] >= details["startedOn"]
assert result["properties"]["principalArn"] == principal
trail = result["properties"]["cloudTrailProperties"]
assert trail["trailProperties"] == [{"cloudTrailArn": TRAIL, "allRegions": True}]
assert trail["startTime"] == datetime(2020, 1, 1, tzinfo=timezone.utc)
policy = json.loads(result["generatedPolicies"][0]["policy"])
assert policy["Version"] == "2012-10-17" and "${" not in json.dumps(policy)
print(json.dumps(policy))
placeholders = finished(job, includeResourcePlaceholders=True)["generatedPolicyResult"]["generatedPolicies"]
assert "${" in placeholders[0]["policy"]
assert result["properties"]["isComplete"] is False
template = finished(job, includeServiceLevelTemplate=True)["generatedPolicyResult"]["generatedPolicies"]
assert json.loads(template[-1]["policy"])["Statement"][0]["Action"] == "sqs:${ActionName}", template

# The same token is the same job; for another request it is a conflict.
token = "a-token-of-ours"
first = start(clientToken=token)
assert start(clientToken=token) == first
error = refused(
    "ConflictException",
    aa.start_policy_generation,
    policyGenerationDetails={"principalArn": principal},
    clientToken=token,
)
assert error.response["resourceType"] == "PolicyGeneration" and error.response["Error"]["Message"]
assert isinstance(error, aa.exceptions.ConflictException) and error.response["resourceId"] == first

# An unknown principal, and a range without events, end with a reason.
missing = finished(start("arn:aws:iam::111122223333:role/nobody"))
assert missing["jobDetails"]["status"] == "FAILED"
assert missing["jobDetails"]["jobError"]["code"] == "RESOURCE_NOT_FOUND_ERROR"
assert "generatedPolicies" not in missing["generatedPolicyResult"]
early = {"startTime": datetime(2001, 1, 1, tzinfo=timezone.utc), "endTime": datetime(2002, 1, 1, tzinfo=timezone.utc)}
assert finished(start(details=early))["jobDetails"]["jobError"]["code"] == "RESOURCE_NOT_FOUND_ERROR"
elsewhere = {"trails": [{"cloudTrailArn": TRAIL, "regions": ["sa-east-1"]}]}
error = finished(start(details=elsewhere))["jobDetails"]["jobError"]
assert "no events" in error["message"] and error["code"] == "RESOURCE_NOT_FOUND_ERROR", error
error = refused(
    "ValidationException",
    start,
    details={"trails": [{"cloudTrailArn": TRAIL, "allRegions": False}]},
)
assert error.response["fieldList"][0]["name"] == "cloudTrailDetails.trails[0].regions"

# Pages.
pages = list(aa.get_paginator("list_policy_generations").paginate(PaginationConfig={"PageSize": 2}))
jobs = [job for page in pages for job in page["policyGenerations"]]
assert len(pages) == 3 and len(jobs) == 5 and len({job["jobId"] for job in jobs}) == 5
assert jobs == sorted(jobs, key=lambda job: job["startedOn"], reverse=True)
whole = aa.get_paginator("list_policy_generations").paginate(PaginationConfig={"MaxItems": 3, "PageSize": 2})
first = whole.build_full_result()
rest = aa.get_paginator("list_policy_generations").paginate(PaginationConfig={"StartingToken": first["NextToken"]})
assert first["policyGenerations"] + rest.build_full_result()["policyGenerations"] == jobs
mine = aa.list_policy_generations(principalArn="arn:aws:iam::111122223333:role/nobody")["policyGenerations"]
assert len(mine) == 1
refused("ValidationException", aa.list_policy_generations, nextToken="made up")

# Canceling.
error = refused("ValidationException", aa.cancel_policy_generation, jobId=job)
assert error.response["reason"] == "other"
error = refused("ValidationException", aa.cancel_policy_generation, jobId="nothing")
assert error.response["fieldList"][0]["name"] == "jobId"
refused("ValidationException", aa.get_generated_policy, jobId="no-such-job")
# What is encoded in a path is signed encoded once more.
for strange in ["../a b", "a/b%2f?x=1&y", "ü*+~'"]:
    refused("ValidationException", aa.get_generated_policy, jobId=strange, includeResourcePlaceholders=True)
    refused("ValidationException", aa.cancel_policy_generation, jobId=strange)

# What AWS would refuse is refused, and its quotas are not.
error = refused(
    "ValidationException",
    aa.start_policy_generation,
    policyGenerationDetails={"principalArn": "arn:aws:iam::111122223333:group/g"},
)
assert error.response["fieldList"][0]["name"] == "policyGenerationDetails.principalArn"
assert isinstance(error, aa.exceptions.ValidationException)

# Validation.
bad = {**WIDER, "Statement": [{"Effect": "allow", "Action": "s3:Nope", "Resource": "*"}]}
findings = aa.validate_policy(policyDocument=json.dumps(bad), policyType="IDENTITY_POLICY")["findings"]
assert [it["issueCode"] for it in findings] == ["INVALID_EFFECT", "INVALID_ACTION"], findings
assert findings[0]["locations"][0]["path"] == [{"value": "Statement"}, {"index": 0}, {"value": "Effect"}]
paginator = aa.get_paginator("validate_policy")
pages = paginator.paginate(
    policyDocument=json.dumps(bad), policyType="IDENTITY_POLICY", PaginationConfig={"PageSize": 1}
)
assert [page["findings"][0]["issueCode"] for page in pages] == ["INVALID_EFFECT", "INVALID_ACTION"]
scp = {**GOOD, "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": "*"}]}
findings = aa.validate_policy(policyDocument=json.dumps(scp), policyType="SERVICE_CONTROL_POLICY")["findings"]
assert findings[0]["issueCode"] == "SCP_SYNTAX_ERROR_PRINCIPAL"


def codes(statement, policy_type, **more):
    document = json.dumps({**GOOD, "Statement": [statement]})
    return [it["issueCode"] for it in aa.validate_policy(policyDocument=document, policyType=policy_type, **more)["findings"]]


anybody = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}
account = {**anybody, "Principal": {"AWS": "111122223333"}}
assert codes(anybody, "RESOURCE_POLICY") == ["MISSING_PRINCIPAL"]
assert codes(account, "RESOURCE_POLICY") == []
assert codes(account, "RESOURCE_POLICY", validatePolicyResourceType="AWS::S3::Bucket") == []
kinds = aa.meta.service_model.shape_for("ValidatePolicyResourceType").enum
found = {kind: codes(account, "RESOURCE_POLICY", validatePolicyResourceType=kind) for kind in kinds}
assert found["AWS::IAM::AssumeRolePolicyDocument"] == ["ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", "UNSUPPORTED_ACTION_IN_POLICY"]
assert found["AWS::DynamoDB::Table"] == ["UNSUPPORTED_ACTION_IN_POLICY", "UNSUPPORTED_RESOURCE_ARN_IN_POLICY"]
assert found["AWS::S3::AccessPoint"] == found["AWS::S3::MultiRegionAccessPoint"] == []
assert codes(account, "RESOURCE_CONTROL_POLICY") == ["RCP_SYNTAX_ERROR_PRINCIPAL", "RCP_SYNTAX_ERROR_ALLOW"]
assert codes({**anybody, "Effect": "Deny", "Principal": "*"}, "RESOURCE_CONTROL_POLICY") == []
for policy_type, kind in [("IDENTITY_POLICY", "AWS::S3::Bucket"), ("RESOURCE_POLICY", "AWS::SQS::Queue")]:
    error = refused(
        "ValidationException",
        aa.validate_policy,
        policyDocument="{}",
        policyType=policy_type,
        validatePolicyResourceType=kind,
    )
    assert error.response["fieldList"][0]["name"] == "validatePolicyResourceType"

# Checks.
def no_new_access(existing, new, policy_type="IDENTITY_POLICY"):
    return aa.check_no_new_access(
        existingPolicyDocument=json.dumps(existing), newPolicyDocument=json.dumps(new), policyType=policy_type
    )


assert no_new_access(WIDER, GOOD)["result"] == "PASS"
answer = no_new_access(GOOD, WIDER)
assert answer["result"] == "FAIL" and answer["reasons"][0]["statementId"] == "Read", answer
answer = aa.check_access_not_granted(
    policyDocument=json.dumps(GOOD),
    access=[{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::logs/secret"]}],
    policyType="IDENTITY_POLICY",
)
assert answer["result"] == "FAIL" and answer["reasons"][0]["statementIndex"] == 0
for document, policy_type, access in [
    ("{", "IDENTITY_POLICY", {"actions": ["s3:GetObject"]}),
    (json.dumps(GOOD), "IDENTITY_POLICY", {"actions": ["GetObject"]}),
    (json.dumps(GOOD), "IDENTITY_POLICY", {"resources": ["logs"]}),
    (json.dumps(GOOD), "RESOURCE_POLICY", {"actions": ["s3:GetObject"]}),
    (json.dumps({**GOOD, "Statement": [account]}), "IDENTITY_POLICY", {"actions": ["s3:GetObject"]}),
]:
    error = refused(
        "InvalidParameterException",
        aa.check_access_not_granted,
        policyDocument=document,
        access=[access],
        policyType=policy_type,
    )
    assert isinstance(error, aa.exceptions.InvalidParameterException)

# The same of the policies of resources: there a principal more is access more.
mine = {**GOOD, "Statement": [account]}
more = {**GOOD, "Statement": [{**account, "Principal": {"AWS": ["111122223333", "444455556666"]}}]}
assert no_new_access(more, mine, "RESOURCE_POLICY")["result"] == "PASS"
assert no_new_access(mine, more, "RESOURCE_POLICY")["reasons"][0]["statementIndex"] == 0
refused("InvalidParameterException", no_new_access, existing=GOOD, new=mine, policy_type="RESOURCE_POLICY")
answer = aa.check_access_not_granted(
    policyDocument=json.dumps(mine), access=[{"actions": ["s3:PutObject"]}], policyType="RESOURCE_POLICY"
)
assert answer["result"] == "PASS", answer

# A page of another origin is nobody who may ask.
stranger = client()
stranger.meta.events.register(
    "before-sign.accessanalyzer", lambda request, **_: request.headers.add_header("Origin", "https://evil.example")
)
stranger.meta.events.register("after-call.accessanalyzer", compare)
error = refused("AccessDeniedException", stranger.list_policy_generations)
assert isinstance(error, stranger.exceptions.AccessDeniedException)
assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403

# A request that was signed long ago, or was changed since, is of nobody.
now = botocore.auth.get_current_datetime
botocore.auth.get_current_datetime = lambda *_, **__: now() - timedelta(hours=1)
refused("InvalidSignatureException", client().list_policy_generations)
botocore.auth.get_current_datetime = now
changed = client()


def change(request, **_):
    request.body = request.body.replace(b"reader", b"writer")


changed.meta.events.register("before-send.accessanalyzer", change)
refused(
    "InvalidSignatureException",
    changed.start_policy_generation,
    policyGenerationDetails={"principalArn": principal},
)

# Signatures: any region will do, another key or secret will not.
client(region="us-gov-west-1").list_policy_generations()
refused("UnrecognizedClientException", client(key_id="AKIAIOSFODNN7EXAMPLE").list_policy_generations)
refused("InvalidSignatureException", client(secret="x" * 40).list_policy_generations)

assert seen == {
    "StartPolicyGeneration",
    "GetGeneratedPolicy",
    "ListPolicyGenerations",
    "CancelPolicyGeneration",
    "ValidatePolicy",
    "CheckNoNewAccess",
    "CheckAccessNotGranted",
}, seen
