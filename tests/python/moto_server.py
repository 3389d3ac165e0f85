"""Serves moto's IAM on a free port, until its standard input ends. Prints the address.

A role `reader` and a user `alice` are there, each with an attached and an inline policy.
"""

import json
import sys

import boto3
from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
iam = boto3.client("iam", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def allow(action):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    )


def local(name):
    [policy] = [policy for policy in iam.list_policies(Scope="Local")["Policies"] if policy["PolicyName"] == name]
    return policy


def documents(policy):
    """The documents of all versions, in the order of their age, with a star at the one that counts."""
    arn = policy["Arn"]
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    versions.sort(key=lambda version: int(version["VersionId"][1:]))
    return [
        [
            "*" if version["IsDefaultVersion"] else "",
            iam.get_policy_version(PolicyArn=arn, VersionId=version["VersionId"])["PolicyVersion"]["Document"],
        ]
        for version in versions
    ]


def policies_of(kind, name):
    of = {f"{kind}Name": name}
    attached = getattr(iam, f"list_attached_{kind.lower()}_policies")(**of)["AttachedPolicies"]
    names = getattr(iam, f"list_{kind.lower()}_policies")(**of)["PolicyNames"]
    get = getattr(iam, f"get_{kind.lower()}_policy")
    return {
        "attached": sorted(policy["PolicyName"] for policy in attached),
        "inline": {name: get(**of, PolicyName=name)["PolicyDocument"] for name in names},
    }


def refuse(method, after):
    """Lets a method of IAM fail from its call number `after` on, counted from 0."""
    original = getattr(IAMBackend, method)
    calls = 0

    def limited(self, *arguments, **named):
        nonlocal calls
        calls += 1
        if calls > after:
            raise LimitExceededException("it is enough")
        return original(self, *arguments, **named)

    setattr(IAMBackend, method, limited)
    return lambda: setattr(IAMBackend, method, original)


iam.create_role(RoleName="reader", AssumeRolePolicyDocument=allow("sts:AssumeRole"))
iam.create_user(UserName="alice")
wide = iam.create_policy(PolicyName="wide", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
narrow = iam.create_policy(PolicyName="narrow", PolicyDocument=allow("ec2:Describe*"))["Policy"]["Arn"]
iam.attach_role_policy(RoleName="reader", PolicyArn=wide)
iam.put_role_policy(RoleName="reader", PolicyName="extra", PolicyDocument=allow("sqs:*"))
iam.attach_user_policy(UserName="alice", PolicyArn=narrow)
iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=allow("sns:*"))
print(url, flush=True)
allow_again = []
for line in sys.stdin:
    answer = {}
    match line.split():
        case ["state"]:
            policies = iam.list_policies(Scope="Local")["Policies"]
            answer = policies_of("Role", "reader") | {
                "user": policies_of("User", "alice"),
                "policies": {policy["PolicyName"]: documents(policy) for policy in policies},
            }
        case ["document", name]:
            [answer] = [document for star, document in documents(local(name)) if star]
        case ["about", name]:
            found = iam.get_policy(PolicyArn=local(name)["Arn"])["Policy"]
            answer = {"description": found["Description"], "tags": {tag["Key"]: tag["Value"] for tag in found["Tags"]}}
        case ["full", name]:
            # A policy that has as many versions as it may.
            arn = iam.create_policy(PolicyName=name, PolicyDocument=allow("ec2:Describe*"))["Policy"]["Arn"]
            for number in range(4):
                iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow(f"ec2:Get{number}"), SetAsDefault=number == 2)
        case ["crowd", count]:
            # Further policies that the role has.
            for number in range(int(count)):
                arn = iam.create_policy(PolicyName=f"more-{count}-{number}", PolicyDocument=allow("ec2:Describe*"))["Policy"]["Arn"]
                iam.attach_role_policy(RoleName="reader", PolicyArn=arn)
        case ["refuse", method, after]:
            allow_again.append(refuse(method, int(after)))
        case ["allow"]:
            while allow_again:
                allow_again.pop()()
    print(json.dumps(answer), flush=True)
server.stop()
