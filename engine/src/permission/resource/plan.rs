//! What does finding the resources of an action take, whatever the request?

use super::kinds::Kinds;
use super::name::Variable;
use super::template::Template;
use crate::permission::members::normal;
use crate::reference::{Action, Checked, Reference, ResourceType};

/// What finding the resources of an action takes, for calls of one name.
pub(in crate::permission) struct Plan {
    pub(super) types: Vec<PlannedType>,
    pub(super) kinds: &'static Kinds,
    /// Whether the action accepts types, and none of them is known to be meant.
    untold: bool,
}

/// A type of resource that an action accepts, with what finding one takes.
pub(super) struct PlannedType {
    pub(super) kind: &'static ResourceType,
    pub(super) required: bool,
    /// Whether a call that names none makes one, with an id that it does not choose.
    pub(super) creates: bool,
    /// Whether a call that names none is about all of them.
    pub(super) lists: bool,
    /// Whether the table says that it makes one, so that no other type stands for this one.
    pub(super) is_made: bool,
    /// Whether it always makes one, whatever else it names.
    pub(super) always_creates: bool,
    pub(super) templates: Vec<PlannedTemplate>,
}

pub(super) struct PlannedTemplate {
    pub(super) text: &'static str,
    pub(super) template: Template<'static>,
    pub(super) variables: Vec<Variable>,
    /// Members of a request that name the account of the resource.
    pub(super) account_members: Vec<String>,
    /// Whether the resource is mostly of another account than the call.
    pub(super) of_any_account: bool,
}

impl Plan {
    /// What finding the resources of `action` takes, for calls of one name.
    pub(in crate::permission) fn of(
        action: &'static Action,
        event_name: &str,
        reference: &'static Reference,
    ) -> Self {
        let mut accepted: Vec<(&str, Option<Checked>)> = Vec::new();
        for of_action in &action.resource_types {
            let checked = of_action.required.then_some(Checked::Required);
            accepted.push((of_action.name, checked));
        }
        for row in reference.action_types(action) {
            accepted.retain(|(name, _)| *name != row.resource_type);
            accepted.push((row.resource_type, Some(row.checked)));
        }
        accepted.retain(|(_, checked)| *checked != Some(Checked::Never));
        let required =
            |checked: &Option<Checked>| !matches!(checked, None | Some(Checked::Accepted));
        let types = accepted.iter().filter_map(|(name, checked)| {
            let kind = reference.resource_type(action.prefix, name)?;
            let listed = *checked == Some(Checked::Created);
            let required = required(checked);
            let creates = listed || makes(action.name, kind.name);
            let templates = kind.arn_templates.iter().map(|text| {
                let template = Template::parse(text);
                let accounts = reference.member_aliases(kind, "Account");
                let variables = template
                    .variables()
                    .map(|name| Variable::new(name, kind, action, event_name, listed, reference))
                    .collect();
                PlannedTemplate {
                    text,
                    template,
                    variables,
                    account_members: accounts.iter().map(|member| normal(member)).collect(),
                    of_any_account: accounts.contains(&"=*"),
                }
            });
            Some(PlannedType {
                kind,
                required,
                creates,
                lists: *checked == Some(Checked::All)
                    || lists(action.name, kind)
                    // One that stands for all of another type.
                    || kind.name.starts_with("All"),
                is_made: listed,
                always_creates: listed && action.name.starts_with("Copy"),
                templates: templates.collect(),
            })
        });
        Self {
            types: types.collect(),
            kinds: Kinds::of(action.prefix, reference),
            untold: false,
        }
    }

    /// Leaves of the types those that a call of `main` makes, or those that are named.
    pub(in crate::permission) fn keep_made(&mut self, named: &[&'static str], main: &Action) {
        let names: Vec<&str> = self.types.iter().map(|it| it.kind.name).collect();
        let kept = match named {
            [] => made(&names, main),
            named => named.to_vec(),
        };
        self.types.retain(|it| kept.contains(&it.kind.name));
        self.untold = !names.is_empty() && self.types.is_empty();
        for kind in &mut self.types {
            kind.required = true;
            kind.creates = true;
        }
    }

    /// Whether the action accepts types, and none of them is known to be meant.
    pub(in crate::permission) fn is_untold(&self) -> bool {
        self.untold
    }

    /// Whether the action accepts no type of resource.
    pub(in crate::permission) fn is_empty(&self) -> bool {
        self.types.is_empty()
    }
}

/// Whether an action shows all resources of a type: `ListGuardrails` all guardrails,
/// `DescribeCacheClusters` all clusters, `SearchDashboards` all dashboards.
fn lists(action: &str, kind: &ResourceType) -> bool {
    let subject = ["List", "Describe", "Get", "Search"]
        .iter()
        .find_map(|verb| action.strip_prefix(verb));
    let kind = normal(kind.name);
    // `Policies`, `Analyses`, `Clusters`, `Classes`.
    let plurals: [(&str, &[&str]); 3] = [("y", &["ies"]), ("is", &["es"]), ("", &["s", "es"])];
    let mut plurals = plurals.iter();
    let plural = plurals.find_map(|(end, ends)| Some((kind.strip_suffix(end)?, ends)));
    subject
        .zip(plural)
        .is_some_and(|(subject, (stem, endings))| {
            let subject = normal(subject);
            let mut before = endings.iter().filter_map(|end| subject.strip_suffix(end));
            before.any(|subject| subject.ends_with(stem))
        })
}

/// Which of some types of resource an action makes: the one that it is named for, or else the one
/// that it is checked on.
fn made<'k>(kinds: &[&'k str], main: &Action) -> Vec<&'k str> {
    let of = |holds: &dyn Fn(&str) -> bool| -> Vec<&'k str> {
        kinds.iter().copied().filter(|kind| holds(kind)).collect()
    };
    let subject = subject(main.name).unwrap_or_default();
    let one = subject.strip_suffix('s').unwrap_or(&subject);
    let exact = of(&|kind| [one, &subject].contains(&&*normal(kind)));
    if !exact.is_empty() {
        return exact;
    }
    let checked = |required: bool| {
        of(&|kind| {
            let mut types = main.resource_types.iter();
            types.any(|it| it.name.eq_ignore_ascii_case(kind) && (it.required || !required))
        })
    };
    let by_name = of(&|kind| makes(main.name, kind));
    let ways = [by_name, checked(true), checked(false)];
    let [first, ..] = &ways;
    let all = first.clone();
    let mut ways = ways.into_iter();
    ways.find(|found| found.len() == 1).unwrap_or(all)
}

/// Whether an action makes resources of a type with ids that its callers do not choose, by its
/// name: `CreateNatGateway`, `StartImportJob`.
fn makes(action: &str, kind: &str) -> bool {
    // What is started is mostly there before, unless it is work that begins by it.
    const WORK: [&str; 8] = [
        "job",
        "execution",
        "task",
        "run",
        "session",
        "query",
        "snapshot",
        "engagement",
    ];
    let words = words(kind);
    let kind = normal(kind);
    let subject = subject(action);
    let started = || {
        let is_work = WORK.iter().any(|work| kind.ends_with(work));
        action.strip_prefix("Start").filter(|_| is_work).map(normal)
    };
    let Some(subject) = subject.or_else(started) else {
        return false;
    };
    let one = subject.strip_suffix('s').unwrap_or(&subject);
    let one_kind = kind.strip_suffix('s').unwrap_or(&kind);
    let ends_in_it = [&*subject, one]
        .iter()
        .any(|it| it.ends_with(one_kind) || it.ends_with(&*kind));
    ends_in_it || one.len() > 3 && kind.contains(one) || has_between(one, &words)
}

/// Whether `subject` is made of all of `words` with others between them:
/// `TransitGatewayVpcAttachment` is a `transit-gateway-attachment`.
fn has_between(subject: &str, words: &[String]) -> bool {
    let [first, .., last] = words else {
        return false;
    };
    let mut rest = subject;
    subject.starts_with(&**first)
        && subject.ends_with(&**last)
        && words.iter().all(|word| match rest.split_once(&**word) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
}

/// The words of the name of a type, `transit-gateway-attachment`.
fn words(kind: &str) -> Vec<String> {
    kind.split('-').map(normal).collect()
}

/// What an action makes, by its name: `CreateNatGateway` a `natgateway`.
fn subject(action: &str) -> Option<String> {
    const VERBS: [&str; 11] = [
        "Create", "Run", "Allocate", "Request", "Import", "Copy", "Register", "Issue", "Put",
        "Purchase", "Submit",
    ];
    let subject = VERBS.iter().find_map(|verb| action.strip_prefix(verb));
    subject.map(normal)
}
