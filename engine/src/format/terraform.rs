//! How does Terraform get a policy?
//!
//! Documents are `aws_iam_policy_document`, so that a change shows line by line in a plan.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{AttachTo, Attachment, FormatError, numbered, refuse};
use crate::generate::Target;
use crate::policy::{Actions, Effect, PolicyDocument, Resources, Statement};

/// A file with a document, a policy and what attaches it, for each document.
pub(super) fn write(
    documents: &[PolicyDocument],
    attachment: &Attachment,
) -> Result<String, FormatError> {
    let why = "aws_iam_policy_document would take `&{` for a policy variable";
    refuse(documents, "&{", "Terraform", why)?;
    let mut out = String::new();
    for line in attachment.description.lines() {
        block(&mut out, &format!("# {line}"));
    }
    if attachment.target == Target::InlineGroup {
        block(&mut out, "\nvariable \"group_name\" {\n  type = string\n}");
    }
    for (number, document) in numbered(documents) {
        let label = attachment.label(number);
        block(
            &mut out,
            &format!("\ndata \"aws_iam_policy_document\" \"{label}\" {{"),
        );
        for (index, one) in document.statement.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            statement(&mut out, one);
        }
        block(&mut out, "}");
        policy(&mut out, attachment, number, &label);
    }
    Ok(out)
}

/// The policy of a document, and what attaches it.
fn policy(out: &mut String, attachment: &Attachment, number: Option<usize>, label: &str) {
    let name = quoted(&attachment.policy_name(number));
    let to = quoted(attachment.to.name());
    let json = format!("data.aws_iam_policy_document.{label}.json");
    let is_user = matches!(attachment.to, AttachTo::User(_));
    let inline = |kind: &str, to: &str| {
        resource(
            &format!("aws_iam_{kind}_policy"),
            label,
            &[("name", &name), (kind, to), ("policy", &json)],
        )
    };
    let naming = &attachment.naming;
    let description = naming.description.as_deref().map(quoted);
    let mut arguments = vec![("name", name.as_str())];
    arguments.extend(description.iter().map(|it| ("description", it.as_str())));
    arguments.push(("policy", &json));
    let managed = tagged("aws_iam_policy", label, &arguments, &naming.tags);
    let arn = format!("aws_iam_policy.{label}.arn");
    let text = match attachment.target {
        Target::Managed => {
            let kind = if is_user { "user" } else { "role" };
            let attached = resource(
                &format!("aws_iam_{kind}_policy_attachment"),
                label,
                &[(kind, &to), ("policy_arn", &arn)],
            );
            managed + &attached
        }
        Target::Boundary => {
            format!("{managed}\noutput \"permissions_boundary_{label}\" {{\n  value = {arn}\n}}\n")
        }
        Target::InlineGroup => inline("group", "var.group_name"),
        Target::InlineRole | Target::InlineUser if is_user => inline("user", &to),
        Target::InlineRole | Target::InlineUser => inline("role", &to),
        Target::Scp => {
            let content = format!("data.aws_iam_policy_document.{label}.minified_json");
            let mut arguments = vec![("name", name.as_str())];
            arguments.extend(description.iter().map(|it| ("description", it.as_str())));
            arguments.push(("type", "\"SERVICE_CONTROL_POLICY\""));
            arguments.push(("content", &content));
            let scp = tagged("aws_organizations_policy", label, &arguments, &naming.tags);
            let id = format!("aws_organizations_policy.{label}.id");
            let attached = resource(
                "aws_organizations_policy_attachment",
                label,
                &[("policy_id", &id), ("target_id", &to)],
            );
            scp + &attached
        }
    };
    out.push_str(&text);
}

fn resource(kind: &str, label: &str, arguments: &[(&str, &str)]) -> String {
    tagged(kind, label, arguments, &BTreeMap::new())
}

fn tagged(
    kind: &str,
    label: &str,
    arguments: &[(&str, &str)],
    tags: &BTreeMap<String, String>,
) -> String {
    let mut out = format!("\nresource \"{kind}\" \"{label}\" {{\n");
    aligned(&mut out, "  ", arguments.iter().copied());
    if !tags.is_empty() {
        let tags: Vec<(String, String)> = tags
            .iter()
            .map(|(key, value)| (quoted(key), quoted(value)))
            .collect();
        block(&mut out, "\n  tags = {");
        let tags = tags.iter();
        aligned(
            &mut out,
            "    ",
            tags.map(|(key, value)| (&**key, &**value)),
        );
        block(&mut out, "  }");
    }
    out + "}\n"
}

/// Arguments below each other, with their signs of equality.
fn aligned<'a>(
    out: &mut String,
    indent: &str,
    arguments: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) {
    let widest = arguments.clone().map(|(name, _)| name.chars().count());
    let widest = widest.max().unwrap_or_default();
    for (name, value) in arguments {
        block(out, &format!("{indent}{name:widest$} = {value}"));
    }
}

fn statement(out: &mut String, statement: &Statement) {
    let effect = match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    block(out, "  statement {");
    let mut arguments = Vec::new();
    if let Some(sid) = &statement.sid {
        arguments.push(("sid", quoted(sid)));
    }
    arguments.push(("effect", quoted(effect)));
    let actions = match &statement.actions {
        Actions::Action(_) => "actions",
        Actions::NotAction(_) => "not_actions",
    };
    arguments.push((actions, list(statement.actions.patterns().0)));
    if let Some(resources) = &statement.resources {
        let name = match resources {
            Resources::Resource(_) => "resources",
            Resources::NotResource(_) => "not_resources",
        };
        arguments.push((name, list(resources.patterns().0)));
    }
    let arguments = arguments.iter();
    aligned(
        out,
        "    ",
        arguments.map(|(name, value)| (*name, &**value)),
    );
    for (operator, keys) in &statement.condition {
        for (key, values) in keys {
            let (operator, key) = (quoted(operator), quoted(key));
            let values = inline_list(values.values());
            block(
                out,
                &format!(
                    "\n    condition {{\n      test     = {operator}\n      variable = {key}\n      values   = {values}\n    }}"
                ),
            );
        }
    }
    block(out, "  }");
}

/// A list, a line for each value if there are several.
fn list(values: &[String]) -> String {
    match values {
        [_] | [] => inline_list(values),
        several => {
            let lines = several.iter().map(|it| format!("      {},\n", quoted(it)));
            format!("[\n{}    ]", lines.collect::<String>())
        }
    }
}

fn inline_list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|it| quoted(it)).collect();
    format!("[{}]", values.join(", "))
}

/// A quoted string in which nothing is a template.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' | '\\' => {
                out.push('\\');
                out.push(sign);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if signs.peek() == Some(&'{') => {
                out.push(sign);
                out.push(sign);
            }
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}

fn block(out: &mut String, lines: &str) {
    out.push_str(lines);
    out.push('\n');
}
