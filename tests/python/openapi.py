"""Is the description of the API one, and do the answers keep to it?

usage: openapi.py URL TOKEN PRINCIPAL
"""

import copy
import json
import sys
import urllib.request

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

url, token, principal = sys.argv[1:]
API = f"{url}/api/v1"


def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(API + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


_, document = ask("GET", "/openapi.json")
OpenAPIV31SpecValidator(document).validate()


def closed(schema, combined):
    """The schema, but nothing that it does not name may be there."""
    if isinstance(schema, list):
        return [closed(item, combined) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value, combined or key == "allOf") for key, value in schema.items()}
    if "allOf" in schema:
        made["unevaluatedProperties"] = False
    elif schema.get("type") == "object" and "properties" in schema and not combined:
        made.setdefault("additionalProperties", False)
    return made


components = copy.deepcopy(document["components"])
in_all_of = {
    part["$ref"].rsplit("/", 1)[-1]
    for schema in components["schemas"].values()
    for part in schema.get("allOf", [])
    if "$ref" in part
}
components["schemas"] = {
    name: closed(schema, name in in_all_of) for name, schema in components["schemas"].items()
}


def check(schema, value, what):
    whole = {**closed(schema, False), "components": components}
    errors = sorted(Draft202012Validator(whole).iter_errors(value), key=lambda error: list(error.path))
    assert not errors, f"{what}: {[(list(error.path), error.message[:300]) for error in errors[:5]]}"


seen = set()


def call(method, path, body=None, status=200, **parameters):
    """Asks, and compares what is sent and what comes with the description."""
    operation = document["paths"][path][method.lower()]
    seen.add(operation["operationId"])
    if body is not None and status == 200:
        check(operation["requestBody"]["content"]["application/json"]["schema"], body, f"{method} {path} request")
    asked = path
    for name in list(parameters):
        if "{" + name + "}" in asked:
            asked = asked.replace("{" + name + "}", parameters.pop(name))
    if parameters:
        asked += "?" + urllib.parse.urlencode(parameters)
    got, answer = ask(method, asked, body)
    assert got == status, f"{method} {asked}: {got} {answer}"
    responses = operation["responses"]
    response = responses.get(str(status)) or components["responses"]["Error"]
    check(response["content"]["application/json"]["schema"], answer, f"{method} {asked}")
    return answer


call("GET", "/openapi.json")
call("GET", "/coverage")
call("GET", "/coverage", last="1h")
call("GET", "/principals", during="2026")
call("GET", "/principals", status=400, last="soon")
call("GET", "/activity", principal=principal)
call("GET", "/activity", status=404, principal="nobody")
call("POST", "/sql", {"query": "SELECT * FROM events", "range": {"from": "2026"}})
call("POST", "/sql", {"query": "DROP TABLE events"}, status=400)
queries = call("GET", "/queries")["queries"]
assert len(queries) >= 10
for query in queries:
    given = {it["name"]: "x" for it in query["parameters"] if "default" not in it}
    call("POST", "/queries/{name}", {"parameters": given}, name=query["name"])
call("POST", "/queries/{name}", {}, status=404, name="nothing")
writing = {"style": "compact", "threshold": 1, "conditions": ["source-ip", "mfa"], "add": ["sqs:ListQueues"], "set": {"A": "b"}}
policy = call("POST", "/policies", {"principal": principal, "writing": writing, "format": "cloudformation"})
templates = {"style": "access-analyzer", "target": "boundary"}
call("POST", "/policies", {"principal": principal, "writing": templates, "range": {"last": "1000d"}})
documents = policy["documents"] + [json.dumps(policy["documents"][0])]
call("POST", "/proofs", {"principal": principal, "documents": documents})
call("POST", "/files", {"principal": principal, "documents": documents, "format": "yaml"})
named = [{"name": "one", "document": policy["documents"][0]}]
call("POST", "/diffs", {"principal": principal, "policies": named, "boundary": policy["documents"][0]})
trails = [{"cloudTrailArn": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main", "allRegions": True}]
job = call("POST", "/jobs", {"principal": principal, "trails": trails, "writing": writing, "clientToken": "a"})
nobody = call("POST", "/jobs", {"principal": "arn:aws:iam::111122223333:role/nobody"})
for started in (job, nobody):
    for _ in range(1200):
        found = call("GET", "/jobs/{jobId}", jobId=started["jobId"])
        if found["status"] != "IN_PROGRESS":
            break
assert call("GET", "/jobs/{jobId}", jobId=job["jobId"])["found"]
assert call("GET", "/jobs/{jobId}", jobId=nobody["jobId"])["jobError"]
call("GET", "/jobs")
call("DELETE", "/jobs/{jobId}", status=404, jobId="nothing")
call("POST", "/apply", {"jobId": job["jobId"]}, status=400)
call("POST", "/rollback", {"record": "../x"}, status=400)

there = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
# What is said by server-sent events is no JSON document.
assert seen == there - {"listen"}, there - seen
