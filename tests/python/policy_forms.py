"""Reads a policy in another form with that form's own parser, and prints the documents as JSON.

    policy_forms.py terraform|cloudformation|yaml FILE
"""

import json
import subprocess
import sys

form, file = sys.argv[1:]


def terraform():
    import hcl2

    with open(file) as text:
        module = hcl2.load(text)

    def plain(value):
        """What a quoted template without expressions stands for."""
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = json.loads(value)
        return value.replace("$${", "${").replace("%%{", "%{")

    def many(values):
        return values if isinstance(values, list) else [values]

    def one_or_many(values):
        values = [plain(value) for value in many(values)]
        return values[0] if len(values) == 1 else values

    documents = {}
    for block in module["data"]:
        for label, data in block['"aws_iam_policy_document"'].items():
            statements = []
            for statement in data["statement"]:
                written = {"Sid": plain(statement["sid"]), "Effect": plain(statement["effect"])}
                written["Action"] = one_or_many(statement["actions"])
                written["Resource"] = one_or_many(statement["resources"])
                for condition in statement.get("condition", []):
                    test = written.setdefault("Condition", {}).setdefault(plain(condition["test"]), {})
                    test[plain(condition["variable"])] = one_or_many(condition["values"])
                statements.append(written)
            documents[plain(label)] = {"Version": "2012-10-17", "Statement": statements}
    kinds = sorted(plain(kind) for block in module["resource"] for kind in block if not kind.startswith("__"))
    return {"documents": list(documents.values()), "resources": kinds}


def cloudformation():
    import cfnlint.decode

    checked = subprocess.run(
        [sys.executable, "-m", "cfnlint", "--format", "json", "--", file], capture_output=True, text=True
    )
    findings = json.loads(checked.stdout or "[]")
    template, errors = cfnlint.decode.decode(file)
    resources = template["Resources"].values()
    documents = [
        resource["Properties"].get("PolicyDocument") or resource["Properties"]["Content"] for resource in resources
    ]
    return {
        "documents": documents,
        "resources": sorted(resource["Type"] for resource in resources),
        "findings": [finding["Message"] for finding in findings] + [str(error) for error in errors],
    }


def yaml():
    import yaml

    with open(file) as text:
        return {"documents": [yaml.safe_load(text)]}


print(json.dumps({"terraform": terraform, "cloudformation": cloudformation, "yaml": yaml}[form]()))
