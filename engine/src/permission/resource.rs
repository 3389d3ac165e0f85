//! On which resources did a call use an action?
//!
//! Finders for services of a kind of their own come first. Then, for each type of resource that
//! the action accepts: the event's `resources`, members of the request that are ARNs, members
//! that are named as the variables of the ARN's template, and what the response names. Taken is
//! only what is of a type that the action accepts.

mod arn_text;
mod finder;
mod name;
mod place;
mod template;

use std::collections::BTreeMap;

use super::Origin;
use super::call::CallInfo;
use super::rule::PlannedAction;
use crate::reference::{Action, Reference, ResourceType};
use name::Variable;
use place::Place;
use template::{Fit, Template};

/// A resource that a call used an action on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) arn: String,
    pub(super) origin: Origin,
    pub(super) template: Option<&'static str>,
}

/// A type of resource that an action accepts, with what finding one takes.
pub(super) struct PlannedType {
    kind: &'static ResourceType,
    required: bool,
    templates: Vec<PlannedTemplate>,
}

struct PlannedTemplate {
    text: &'static str,
    template: Template<'static>,
    variables: Vec<Variable>,
}

/// What finding the resources of `action` takes, for calls of one name.
pub(super) fn plan(
    action: &'static Action,
    event_name: &str,
    reference: &'static Reference,
) -> Vec<PlannedType> {
    let accepted = action.resource_types.iter().filter_map(|accepted| {
        let kind = reference.resource_type(action.prefix, accepted.name)?;
        let templates = kind.arn_templates.iter().map(|text| {
            let template = Template::parse(text);
            let variables = template
                .variables()
                .map(|variable| Variable::new(variable, kind, action, event_name, reference))
                .collect();
            PlannedTemplate {
                text,
                template,
                variables,
            }
        });
        Some(PlannedType {
            kind,
            required: accepted.required,
            templates: templates.collect(),
        })
    });
    accepted.collect()
}

/// The resources on which the call used an action.
pub(super) fn of(
    planned: &PlannedAction,
    info: &CallInfo<'_>,
    reference: &'static Reference,
) -> Vec<Found> {
    if planned.path.is_none() && planned.types.is_empty() {
        return vec![Found::any()];
    }
    let place = Place::of(info);
    if let Some(found) = finder::special(planned, info, &place, reference) {
        return found;
    }
    generic(planned, info, &place, reference)
}

impl Found {
    fn any() -> Self {
        Self {
            arn: "*".to_owned(),
            origin: Origin::Any,
            template: None,
        }
    }

    fn event(arn: String) -> Self {
        Self {
            arn,
            origin: Origin::Event,
            template: None,
        }
    }
}

/// What the general way finds.
fn generic(
    planned: &PlannedAction,
    info: &CallInfo<'_>,
    place: &Place<'_>,
    reference: &'static Reference,
) -> Vec<Found> {
    let named = arn_text::named(info);
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut put = |of_type: Vec<Found>| {
        let any = !of_type.is_empty();
        found.extend(of_type.into_iter().map(|one| (one.arn.clone(), one)));
        any
    };
    let mut satisfied: Vec<&str> = Vec::new();
    let mut missing: Vec<&PlannedType> = Vec::new();
    for accepted in &planned.types {
        if put(accepted.find(&named, info, place, reference)) {
            satisfied.push(accepted.kind.name);
        } else if accepted.required {
            missing.push(accepted);
        }
    }
    // What is named in part is better than nothing, and worse than another type named whole.
    let in_part: Vec<&PlannedType> = match satisfied.is_empty() && missing.is_empty() {
        true => planned.types.iter().collect(),
        false => missing.clone(),
    };
    for accepted in in_part {
        if put(accepted.fill(info, place, true)) {
            satisfied.push(accepted.kind.name);
            missing.retain(|other| other.kind.name != accepted.kind.name);
        }
    }
    for accepted in missing {
        // Types of which each is "required" and whose ARNs hold the same variables stand for
        // one another: one of them is enough.
        let replaced = planned
            .types
            .iter()
            .any(|other| satisfied.contains(&other.kind.name) && other.same_variables(accepted));
        if !replaced {
            let made = planned.creates(accepted.kind) && !info.call.failed;
            let origin = if made {
                Origin::Created
            } else {
                Origin::Widened
            };
            found.extend(
                accepted
                    .widened(place, origin)
                    .map(|one| (one.arn.clone(), one)),
            );
        }
    }
    if found.is_empty() {
        // Every type is optional and the event names none: to narrow the action would be a guess.
        return vec![Found {
            origin: Origin::Widened,
            ..Found::any()
        }];
    }
    found.into_values().collect()
}

impl PlannedAction {
    /// Whether calls of the action make resources of this type, with ids that they do not choose.
    fn creates(&self, kind: &ResourceType) -> bool {
        const VERBS: [&str; 10] = [
            "Create", "Run", "Allocate", "Request", "Import", "Copy", "Start", "Register", "Issue",
            "Put",
        ];
        let name = self.action.name;
        let makes = VERBS.iter().any(|verb| name.starts_with(verb));
        makes && !kind.name.is_empty()
    }
}

impl PlannedType {
    fn find(
        &self,
        named: &[String],
        info: &CallInfo<'_>,
        place: &Place<'_>,
        reference: &Reference,
    ) -> Vec<Found> {
        let arns: Vec<Found> = named
            .iter()
            .filter(|arn| is_of_type(arn, self.kind, reference))
            .map(|arn| Found::event(arn_text::escaped(arn)))
            .collect();
        if !arns.is_empty() {
            return arns;
        }
        self.fill(info, place, false)
    }

    /// The ARNs that members of the request make of the type's templates.
    fn fill(&self, info: &CallInfo<'_>, place: &Place<'_>, in_part: bool) -> Vec<Found> {
        let templates = self.templates.iter();
        templates
            .flat_map(|planned| planned.fill(self.kind, info, place, in_part))
            .collect()
    }

    /// Every resource of the type in the place.
    fn widened(&self, place: &Place<'_>, origin: Origin) -> impl Iterator<Item = Found> {
        self.templates.iter().map(move |planned| Found {
            arn: planned.template.widened(place),
            origin,
            template: Some(planned.text),
        })
    }

    fn same_variables(&self, other: &Self) -> bool {
        let names = |planned: &Self| -> Vec<Vec<&'static str>> {
            let templates = planned.templates.iter();
            templates
                .map(|planned| planned.template.variables().collect())
                .collect()
        };
        names(self) == names(other)
    }
}

impl PlannedTemplate {
    /// The ARNs that the request's members make of the template. With `in_part`, a variable that
    /// the request does not give, such as an id that a service adds to a name, becomes `*` as
    /// long as another one is given.
    fn fill(
        &self,
        kind: &ResourceType,
        info: &CallInfo<'_>,
        place: &Place<'_>,
        in_part: bool,
    ) -> Vec<Found> {
        if self.variables.is_empty() {
            // One resource, which every call of the action is about.
            let arn = self.template.fill(place, |_| None);
            return arn.map(Found::event).into_iter().collect();
        }
        let mut chosen: Vec<Vec<&str>> = Vec::new();
        let mut added = false;
        let mut known = false;
        for variable in &self.variables {
            let values = variable.values(info.request(), kind);
            if values.is_empty() {
                if !in_part {
                    return Vec::new();
                }
                added = true;
                chosen.push(vec!["*"]);
            } else {
                known = true;
                chosen.push(values);
            }
        }
        if !known {
            return Vec::new();
        }
        if chosen.iter().filter(|values| values.len() > 1).count() > 1 {
            // It is not clear which values belong together.
            return Vec::new();
        }
        let rounds = chosen.iter().map(Vec::len).max().unwrap_or_default();
        let origin = if added {
            Origin::Partial
        } else {
            Origin::Event
        };
        (0..rounds)
            .filter_map(|round| {
                let mut at = 0;
                let arn = self.template.fill(place, |_| {
                    let values = chosen.get(at)?;
                    at += 1;
                    values.get(round).or_else(|| values.first()).map(|value| {
                        if *value == "*" && added {
                            "*".to_owned()
                        } else {
                            arn_text::escaped_name(value)
                        }
                    })
                })?;
                Some(Found {
                    arn,
                    origin,
                    template: added.then_some(self.text),
                })
            })
            .collect()
    }
}

/// The type of `service`'s resources that fits `arn` best.
pub(crate) fn resource_type_of<'r>(
    arn: &str,
    service: &str,
    reference: &'r Reference,
) -> Option<&'r ResourceType> {
    let kinds = reference.resource_types(service).iter();
    let (fit, kind) = kinds
        .map(|kind| (best_fit(kind, arn), kind))
        .max_by_key(|(fit, _)| *fit)?;
    (fit != Fit::None).then_some(kind)
}

/// Whether `arn` is of type `kind` rather than of another type of the same service.
fn is_of_type(arn: &str, kind: &ResourceType, reference: &Reference) -> bool {
    let own = best_fit(kind, arn);
    own != Fit::None
        && reference
            .resource_types(kind.prefix)
            .iter()
            .all(|other| best_fit(other, arn) <= own)
}

fn best_fit(kind: &ResourceType, arn: &str) -> Fit {
    let fits = kind
        .arn_templates
        .iter()
        .map(|text| Template::parse(text).fit(arn));
    fits.max().unwrap_or(Fit::None)
}
