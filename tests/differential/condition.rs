//! Condition keys with values, and conditions on them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::random::Random;
use crate::case::OneOrMany;

struct Key {
    name: &'static str,
    operators: &'static [&'static str],
    /// Values in requests.
    found: &'static [&'static str],
    /// Values in policies.
    wanted: &'static [&'static str],
    several: bool,
}

const STRING: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];
const NUMERIC: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];
const DATE: &[&str] = &[
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
];
const ARN: &[&str] = &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"];

const KEYS: &[Key] = &[
    Key {
        name: "aws:UserAgent",
        operators: STRING,
        found: &["aws-cli/2.1", "Boto3", "boto3", ""],
        wanted: &[
            "aws-cli/2.1",
            "Boto3",
            "boto3",
            "",
            "aws-cli/*",
            "boto?",
            "*",
            "?oto3",
            "a*2*",
            "",
            "aws-cli/2.1*",
        ],
        several: false,
    },
    Key {
        name: "aws:RequestedRegion",
        operators: STRING,
        found: &["us-east-1", "eu-central-1"],
        wanted: &[
            "us-east-1",
            "eu-central-1",
            "us-*",
            "eu-central-?",
            "US-EAST-1",
        ],
        several: false,
    },
    Key {
        name: "aws:PrincipalTag/team",
        operators: STRING,
        found: &["blue", "red", "*"],
        wanted: &[
            "blue",
            "red",
            "*",
            "${aws:PrincipalTag/none, 'blue'}",
            "${aws:PrincipalAccount}",
            "b*",
        ],
        several: false,
    },
    Key {
        name: "aws:username",
        operators: STRING,
        found: &[],
        wanted: &["alice", "bob", "al*", "A*"],
        several: false,
    },
    Key {
        name: "aws:MultiFactorAuthAge",
        operators: NUMERIC,
        found: &["10", "9.5", "0", "-3", "100000000000"],
        wanted: &[
            "10",
            "9.5",
            "0",
            "-3",
            "100000000000",
            "10.0",
            "+10",
            "007",
            "9",
            "ten",
        ],
        several: false,
    },
    Key {
        name: "aws:CurrentTime",
        operators: DATE,
        found: &["2026-11-24T09:30:00Z", "2020-01-01T00:00:00Z"],
        wanted: &[
            "2026-11-24T09:30:00Z",
            "2020-01-01T00:00:00Z",
            "2020-01-01",
            "2020-01",
            "2026-11-24T10:30:00+01:00",
            "2026-11-24T09:30Z",
            "today",
        ],
        several: false,
    },
    Key {
        name: "aws:MultiFactorAuthPresent",
        operators: &["Bool"],
        found: &["true", "false"],
        wanted: &["true", "false", "True", "yes"],
        several: false,
    },
    Key {
        name: "aws:SourceIp",
        operators: &["IpAddress", "NotIpAddress"],
        found: &["10.1.2.3", "203.0.113.9", "2001:db8::1"],
        wanted: &[
            "10.1.2.3/32",
            "10.0.0.0/8",
            "203.0.113.0/29",
            "203.0.113.9/32",
            "2001:db8::/32",
            "2001:DB8:1::/48",
            "ten",
        ],
        several: false,
    },
    Key {
        name: "aws:SourceArn",
        operators: ARN,
        found: &[
            "arn:aws:sns:us-east-1:111122223333:topic",
            "arn:aws:s3:::b",
            "arn:aws:iam::1:role/a/b",
        ],
        wanted: &[
            "arn:aws:sns:us-east-1:111122223333:topic",
            "arn:aws:s3:::b",
            "arn:aws:iam::1:role/a/b",
            "arn:aws:sns:*:*:*",
            "arn:aws:s3:::*",
            "arn:aws:*:*:*:*",
            "arn:aws:iam::?:role/*",
            "arn:aws:sns:us-*:111122223333:t?pic",
        ],
        several: false,
    },
    Key {
        name: "aws:PrincipalArn",
        operators: ARN,
        found: &[],
        wanted: &[
            "arn:aws:iam::*:user/*",
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::111122223333:role/${aws:PrincipalTag/none, 'app'}",
        ],
        several: false,
    },
    Key {
        name: "aws:TagKeys",
        operators: STRING,
        found: &["team", "stage", "Cost"],
        wanted: &["team", "stage", "Cost", "t*", "team?", "cost"],
        several: true,
    },
    Key {
        name: "aws:CalledVia",
        operators: STRING,
        found: &["athena.amazonaws.com", "glue.amazonaws.com"],
        wanted: &[
            "athena.amazonaws.com",
            "glue.amazonaws.com",
            "*.amazonaws.com",
            "ATHENA.amazonaws.com",
        ],
        several: true,
    },
];

/// What a request says beyond who calls.
pub(super) fn context(random: &mut Random) -> BTreeMap<String, OneOrMany> {
    let mut context = BTreeMap::new();
    for key in KEYS.iter().filter(|key| !key.found.is_empty()) {
        if random.one_in(3) {
            continue;
        }
        let mut one = || random.word(key.found).to_owned();
        let values = if key.several {
            let first = one();
            let second = one();
            OneOrMany::Many(if random.one_in(2) {
                vec![first, second]
            } else {
                vec![first]
            })
        } else {
            OneOrMany::One(one())
        };
        context.insert(key.name.to_owned(), values);
    }
    context
}

pub(super) fn conditions(random: &mut Random) -> Value {
    let mut conditions = Map::new();
    for _ in 0..=random.below(2) {
        let key = random.pick(KEYS);
        if random.one_in(8) {
            conditions.insert(
                "Null".to_owned(),
                json!({key.name: random.word(&["true", "false"])}),
            );
            continue;
        }
        let operator = random.word(key.operators);
        let quantifier = match (key.several, random.below(2)) {
            (false, _) => "",
            (true, 0) => "ForAllValues:",
            (true, _) => "ForAnyValue:",
        };
        // `ForAnyValue` with `IfExists`: see `explained.jsonl`.
        let if_exists = quantifier != "ForAnyValue:" && random.one_in(4);
        let operator = format!(
            "{quantifier}{operator}{}",
            if if_exists { "IfExists" } else { "" }
        );
        let name = if random.one_in(6) {
            key.name.to_uppercase()
        } else {
            key.name.to_owned()
        };
        let one = |random: &mut Random| random.word(key.wanted).to_owned();
        let values = if random.one_in(2) {
            json!(one(random))
        } else {
            (0..1 + random.below(2)).map(|_| one(random)).collect()
        };
        conditions.insert(operator, json!({name: values}));
    }
    Value::Object(conditions)
}
