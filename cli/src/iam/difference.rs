//! Which words of the policies are new, and which are no longer there?
//!
//! One line for each action and resource of a statement, as it is written: what the words mean is
//! compared elsewhere.

use std::collections::BTreeSet;

use serde::Serialize;
use trailwright_engine::PolicyDocument;
use trailwright_engine::policy::{Effect, Statement};

/// Lines of each kind that are shown before the rest is only counted.
const SHOWN: usize = 20;

/// What was added to and taken from the policies of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Difference {
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
}

impl Difference {
    pub(super) fn of<'a>(
        before: impl Iterator<Item = &'a str>,
        after: impl Iterator<Item = &'a str>,
    ) -> Self {
        let (before, after) = (lines(before), lines(after));
        Self {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        }
    }

    /// The difference in words.
    pub(super) fn told(&self) -> String {
        let mut text = String::new();
        for (sign, lines) in [('+', &self.added), ('-', &self.removed)] {
            for line in lines.iter().take(SHOWN) {
                text += &format!("  {sign} {line}\n");
            }
            if let Some(more) = lines.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                text += &format!("  {sign} and {more} more\n");
            }
        }
        text
    }
}

/// What documents say. One that cannot be read is a line as it is.
fn lines<'a>(documents: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for text in documents {
        match text.parse::<PolicyDocument>() {
            Ok(document) => lines.extend(document.statement.iter().flat_map(of_statement)),
            Err(_) => {
                lines.insert(format!("a policy that cannot be read: {text}"));
            }
        }
    }
    lines
}

fn of_statement(statement: &Statement) -> Vec<String> {
    let effect = match statement.effect {
        Effect::Allow => "",
        Effect::Deny => "deny ",
    };
    let conditions = match statement.condition.is_empty() {
        true => String::new(),
        false => {
            let text = serde_json::to_string(&statement.condition);
            format!(" if {}", text.unwrap_or_default())
        }
    };
    let parts = |(patterns, all_but): (&[String], bool)| match all_but {
        true => vec![format!("all but {}", patterns.join(", "))],
        false => patterns.to_vec(),
    };
    let actions = parts(statement.actions.patterns());
    let resources = match &statement.resources {
        Some(resources) => parts(resources.patterns()),
        None => vec!["*".to_owned()],
    };
    let of_action = |action: &String| {
        let line = |resource: &String| format!("{effect}{action} on {resource}{conditions}");
        resources.iter().map(line).collect::<Vec<String>>()
    };
    actions.iter().flat_map(of_action).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_what_is_new_and_what_is_gone() {
        let before = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"},
            {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}]}"#;
        let after = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*",
             "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}"#;
        let difference = Difference::of([before, "{"].into_iter(), [after].into_iter());
        assert_eq!(
            difference.told(),
            "  + s3:PutObject on arn:aws:s3:::b/* if {\"Bool\":{\"aws:SecureTransport\":\"true\"}}\n\
             \x20 - a policy that cannot be read: {\n\
             \x20 - deny all but iam:*, sts:* on *\n\
             \x20 - s3:PutObject on arn:aws:s3:::b/*\n"
        );
        let none = Difference::of([after].into_iter(), [after].into_iter());
        assert_eq!(none, Difference::default());
    }
}
