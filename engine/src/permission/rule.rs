//! Which actions does an event of some name need?
//!
//! Rules are tried in order; the first that answers wins. Facts are rows in the reference's
//! tables, rules say how they are applied.

pub(super) mod api_gateway;
mod exception;
mod no_permission;
mod other_name;
mod same_name;
pub(super) mod statement;
mod tagged;
mod tags_of_template;

use super::call::{Call, CallInfo};
use super::pass_role::PlannedRoles;
use super::resource::Plan;
use crate::reference::{Action, Reference, When};

/// What the rules say of a name.
pub(super) enum Answer {
    /// It needs those of these actions whose condition holds.
    Actions(Vec<PlannedAction>),
    /// It needs none.
    Nothing { why: &'static str },
    /// No rule knows.
    Unknown,
}

/// An action that calls of some name need, with what finding its resources takes.
pub(super) struct PlannedAction {
    pub(super) action: &'static Action,
    /// `s3:GetObject`.
    pub(super) name: String,
    /// For which requests.
    pub(super) when: When,
    pub(super) plan: Plan,
    pub(super) roles: PlannedRoles,
    pub(super) rule: &'static str,
    pub(super) source: &'static str,
    /// The path of an HTTP API, whose ARNs are made of it.
    pub(super) path: Option<&'static str>,
    /// Whether it is for the tags that the call gives to what lies below that path.
    pub(super) tags_made: bool,
    /// Whether the call needs one of several such actions, by what its statements do.
    pub(super) by_statement: bool,
}

impl PlannedAction {
    fn new(action: &'static Action, call: &Call<'_>, reference: &'static Reference) -> Self {
        Self {
            action,
            name: format!("{}:{}", action.prefix, action.name),
            when: When::Always,
            plan: Plan::of(action, call.event_name, reference),
            roles: PlannedRoles::of(action, call.event_name, reference),
            rule: "",
            source: "",
            path: None,
            tags_made: false,
            by_statement: false,
        }
    }

    fn by(mut self, rule: &'static str, source: &'static str) -> Self {
        self.rule = rule;
        self.source = source;
        self
    }

    /// Whether a call needs the action, by the members of its request.
    pub(super) fn holds(&self, info: &CallInfo<'_>) -> bool {
        if self.by_statement {
            return statement::needs(self.action.name, info);
        }
        match self.when {
            When::Always => true,
            _ if info.call.event_name.starts_with("Transact") => {
                statement::items_need(self.action.name, info)
            }
            _ if tags_of_template::given(self, info) => true,
            _ => self.when.holds(|key| info.has(key)),
        }
    }
}

type Rule = fn(&Call<'_>, &'static Reference) -> Option<Answer>;

/// Rules in the order they are tried.
const RULES: &[Rule] = &[
    no_permission::rule, // events that IAM never checks
    exception::rule,     // events that IAM checks under another name
    api_gateway::rule,   // API Gateway's actions are HTTP methods
    same_name::rule,     // `s3.amazonaws.com` `GetObject` is `s3:GetObject`
    other_name::rule,    // dated, plural and sibling names, where exactly that action exists
];

/// What the rules say of calls of this source and name.
pub(super) fn answer(call: &Call<'_>, reference: &'static Reference) -> Answer {
    let by_rule = |call: &Call<'_>| RULES.iter().find_map(|rule| rule(call, reference));
    // Some names are logged with a space behind them.
    let trimmed = Call {
        event_name: call.event_name.trim(),
        ..*call
    };
    let mut answer = by_rule(&trimmed).unwrap_or(Answer::Unknown);
    tagged::append(&mut answer, &trimmed, reference);
    answer
}
