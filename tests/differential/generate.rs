//! Requests as they occur, and policies that nearly fit them.
//!
//! The same cases every time. A pattern is mostly made from the request, so that about half of the
//! statements apply. What the two sides are known to judge differently is left out here and listed
//! in `explained.jsonl`.

mod condition;
mod random;

use serde_json::{Value, json};
use trailwright_engine::Reference;
use trailwright_engine::evaluate::Request;

use crate::case::{Asked, Case, OneOrMany};
use random::Random;

const ACCOUNT: &str = "111122223333";
const SERVICES: &[&str] = &[
    "s3",
    "ec2",
    "dynamodb",
    "lambda",
    "sqs",
    "sns",
    "logs",
    "iam",
    "secretsmanager",
    "ssm",
    "cloudwatch",
    "athena",
    "glue",
    "ecr",
    "states",
    "rds",
];
const NAMES: &[&str] = &["alpha", "alice", "prod-app", "blue", "Data.2026", "a/b"];

pub(crate) fn cases(count: usize) -> Vec<Case> {
    let mut random = Random::new(20_261_124);
    (0..count).map(|_| case(&mut random)).collect()
}

fn case(random: &mut Random) -> Case {
    let request = request(random);
    let extra = |random: &mut Random| {
        let mut statements = statements(random, &request, 2);
        if random.one_in(2) {
            statements.push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
        }
        document(statements)
    };
    let boundary = random.one_in(4).then(|| extra(random));
    let levels = if random.one_in(4) { random.below(3) } else { 0 };
    let service_control = (0..levels).map(|_| vec![extra(random)]).collect();
    let documents = 1 + usize::from(random.one_in(5));
    Case {
        identity: (0..documents)
            .map(|_| document(statements(random, &request, 3)))
            .collect(),
        boundary,
        service_control,
        request,
    }
}

fn document(statements: Vec<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn request(random: &mut Random) -> Asked {
    let reference = Reference::bundled();
    let prefix = random.word(SERVICES);
    let action = random.pick(reference.actions(prefix));
    let types = &action.resource_types;
    let template = if types.is_empty() {
        None
    } else {
        reference
            .resource_type(prefix, random.pick(types).name)
            .and_then(|it| it.arn_templates.first())
    };
    let resource = template.map_or_else(|| "*".to_owned(), |it| fill(random, it));
    let principal = random.word(&["user/alice", "user/team/alice", "role/app"]);
    let principal = format!("arn:aws:iam::{ACCOUNT}:{principal}");
    let action = format!("{prefix}:{}", action.name);

    let derived = Request::new(&principal, &action, &resource).context;
    let derived = derived
        .iter()
        .map(|(key, values)| (key.to_owned(), OneOrMany::One(values.join(","))));
    let mut context: std::collections::BTreeMap<_, _> = derived.collect();
    context.extend(condition::context(random));
    Asked {
        principal,
        action,
        resource,
        context,
    }
}

/// An ARN of which the template's placeholders have values.
fn fill(random: &mut Random, template: &str) -> String {
    let mut arn = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap();
        arn += before;
        arn += match name {
            "Partition" => "aws",
            "Region" => random.word(&["us-east-1", "eu-central-1"]),
            "Account" => ACCOUNT,
            // None of them can have a slash in its name, and then it would be of no type.
            "BucketName" | "QueueName" | "TopicName" => match random.word(NAMES) {
                "a/b" => "a-b",
                name => name,
            },
            _ => random.word(NAMES),
        };
        rest = after;
    }
    arn + rest
}

fn statements(random: &mut Random, request: &Asked, most: usize) -> Vec<Value> {
    (0..=random.below(most))
        .map(|index| {
            let effect = if random.one_in(5) { "Deny" } else { "Allow" };
            let action = if random.one_in(7) {
                "NotAction"
            } else {
                "Action"
            };
            let resource = if random.one_in(7) {
                "NotResource"
            } else {
                "Resource"
            };
            let not_resource = resource == "NotResource";
            let mut statement = json!({
                "Sid": format!("S{index}"),
                "Effect": effect,
                action: list(random, |random| action_pattern(random, &request.action)),
                resource: list(random, |random| resource_pattern(random, request, not_resource)),
            });
            if random.one_in(2) {
                statement["Condition"] = condition::conditions(random);
            }
            statement
        })
        .collect()
}

fn list(random: &mut Random, mut one: impl FnMut(&mut Random) -> String) -> Value {
    if random.one_in(2) {
        return json!(one(random));
    }
    (0..1 + random.below(3)).map(|_| one(random)).collect()
}

fn action_pattern(random: &mut Random, action: &str) -> String {
    let (prefix, name) = action.split_once(':').unwrap();
    let at = 1 + random.below(name.len() - 1);
    match random.below(10) {
        0 => "*".to_owned(),
        1 => format!("{prefix}:*"),
        2 => action.to_lowercase(),
        3 => format!("{}:{}", prefix.to_uppercase(), name.to_uppercase()),
        4 => format!("{prefix}:{}*", &name[..at]),
        5 => format!("{prefix}:*{}", &name[at..]),
        6 => format!("{prefix}:{}?{}", &name[..at - 1], &name[at..]),
        7 => {
            let others = Reference::bundled().actions(prefix);
            format!("{prefix}:{}", random.pick(others).name)
        }
        8 => format!("{}:*", random.word(SERVICES)),
        _ => action.to_owned(),
    }
}

fn resource_pattern(random: &mut Random, request: &Asked, negated: bool) -> String {
    let arn = request.resource.as_str();
    if arn == "*" {
        return (random.word(&["*", "*", "arn:aws:s3:::x", "arn:aws:s3:::*"])).to_owned();
    }
    let mut fields: Vec<&str> = arn.splitn(6, ':').collect();
    let tail = fields[5];
    // Not before the first separator: see `explained.jsonl`.
    let from = arn.len() - tail.len() + tail.find(['/', ':']).map_or(0, |at| at + 1);
    let at = from + random.below((arn.len() - from).max(1));
    let with_variable = |value, variable| {
        let (before, after) = arn.split_at(from);
        let separated = before.ends_with(['/', ':']) && after.len() < tail.len();
        if separated {
            before.to_owned() + &after.replace(value, variable)
        } else {
            arn.to_owned()
        }
    };
    match random.below(14) {
        0 => "*".to_owned(),
        1 => {
            fields[4] = "*";
            fields.join(":")
        }
        2 => {
            fields[3] = if fields[3].is_empty() {
                "*"
            } else {
                random.word(&["*", "us-*", "*-1"])
            };
            fields.join(":")
        }
        3 => format!("{}*", &arn[..at]),
        4 => format!("{}*", &arn[..8 + random.below(arn.len() - 8)]),
        5 => format!("{}?{}", &arn[..at], arn.get(at + 1..).unwrap_or_default()),
        6 => format!(
            "{}*{}",
            &arn[..at],
            &arn[at + random.below(arn.len() - at + 1)..]
        ),
        7 if !negated => with_variable("alice", "${aws:username}"),
        8 if !negated => with_variable("blue", "${aws:PrincipalTag/team}"),
        9 => with_variable("blue", "${aws:PrincipalTag/none, 'blue'}"),
        10 => arn.to_uppercase().replacen("ARN:AWS", "arn:aws", 1),
        11 => format!("{arn}x"),
        12 => format!("arn:aws:{}:*:*:*", random.word(SERVICES)),
        _ => arn.to_owned(),
    }
}
