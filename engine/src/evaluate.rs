//! Does this policy allow this request?
//!
//! IAM's own rules, for what is attached to the caller: identity policies, a permissions boundary
//! and service control policies. A Deny that applies decides. Else each level of service control
//! policies, the boundary and the identity policies must each have an Allow that applies.
//!
//! The policies of resources, session policies and resource control policies are left alone.
//! What AWS documents is followed to the letter, and where it is silent, the cautious reading is:
//! a statement with an operator that IAM does not know never grants, and always denies.

mod condition;
mod request;

use std::cell::OnceCell;

pub(crate) use condition::value;
pub use request::{Context, Request};

use crate::pattern::{Pattern, Variable};
use crate::policy::{Actions, Effect, PolicyDocument, Resources, Statement};

/// The policies that bear on a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layers<'a> {
    /// Attached to the user or role, inline or managed, or to the user's groups.
    pub identity: &'a [PolicyDocument],
    /// The most that the identity policies can grant.
    pub boundary: Option<&'a PolicyDocument>,
    /// From the organization's root down to the account, a list for each level. Without any level
    /// there is no organization. They do not bear on service-linked roles, nor on the
    /// organization's management account: leave them out for those.
    pub service_control: &'a [Vec<PolicyDocument>],
}

/// Which kind of policy decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Service control policies of a level, from 0 at the root.
    ServiceControl {
        /// Index of the level in [`Layers::service_control`].
        level: usize,
    },
    /// The permissions boundary.
    Boundary,
    /// An identity policy.
    Identity,
}

/// What IAM answers, and by which statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Allowed; the first identity statement that grants it.
    Allowed(Decider),
    /// Denied by a statement, whatever else grants.
    ExplicitDeny(Decider),
    /// Denied since nothing in this layer grants.
    ImplicitDeny(Layer),
}

/// A statement that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    /// Where its document is attached.
    pub layer: Layer,
    /// Index of the document in its layer.
    pub document: usize,
    /// Index of the statement in the document.
    pub statement: usize,
    /// The statement's name, if it has one.
    pub sid: Option<String>,
}

impl Decision {
    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// What IAM answers to `request`.
///
/// ```
/// # use trailwright_engine::evaluate::{Layers, Request, evaluate};
/// # use trailwright_engine::PolicyDocument;
/// let policy: PolicyDocument = r#"{"Version": "2012-10-17", "Statement": [
///     {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::home/${aws:username}/*"}
/// ]}"#.parse()?;
/// let alice = "arn:aws:iam::111122223333:user/alice";
/// let own = Request::new(alice, "s3:GetObject", "arn:aws:s3:::home/alice/a.txt");
/// let other = Request::new(alice, "s3:GetObject", "arn:aws:s3:::home/bob/a.txt");
/// let layers = Layers { identity: std::slice::from_ref(&policy), ..Layers::default() };
/// assert!(evaluate(&own, &layers).is_allowed());
/// assert!(!evaluate(&other, &layers).is_allowed());
/// # Ok::<(), trailwright_engine::policy::PolicyError>(())
/// ```
pub fn evaluate(request: &Request, layers: &Layers<'_>) -> Decision {
    let levels = layers.service_control.iter().enumerate();
    let levels = levels.map(|(level, documents)| (Layer::ServiceControl { level }, &**documents));
    let boundary = layers
        .boundary
        .map(|document| (Layer::Boundary, std::slice::from_ref(document)));
    let identity = (Layer::Identity, layers.identity);
    let layers: Vec<(Layer, &[PolicyDocument])> =
        levels.chain(boundary).chain([identity]).collect();

    let denied = layers
        .iter()
        .find_map(|&(layer, documents)| decider(request, layer, documents, Effect::Deny));
    if let Some(by) = denied {
        return Decision::ExplicitDeny(by);
    }
    let mut allowed = None;
    for (layer, documents) in layers {
        allowed = decider(request, layer, documents, Effect::Allow);
        if allowed.is_none() {
            return Decision::ImplicitDeny(layer);
        }
    }
    allowed.map_or(Decision::ImplicitDeny(Layer::Identity), Decision::Allowed)
}

/// The statements of `document` with this effect that apply to `request`, by index.
pub fn applying<'a>(
    document: &'a PolicyDocument,
    effect: Effect,
    request: &'a Request,
) -> impl Iterator<Item = usize> + 'a {
    let asked = Asked::new(request, document.has_variables());
    let statements = document.statement.iter().enumerate();
    statements
        .filter(move |(_, statement)| statement.effect == effect && asked.is_by(statement))
        .map(|(index, _)| index)
}

fn decider(
    request: &Request,
    layer: Layer,
    documents: &[PolicyDocument],
    effect: Effect,
) -> Option<Decider> {
    documents.iter().enumerate().find_map(|(index, document)| {
        let statement = applying(document, effect, request).next()?;
        Some(Decider {
            layer,
            document: index,
            statement,
            sid: document.statement.get(statement)?.sid.clone(),
        })
    })
}

/// A request as a document sees it: with policy variables or without.
struct Asked<'a> {
    request: &'a Request,
    has_variables: bool,
    action: OnceCell<String>,
}

impl<'a> Asked<'a> {
    fn new(request: &'a Request, has_variables: bool) -> Self {
        Self {
            request,
            has_variables,
            action: OnceCell::new(),
        }
    }

    /// Whether `statement` is about the request.
    fn is_by(&self, statement: &Statement) -> bool {
        self.action_is_in(&statement.actions)
            && statement
                .resources
                .as_ref()
                .is_some_and(|resources| self.resource_is_in(resources))
            && self.conditions_hold(statement)
    }

    fn action_is_in(&self, actions: &Actions) -> bool {
        let action = self
            .action
            .get_or_init(|| self.request.action.to_ascii_lowercase());
        let (patterns, but) = actions.patterns();
        let covered = |pattern: &String| match plain_start(pattern, "*?") {
            (start, true) => start.eq_ignore_ascii_case(action),
            (start, false) => {
                starts_with_ignoring_case(action, start) && Pattern::action(pattern).matches(action)
            }
        };
        patterns.iter().any(covered) != but
    }

    fn resource_is_in(&self, resources: &Resources) -> bool {
        let resource = self.request.resource.as_str();
        let (patterns, but) = resources.patterns();
        let covered = |pattern: &String| {
            if resource == "*" {
                // The action acts on nothing that has a name, so only all resources will do.
                return !pattern.is_empty() && pattern.bytes().all(|sign| sign == b'*');
            }
            match plain_start(pattern, "*?$") {
                (start, true) => start == resource,
                (start, false) => {
                    resource.starts_with(start)
                        && self
                            .resource_pattern(pattern)
                            .is_some_and(|it| it.matches(resource))
                }
            }
        };
        // Generated policies list thousands of plain ARNs in order: most requests find theirs so.
        let plain = |it: &str| !it.contains(['*', '?', '$']);
        let listed =
            plain(resource) && patterns.binary_search_by(|it| (**it).cmp(resource)).is_ok();
        (listed || patterns.iter().any(covered)) != but
    }

    fn resource_pattern(&self, pattern: &str) -> Option<Pattern> {
        let resolve = |variable: &Variable<'_>| self.value_of(variable);
        Pattern::resource(pattern, self.has_variables.then_some(&resolve))
    }

    /// A key with several values stands for none of them.
    fn value_of(&self, variable: &Variable<'_>) -> Option<String> {
        match self.request.context.get(variable.key) {
            Some([value]) => Some(value.clone()),
            _ => variable.default.map(ToOwned::to_owned),
        }
    }
}

/// What stands before the first of `signs`, and whether that is all of it. Most patterns of a
/// policy are told apart by it, without being taken apart.
fn plain_start<'p>(pattern: &'p str, signs: &str) -> (&'p str, bool) {
    match pattern.find(|sign| signs.contains(sign)) {
        Some(at) => (pattern.get(..at).unwrap_or_default(), false),
        None => (pattern, true),
    }
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|it| it.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
