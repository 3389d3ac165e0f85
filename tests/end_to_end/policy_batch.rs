//! Does a batch write what each principal would get alone, and tell what changed?

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, Record, delivery, record};
use trailwright_tests::{Lab, fixture};

use crate::{lab, lab_with};

fn user(name: &str) -> Value {
    json!({"type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:user/{name}"),
        "accountId": "111122223333", "userName": name})
}

fn ingest(lab: &Lab, file: &str, records: &[Record]) {
    lab.write(file, delivery(records));
    lab.ingest(file);
}

fn key(record: Record, key: &str) -> Record {
    record.with(
        "requestParameters",
        json!({"bucketName": "logs", "key": key}),
    )
}

fn text(lab: &Lab, file: &str) -> String {
    fs::read_to_string(lab.path(file)).unwrap_or_else(|error| format!("{file}: {error}"))
}

const ALL: [&str; 5] = ["policy", "lake", "--all", "--out", "out"];

#[test]
fn everybody_gets_what_each_would_get_alone() {
    let lab = lab_with("invictus");
    lab.trailwright(ALL.into_iter().chain(["--prove"]))
        .status(0);
    let index: Value = serde_json::from_str(&text(&lab, "out/index.json")).unwrap();
    let principals = index["principals"].as_array().unwrap();
    assert!(principals.len() > 5, "{index}");
    let mut written = 0;
    for entry in principals {
        let principal = entry["principal"].as_str().unwrap();
        let folder = entry["folder"].as_str().unwrap();
        assert_eq!(entry["refused"], 0, "{principal}");
        let alone = lab.trailwright(["policy", "lake", "--principal", principal, "--out", "alone"]);
        let names = entry["policies"].as_array().unwrap();
        if names.is_empty() {
            let _ = alone.status(1);
            continue;
        }
        let _ = alone.status(0);
        for name in names
            .iter()
            .map(|it| it.as_str().unwrap())
            .chain(["proof.json"])
        {
            let batch = text(&lab, &format!("out/{folder}/{name}"));
            assert_eq!(batch, text(&lab, &format!("alone/{name}")), "{principal}");
            written += 1;
        }
        let unmapped = text(&lab, &format!("out/{folder}/unmapped.json"));
        assert_eq!(unmapped, text(&lab, "alone/unmapped.json"));
        fs::remove_dir_all(lab.path("alone")).unwrap();
    }
    assert!(written > 10, "{written}");
}

#[test]
fn the_index_tells_what_changed_since_the_last_run() {
    let lab = lab();
    let alice = record(2).with("userIdentity", user("alice"));
    ingest(&lab, "logs/a.json", &[record(1), alice]);
    lab.trailwright(ALL)
        .status(0)
        .says("2 principals: 2 new, 0 changed, 0 not in this run");
    lab.trailwright(ALL)
        .status(0)
        .says("2 principals: 0 new, 0 changed, 0 not in this run");
    assert!(text(&lab, "out/index.md").contains("## What changed\n\nNothing.\n"));

    let bob = record(3).with("userIdentity", user("bob"));
    let again = key(record(4), "b.txt");
    ingest(
        &lab,
        "logs/b.json",
        &[bob, again].map(|it| it.at("2026-11-25T00:00:00Z")),
    );
    lab.trailwright(ALL.into_iter().chain(["--from", "2026-11-25"]))
        .status(0)
        .says("2 principals: 1 new, 1 changed, 1 not in this run");
    let markdown = text(&lab, "out/index.md");
    for line in [
        "- changed: [`arn:aws:iam::111122223333:role/reader`](111122223333/role/reader/)\n  \
         - added: `s3:GetObject on arn:aws:s3:::logs/b.txt`\n  \
         - removed: `s3:GetObject on arn:aws:s3:::logs/a.txt`",
        "- new: [`arn:aws:iam::111122223333:user/bob`](111122223333/user/bob/)",
        "- not in this run: `arn:aws:iam::111122223333:user/alice`",
        "| [`arn:aws:iam::111122223333:user/bob`](111122223333/user/bob/) | 1 | ",
    ] {
        assert!(markdown.contains(line), "{line}\n{markdown}");
    }
}

#[test]
fn filters_choose_who_gets_a_policy() {
    let lab = lab();
    let deploy = json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/s",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ci/deploy"}}});
    let records = [
        record(1),
        record(2)
            .with("userIdentity", user("alice"))
            .at("2026-12-01T00:00:00Z"),
        record(3).with("userIdentity", deploy),
    ];
    ingest(&lab, "logs/a.json", &records);
    for (filters, expected) in [
        (&["type=role"][..], &["role/ci/deploy", "role/reader"][..]),
        (&["type=role", "path=/"], &["role/reader"]),
        (&["path=/ci/*"], &["role/ci/deploy"]),
        (&["last-seen=2026-12"], &["user/alice"]),
        (&["account=111122223333", "type=user"], &["user/alice"]),
    ] {
        let _ = fs::remove_dir_all(lab.path("out"));
        let filters = filters.iter().flat_map(|it| ["--filter", it]);
        lab.trailwright(ALL.into_iter().chain(filters)).status(0);
        let index: Value = serde_json::from_str(&text(&lab, "out/index.json")).unwrap();
        let folders: Vec<&str> = index["principals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                it["folder"]
                    .as_str()
                    .unwrap()
                    .trim_start_matches("111122223333/")
            })
            .collect();
        assert_eq!(folders, expected);
    }
    lab.trailwright(ALL.into_iter().chain(["--filter", "account=999999999999"]))
        .status(1)
        .says("no principal in the lake that takes a policy is as the filters ask");
    lab.trailwright(ALL.into_iter().chain(["--filter", "colour=red"]))
        .status(1)
        .says("expected account=ID, path=PATTERN, type=role, type=user or last-seen=TIME");
}

#[test]
fn a_refused_call_that_needs_several_permissions_counts_once() {
    let lab = lab();
    let request = json!({"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 1}]},
        "instanceType": "t3.micro", "subnetId": "subnet-1"});
    let run = |id| {
        record(id)
            .calls("ec2.amazonaws.com", "RunInstances")
            .with("requestParameters", request.clone())
            .with("errorCode", "Client.UnauthorizedOperation")
    };
    ingest(&lab, "logs/a.json", &[record(1), run(2), run(3)]);
    let rows = lab.sql(
        "SELECT sum(calls) AS uses, sum(events) AS events FROM activity WHERE outcome = 'denied'",
    );
    assert!(rows[0]["uses"].as_u64().unwrap() > 2, "{rows:?}");
    assert_eq!(rows[0]["events"], 2);
    lab.trailwright(ALL).status(0);
    let index: Value = serde_json::from_str(&text(&lab, "out/index.json")).unwrap();
    assert_eq!(index["principals"][0]["denied"], 2);
    let evidence = text(&lab, "out/111122223333/role/reader/evidence.json");
    let evidence: Value = serde_json::from_str(&evidence).unwrap();
    assert_eq!(evidence["deniedCalls"], 2);
    assert_eq!(
        evidence["denied"],
        json!([{"what": "ec2:RunInstances", "count": 2}])
    );
}

/// Every file below a folder, with its text.
fn files(lab: &Lab, folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(lab.path(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => open.push(path),
                false => {
                    found.insert(path.clone(), text(lab, &path));
                }
            }
        }
    }
    found
}

#[test]
fn a_real_trail_in_another_order_and_other_files_gives_the_same_bytes() {
    let one = lab_with("invictus");
    let records = one.trailwright(["export", "lake"]).status(0).stdout;
    let mut records: Vec<&str> = records.lines().collect();
    assert!(records.len() > 2_000, "{}", records.len());
    records.reverse();
    let other = lab();
    for (at, part) in records.chunks(731).enumerate() {
        let file = format!("logs/{at}.json");
        other.write(&file, part.join("\n"));
        // Several commits, and the roll-up kept up with each.
        other.ingest(&file);
    }
    other.trailwright(["lake", "optimize", "lake"]).status(0);
    let run = |lab: &Lab| {
        let more = ["--format", "terraform", "--condition", "source-ip"];
        lab.trailwright(ALL.into_iter().chain(more)).status(0);
        files(lab, "out")
    };
    let (first, second) = (run(&one), run(&other));
    assert!(first.len() > 20, "{}", first.len());
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        second.keys().collect::<Vec<_>>()
    );
    for (file, text) in &first {
        assert_eq!(Some(text), second.get(file), "{file}");
    }
}

#[test]
fn a_hostile_name_stays_in_the_folder() {
    let lab = lab();
    let evil = user("../../../evil");
    ingest(&lab, "logs/a.json", &[record(1).with("userIdentity", evil)]);
    lab.trailwright(ALL).status(0);
    assert!(
        lab.path("out/111122223333/user/%2E./%2E./%2E./evil/policy.json")
            .is_file()
    );
}

#[test]
fn a_document_that_is_not_needed_any_more_is_removed() {
    let lab = lab();
    let many = (0..150).map(|n| key(record(n), &format!("{n}/{}", "x".repeat(60))));
    let few = key(record(900), "one").at("2026-12-01T00:00:00Z");
    ingest(&lab, "logs/a.json", &many.chain([few]).collect::<Vec<_>>());
    lab.trailwright(ALL.into_iter().chain(["--format", "yaml"]))
        .status(0);
    let folder = "out/111122223333/role/reader";
    for name in ["policy-2.json", "policy-2.yaml"] {
        assert!(lab.path(&format!("{folder}/{name}")).is_file());
    }
    lab.write(&format!("{folder}/notes.txt"), "somebody's own");
    lab.trailwright(ALL.into_iter().chain(["--from", "2026-12"]))
        .status(0);
    assert!(lab.path(&format!("{folder}/policy.json")).is_file());
    for name in [
        "policy-1.json",
        "policy-2.json",
        "policy-1.yaml",
        "policy-2.yaml",
    ] {
        assert!(!lab.path(&format!("{folder}/{name}")).exists(), "{name}");
    }
    assert!(lab.path(&format!("{folder}/notes.txt")).is_file());
}

#[test]
fn the_order_of_the_logs_makes_no_difference() {
    let records: Vec<Record> = (1..40)
        .map(|n| {
            let record = key(record(n), &format!("k{}", n % 7));
            match n % 3 {
                0 => record.with("userIdentity", user("alice")),
                1 => record.calls("s3.amazonaws.com", "PutObject"),
                _ => record.with("errorCode", "AccessDenied"),
            }
        })
        .collect();
    let run = |records: Vec<Record>| {
        let lab = lab();
        for (at, part) in records.chunks(7).enumerate() {
            ingest(&lab, &format!("logs/{at}.json"), part);
        }
        lab.trailwright(ALL).status(0);
        let files = [
            "index.json",
            "index.md",
            "111122223333/role/reader/policy.json",
            "111122223333/role/reader/evidence.json",
            "111122223333/role/reader/proof.json",
            "111122223333/user/alice/policy.json",
        ];
        files.map(|file| text(&lab, &format!("out/{file}")))
    };
    let mut reversed = records.clone();
    reversed.reverse();
    assert_eq!(run(records), run(reversed));
}

#[test]
fn a_batch_reads_conditions_in_the_same_pass() {
    let lab = lab();
    let records = [
        record(1).with("sourceIPAddress", "203.0.113.7"),
        record(2)
            .with("sourceIPAddress", "203.0.113.8")
            .with("userIdentity", user("alice")),
    ];
    ingest(&lab, "logs/a.json", &records);
    lab.trailwright(
        ALL.into_iter()
            .chain(["--condition", "source-ip", "--prove"]),
    )
    .status(0);
    for (folder, address) in [
        ("role/reader", "203.0.113.7"),
        ("user/alice", "203.0.113.8"),
    ] {
        let policy = text(&lab, &format!("out/111122223333/{folder}/policy.json"));
        let policy: Value = serde_json::from_str(&policy).unwrap();
        let expected = json!({"IpAddress": {"aws:SourceIp": address}});
        assert_eq!(policy["Statement"][0]["Condition"], expected, "{ROLE}");
    }
}

/// What every principal of a sample may do, a line for each statement: to be read by a person.
/// `policies.md` beside the tests says of each whether one would attach it.
#[test]
fn policies_of_every_principal_of_the_samples() {
    let mut lines = Vec::new();
    for sample in fixture::WHOLE {
        let lab = lab_with(sample);
        lab.trailwright(ALL.into_iter().chain(["--prove"]))
            .status(0);
        lines.push(format!("# {sample}"));
        let index: Value = serde_json::from_str(&text(&lab, "out/index.json")).unwrap();
        for entry in index["principals"].as_array().unwrap() {
            let principal = entry["principal"].as_str().unwrap();
            lines.push(format!("\n{principal}"));
            if let Some(error) = entry["error"].as_str() {
                lines.push(format!("  {error}; denied {}", entry["denied"]));
            }
            let folder = entry["folder"].as_str().unwrap();
            for name in entry["policies"].as_array().unwrap() {
                let file = format!("out/{folder}/{}", name.as_str().unwrap());
                let document: Value = serde_json::from_str(&text(&lab, &file)).unwrap();
                let statements = document["Statement"].as_array().unwrap().iter();
                lines.extend(statements.map(statement_line));
            }
        }
    }
    insta::assert_snapshot!("every_principal_of_the_samples", lines.join("\n"));
}

fn statement_line(statement: &Value) -> String {
    let list = |value: &Value| match value {
        Value::Array(values) => values
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join("\n    "),
        value => value.as_str().unwrap_or_default().to_owned(),
    };
    let actions = list(&statement["Action"]).replace("\n    ", ", ");
    let condition = match &statement["Condition"] {
        Value::Null => String::new(),
        condition => format!("\n    if {condition}"),
    };
    format!(
        "  {actions}\n    {}{condition}",
        list(&statement["Resource"])
    )
}
