//! Which statement of a principal's policies grants an action on a resource?

use std::collections::{BTreeMap, BTreeSet};

use super::{Attached, UsedPair};
use crate::contain::{action_covers, resource_covers};
use crate::evaluate::{Request, applying};
use crate::policy::{Condition, Effect, PolicyDocument, Resources, Statement};
use crate::prove::{all_actions, has_wildcard, literal};
use crate::reference::Reference;

/// The statements of a principal's policies.
pub(super) struct Granted<'a> {
    /// Each with the name of its policy.
    pub(super) statements: Vec<(&'a str, &'a Statement)>,
    /// The order in which Allows are asked: those without conditions first.
    allows: Vec<usize>,
    boundary: Option<&'a PolicyDocument>,
    /// Whether `${...}` is a variable, for each statement.
    variables: Vec<bool>,
    principal: &'a str,
    reference: &'a Reference,
}

impl<'a> Granted<'a> {
    pub(super) fn of(attached: &'a Attached, principal: &'a str, reference: &'a Reference) -> Self {
        let policies = attached.policies.iter();
        let statements: Vec<(&str, &Statement, bool)> = policies
            .flat_map(|policy| {
                let document = &policy.document;
                let statements = document.statement.iter();
                statements.map(|it| (policy.name.as_str(), it, document.has_variables()))
            })
            .collect();
        let mut allows: Vec<usize> = statements
            .iter()
            .enumerate()
            .filter(|(_, (_, statement, _))| statement.effect == Effect::Allow)
            .map(|(at, _)| at)
            .collect();
        let conditional = |at: &usize| {
            statements
                .get(*at)
                .is_some_and(|(_, it, _)| !it.condition.is_empty())
        };
        allows.sort_by_key(conditional);
        Self {
            variables: statements
                .iter()
                .map(|(.., variables)| *variables)
                .collect(),
            statements: statements
                .into_iter()
                .map(|(policy, statement, _)| (policy, statement))
                .collect(),
            allows,
            boundary: attached.boundary.as_ref(),
            principal,
            reference,
        }
    }

    /// The name of the policy in which a statement stands.
    pub(super) fn policy_of(&self, statement: usize) -> &'a str {
        self.statements
            .get(statement)
            .map_or("", |(policy, _)| policy)
    }

    /// The statement that grants a permission that was used.
    pub(super) fn by(&self, pair: UsedPair<'_>) -> Option<usize> {
        let mut statements = self.statements.iter().enumerate();
        let denied = statements.any(|(at, (_, statement))| {
            statement.effect == Effect::Deny
                && statement.condition.is_empty()
                && self.is_about(statement, self.has_variables(at), pair)
        });
        let bounded = self.boundary.is_some_and(|boundary| {
            let about = |it: &&Statement| self.is_about(it, boundary.has_variables(), pair);
            let allows = boundary.statement.iter();
            let mut allows = allows.filter(|it| it.effect == Effect::Allow).filter(about);
            let denies = boundary.statement.iter();
            let mut denies = denies
                .filter(|it| it.effect == Effect::Deny && it.condition.is_empty())
                .filter(about);
            allows.next().is_none() || denies.next().is_some()
        });
        if denied || bounded {
            return None;
        }
        self.allows.iter().copied().find(|at| {
            let statement = self.statements.get(*at);
            statement.is_some_and(|(_, it)| self.is_about(it, self.has_variables(*at), pair))
        })
    }

    fn has_variables(&self, at: usize) -> bool {
        self.variables.get(at).copied().unwrap_or_default()
    }

    /// Whether a statement is about a permission, its conditions aside. Where an event does not
    /// tell the resource, one of those that it may have been is enough for an Allow.
    fn is_about(&self, statement: &Statement, has_variables: bool, pair: UsedPair<'_>) -> bool {
        let document = PolicyDocument {
            version: has_variables.then(|| crate::policy::VERSION.to_owned()),
            id: None,
            statement: vec![Statement {
                condition: Condition::new(),
                ..statement.clone()
            }],
        };
        let resource = pair.resource;
        let request = Request::new(self.principal, pair.action, literal(resource));
        if applying(&document, statement.effect, &request)
            .next()
            .is_some()
        {
            return true;
        }
        if statement.effect == Effect::Deny || !has_wildcard(resource) || resource == "*" {
            return false;
        }
        let (actions, but) = statement.actions.patterns();
        let named = actions.iter().any(|it| action_covers(it, pair.action)) != but;
        let within = match &statement.resources {
            Some(Resources::Resource(resources)) => {
                let mut resources = resources.values().iter();
                resources.any(|it| resource_covers(resource, it))
            }
            _ => false,
        };
        named && within
    }

    /// Every action that an Allow names and no Deny takes away altogether, with the statements.
    pub(super) fn actions(&self) -> BTreeMap<String, Vec<usize>> {
        let mut actions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let all: Vec<String> = all_actions(self.reference).collect();
        for at in &self.allows {
            let Some((_, statement)) = self.statements.get(*at) else {
                continue;
            };
            for action in named(statement, &all) {
                actions.entry(action).or_default().push(*at);
            }
        }
        let denies = self.statements.iter().map(|(_, statement)| *statement);
        let boundary = self.boundary.iter().flat_map(|it| &it.statement);
        let denied: BTreeSet<String> = denies
            .chain(boundary)
            .filter(|it| it.effect == Effect::Deny && it.condition.is_empty())
            .filter(|it| on_all(it))
            .flat_map(|it| named(it, &all))
            .collect();
        let bounds: Option<BTreeSet<String>> = self.boundary.map(|boundary| {
            let allows = boundary.statement.iter();
            let allows = allows.filter(|it| it.effect == Effect::Allow);
            allows.flat_map(|it| named(it, &all)).collect()
        });
        actions.retain(|action, _| {
            !denied.contains(action) && bounds.as_ref().is_none_or(|it| it.contains(action))
        });
        actions
    }
}

/// The actions that a statement names, as AWS spells them.
fn named(statement: &Statement, all: &[String]) -> Vec<String> {
    let (patterns, but) = statement.actions.patterns();
    let covered = |action: &&String| {
        let mut patterns = patterns.iter();
        patterns.any(|it| quick(it, action) && action_covers(it, action)) != but
    };
    all.iter().filter(covered).cloned().collect()
}

/// Whether a pattern may cover an action: most are told apart by how they begin.
fn quick(pattern: &str, action: &str) -> bool {
    let start = pattern.split(['*', '?']).next().unwrap_or_default();
    action
        .get(..start.len())
        .is_some_and(|it| it.eq_ignore_ascii_case(start))
}

fn on_all(statement: &Statement) -> bool {
    match &statement.resources {
        Some(Resources::Resource(resources)) => resources.values().iter().any(|it| it == "*"),
        _ => false,
    }
}
