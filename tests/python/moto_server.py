"""Serves moto's IAM on a free port, until its standard input ends. Prints the address.

A role `reader` is there, with an attached and an inline policy, and a policy that nobody has.
"""

import json
import sys

import boto3
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


iam.create_role(RoleName="reader", AssumeRolePolicyDocument=allow("sts:AssumeRole"))
wide = iam.create_policy(PolicyName="wide", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
iam.attach_role_policy(RoleName="reader", PolicyArn=wide)
iam.put_role_policy(RoleName="reader", PolicyName="extra", PolicyDocument=allow("sqs:*"))
print(url, flush=True)
for line in sys.stdin:
    if line.strip() == "state":
        attached = iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"]
        names = iam.list_role_policies(RoleName="reader")["PolicyNames"]
        policies = iam.list_policies(Scope="Local")["Policies"]
        state = {
            "attached": sorted(policy["PolicyName"] for policy in attached),
            "inline": {name: iam.get_role_policy(RoleName="reader", PolicyName=name)["PolicyDocument"] for name in names},
            "policies": {policy["PolicyName"]: policy["DefaultVersionId"] for policy in policies},
        }
        print(json.dumps(state), flush=True)
    elif line.startswith("document "):
        _, name = line.split()
        [policy] = [policy for policy in iam.list_policies(Scope="Local")["Policies"] if policy["PolicyName"] == name]
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        print(json.dumps(version["PolicyVersion"]["Document"]), flush=True)
    elif line.startswith("full "):
        # A policy that has as many versions as it may.
        arn = iam.create_policy(PolicyName=line.split()[1], PolicyDocument=allow("ec2:Describe*"))["Policy"]["Arn"]
        for number in range(4):
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow(f"ec2:Get{number}"))
        print("{}", flush=True)
server.stop()
