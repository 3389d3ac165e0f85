//! What can go without changing what the policy means?

use std::collections::BTreeSet;

use super::subject::{Findings, List, Subject};
use crate::pattern::{Pattern, covers};
use crate::policy::PolicyDocument;

/// More comparisons in one element than any policy needs that IAM would take.
const LIMIT: usize = 20_000;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for clause in &subject.statements {
        list(
            &clause.actions,
            "REDUNDANT_ACTION",
            Pattern::action,
            findings,
        );
        let resource = |text: &str| {
            Pattern::resource_of_any_request(text, true).unwrap_or_else(|| Pattern::action(""))
        };
        list(&clause.resources, "REDUNDANT_RESOURCE", resource, findings);
    }
    statements(subject, findings);
}

/// An item of a list, with what is needed to compare it quickly.
struct Item<'a> {
    text: &'a str,
    /// What stands before the first wildcard.
    start: &'a str,
    /// One of the texts that it covers, if it is easy to tell.
    example: Option<String>,
    pattern: Pattern,
}

impl<'a> Item<'a> {
    fn new(text: &'a str, parse: &impl Fn(&str) -> Pattern) -> Self {
        let end = text.find(['*', '?', '$']).unwrap_or(text.len());
        let pattern = parse(text);
        let example = text.replace('*', "").replace('?', "x");
        // Patterns of actions are in lower case.
        let lower = example.to_lowercase();
        Self {
            text,
            start: text.get(..end).unwrap_or_default(),
            example: [example, lower].into_iter().find(|it| pattern.matches(it)),
            pattern,
        }
    }

    fn is_wide(&self) -> bool {
        self.text.contains(['*', '?'])
    }

    fn covers(&self, other: &Self) -> bool {
        let start = other.text.get(..self.start.len());
        let example = |it: &String| self.pattern.matches(it);
        start.is_some_and(|it| it.eq_ignore_ascii_case(self.start))
            && other.example.as_ref().is_none_or(example)
            && covers(std::slice::from_ref(&self.pattern), &other.pattern)
    }
}

/// Items that another one of their list covers.
fn list(
    list: &List<'_>,
    code: &'static str,
    parse: impl Fn(&str) -> Pattern,
    findings: &mut Findings<'_>,
) {
    let items: Vec<Item<'_>> = list
        .items
        .iter()
        .map(|(text, _)| Item::new(text, &parse))
        .collect();
    let wide: Vec<(usize, &Item<'_>)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.is_wide())
        .collect();
    if wide.len() * items.len() > LIMIT {
        return;
    }
    let mut seen = BTreeSet::new();
    for (at, (item, (text, spot))) in items.iter().zip(&list.items).enumerate() {
        let covering = wide.iter().find(|(other, wide)| {
            // Of two that cover each other the first one stays.
            at != *other && wide.covers(item) && (*other < at || !item.covers(wide))
        });
        if !seen.insert(*text) {
            findings.add(code, spot, format!("`{text}` is given twice"));
        } else if let Some((_, wide)) = covering {
            findings.add(code, spot, format!("`{}` covers `{text}`", wide.text));
        }
    }
}

/// Statements that say the same, but for their names.
fn statements(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    // What cannot be read as a policy has other worries.
    let Ok(policy) = subject.text.parse::<PolicyDocument>() else {
        return;
    };
    let mut seen = BTreeSet::new();
    for (mut statement, clause) in policy.statement.into_iter().zip(&subject.statements) {
        statement.sid = None;
        let meaning = serde_json::to_string(&statement).unwrap_or_default();
        if !seen.insert(meaning) {
            let details = "another statement says the same";
            findings.add("REDUNDANT_STATEMENT", &clause.spot, details);
        }
    }
}
