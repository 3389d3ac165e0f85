//! On which resources did a call use an action?
//!
//! Finders for services of a kind of their own come first. Then, for each type of resource that
//! the action accepts: the event's `resources`, members of the request that are ARNs, members
//! that are named as the variables of the ARN's template, and ARNs further down. Taken is only
//! what is of a type that the action accepts.

mod arn_text;
mod finder;
mod kinds;
mod name;
mod place;
mod plan;
mod template;

use std::borrow::Cow;

use super::Origin;
use super::call::CallInfo;
use super::members::{Members, normal};
use super::rule::PlannedAction;
use crate::reference::{AccessLevel, Reference, ResourceType};
use arn_text::{Named, Spot};
pub(super) use arn_text::{escaped, escaped_name};
use kinds::Kinds;
use name::{Bound, MemberName, Value, Variable};
pub(super) use place::Place;
pub(super) use plan::Plan;
use plan::{PlannedTemplate, PlannedType};
pub(super) use template::of_name;
use template::{Fit, SplitArn, Template, UNNAMED};

/// A resource that a call used an action on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) arn: String,
    pub(super) origin: Origin,
    pub(super) template: Option<&'static str>,
}

/// The resources on which the call used an action.
pub(super) fn of(
    planned: &PlannedAction,
    info: &CallInfo<'_>,
    reference: &'static Reference,
) -> Vec<Found> {
    let plan = &planned.plan;
    if planned.path.is_none() && plan.is_empty() && !plan.is_untold() {
        return vec![Found::any()];
    }
    let place = Place::of(info);
    if let Some(found) = finder::special(planned, info, &place, reference) {
        return found;
    }
    generic(planned, info, &place)
}

impl Found {
    fn any() -> Self {
        Self {
            arn: "*".to_owned(),
            origin: Origin::Any,
            template: None,
        }
    }

    /// Whatever the action accepts.
    fn untold() -> Self {
        Self {
            origin: Origin::Widened,
            ..Self::any()
        }
    }

    fn event(arn: String) -> Self {
        Self {
            arn,
            origin: Origin::Event,
            template: None,
        }
    }

    /// Whether both bear one name, be it in other accounts or regions.
    fn is_named_as(&self, other: &Self) -> bool {
        let name = |one: &Self| one.arn.splitn(6, ':').nth(5).map(ToOwned::to_owned);
        name(self) == name(other)
    }
}

/// How ARNs are made of a template.
#[derive(Debug, Clone, Copy)]
struct How {
    /// Whether a variable that is not given, such as an id that a service adds to a name, becomes
    /// `*` as long as another one is given.
    in_part: bool,
    /// Whether a variable that is not given has its default value.
    defaults: bool,
}

/// What the general way finds.
fn generic(planned: &PlannedAction, info: &CallInfo<'_>, place: &Place<'_>) -> Vec<Found> {
    let plan = &planned.plan;
    // The record lists the one resource that there can be: the request is not even read.
    if let [only] = plan.types.as_slice()
        && !only.always_creates
    {
        let listed = arn_text::listed(info, plan.kinds);
        let of_type = listed.iter().filter(|one| only.is_of(one));
        let of_type = of_type.filter(|one| !only.is_new(one, info));
        let found: Vec<Found> = of_type.map(Named::found).collect();
        if !found.is_empty() {
            return each_once(found);
        }
    }
    let named = arn_text::named(info, plan.kinds);
    // Who names the one resource that a call is about means no other by saying nothing.
    let is_the_one = |one: &Named<'_>| {
        one.place == Spot::Resource && plan.types.iter().any(|accepted| accepted.is_of(one))
    };
    let how = How {
        in_part: false,
        defaults: info.takes_defaults() && !named.iter().any(is_the_one),
    };
    let mut found: Vec<Found> = Vec::new();
    let mut put = |of_type: Vec<Found>| {
        let any = !of_type.is_empty();
        found.extend(of_type);
        any
    };
    let mut satisfied: Vec<&PlannedType> = Vec::new();
    let mut missing: Vec<&PlannedType> = Vec::new();
    let of_type = of_resource_type(plan, info, place);
    let asked = of_type.map(|(of_type, found)| {
        put(found);
        of_type.kind.name
    });
    for accepted in &plan.types {
        if asked == Some(accepted.kind.name)
            || put(accepted.find(&named, info, plan.kinds, place, how))
        {
            satisfied.push(accepted);
        } else if accepted.required && (asked.is_none() || accepted.creates) {
            missing.push(accepted);
        }
    }
    // What the request does not name may lie above what it names, or be in the response.
    missing.retain(|accepted| {
        let found =
            put(accepted.above(&named)) || put(accepted.find_in_response(info, plan, place));
        if found {
            satisfied.push(accepted);
        }
        !found
    });
    // The one resource of a call that takes many types is of one of them. One of a type that the
    // action takes besides is not what it must be given: WAF's rules of a load balancer.
    let is_the_resource = named.iter().any(|one| {
        let mut required = satisfied.iter().filter(|accepted| accepted.required);
        one.place == Spot::Resource && required.any(|accepted| accepted.is_of(one))
    });
    if is_the_resource {
        missing.clear();
    }
    // Types of which each is "required" and whose ARNs hold the same variables stand for one
    // another: one of them is enough.
    missing.retain(|it| !it.is_stood_for(&satisfied));
    // What is named in part is better than nothing, and worse than another type named whole.
    let in_part: Vec<&PlannedType> = match satisfied.is_empty() && missing.is_empty() {
        true => plan.types.iter().collect(),
        false => {
            let optional = plan.types.iter().filter(|it| {
                let found = satisfied
                    .iter()
                    .any(|other| other.kind.name == it.kind.name);
                !it.required && !found && it.names_end(info, plan.kinds)
            });
            missing.iter().copied().chain(optional).collect()
        }
    };
    for accepted in in_part {
        let in_part = How {
            in_part: true,
            ..how
        };
        if put(accepted.fill(info, plan.kinds, place, in_part)) {
            satisfied.push(accepted);
            missing.retain(|other| other.kind.name != accepted.kind.name);
        }
    }
    if satisfied.is_empty() {
        // Of actions that several APIs share the reference gives the types of one of them.
        let given = named.iter().filter(|one| one.place == Spot::Resource);
        let given: Vec<Found> = given
            .filter(|one| one.best_fit() != Fit::None)
            .map(Named::found)
            .collect();
        if !given.is_empty() {
            return given;
        }
    }
    let shows_all =
        planned.action.access_levels.contains(&AccessLevel::List) && info.asks_for_all();
    for accepted in missing {
        if !accepted.is_stood_for(&satisfied) {
            let origin = match accepted.origin(info) {
                Origin::Widened if shows_all => Origin::Event,
                origin => origin,
            };
            put(accepted.widened(place, origin).collect());
        }
    }
    if found.is_empty() {
        // Every type is optional and the event names none: to narrow the action would be a guess.
        let everything = match shows_all {
            true => Found::any(),
            false => Found::untold(),
        };
        return vec![everything];
    }
    each_once(found)
}

/// Resources by their ARNs, of two with the same ARN the later one.
fn each_once(mut found: Vec<Found>) -> Vec<Found> {
    if found.len() > 1 {
        found.reverse();
        found.sort_by(|a, b| a.arn.cmp(&b.arn));
        found.dedup_by(|a, b| a.arn == b.arn);
    }
    found
}

/// What `resourceType: hostedzone` and `resourceId: Z1`, or several `resourceIds`, name.
fn of_resource_type<'p>(
    plan: &'p Plan,
    info: &CallInfo<'_>,
    place: &Place<'_>,
) -> Option<(&'p PlannedType, Vec<Found>)> {
    let request = info.request();
    let kind = normal(request.get("resourcetype")?);
    let ids = || {
        let members = request.iter();
        members.filter(|it| matches!(it.name, "resourceid" | "resourceids"))
    };
    let mut types = plan.types.iter();
    let accepted = types.find(|it| normal(it.kind.name) == kind)?;
    if ids().any(|id| id.value.starts_with("arn:")) {
        return None;
    }
    let found: Vec<Found> = ids()
        .flat_map(|id| {
            let id = arn_text::escaped_name(id.value.trim_start_matches('/'));
            let templates = accepted.templates.iter();
            let one_variable = templates.filter(|planned| planned.variables.len() == 1);
            one_variable.filter_map(move |it| it.template.fill(place, |_| Some(id.clone())))
        })
        .map(Found::event)
        .collect();
    (!found.is_empty()).then_some((accepted, found))
}

impl Named<'_> {
    fn found(&self) -> Found {
        let (arn, origin) = self.written();
        Found {
            arn,
            origin,
            template: None,
        }
    }
}

impl PlannedType {
    fn find(
        &self,
        named: &[Named<'_>],
        info: &CallInfo<'_>,
        kinds: &Kinds,
        place: &Place<'_>,
        how: How,
    ) -> Vec<Found> {
        if self.always_creates {
            return self.widened(place, self.origin(info)).collect();
        }
        let of_type = named.iter().filter(|one| self.is_of(one));
        let of_type: Vec<&Named<'_>> = of_type.filter(|one| !self.is_new(one, info)).collect();
        let at = |spots: &[Spot]| -> Vec<Found> {
            let there = of_type.iter().filter(|one| spots.contains(&one.place));
            there.map(|one| one.found()).collect()
        };
        // What names the resource in the request itself says more than an ARN further down.
        let mut found = at(&[Spot::Resources]);
        if found.is_empty() {
            found = at(&[Spot::Resource, Spot::Shallow]);
            let mut templates = self.templates.iter();
            let by_name_too =
                templates.any(PlannedTemplate::has_joined) || info.request().lists_arns_and_names();
            if !found.is_empty() && by_name_too {
                // The source may be named by its ARN, and what is made of it by its name.
                let by_name = self.fill(info, kinds, place, how);
                let is_new = |one: &Found| !found.iter().any(|known| known.is_named_as(one));
                let by_name: Vec<Found> = by_name.into_iter().filter(is_new).collect();
                found.extend(by_name);
            }
        }
        if found.is_empty() {
            found = self.fill(info, kinds, place, how);
        }
        if found.is_empty() {
            found = at(&[Spot::Deep]);
        }
        found
    }

    /// Whether a resource that the record lists was made by the call, with an id that it did not
    /// choose.
    fn is_new(&self, named: &Named<'_>, info: &CallInfo<'_>) -> bool {
        if !self.creates || named.place != Spot::Resources {
            return false;
        }
        let id = named.literal().rsplit(['/', ':']).next();
        let request = info.call.request_parameters.unwrap_or_default();
        id.is_some_and(|id| !request.contains(id))
    }

    /// Resources of the type above those that the request names by ARN, and these themselves:
    /// which of the two IAM compares goes by the operation.
    fn above(&self, named: &[Named<'_>]) -> Vec<Found> {
        let in_request = named.iter().filter(|one| one.place == Spot::Shallow);
        let below = in_request.filter(|one| one.best_fit() != Fit::None);
        let pairs = below.filter_map(|one| {
            let mut templates = self.templates.iter();
            let above = templates.find_map(|planned| planned.template.above(one.literal()))?;
            Some([Found::event(arn_text::escaped(above)), one.found()])
        });
        pairs.flatten().collect()
    }

    /// Resources of the type that the response names, if it is not the call that made them.
    fn find_in_response(&self, info: &CallInfo<'_>, plan: &Plan, place: &Place<'_>) -> Vec<Found> {
        if self.creates || info.call.failed || info.call.response_elements.is_none() {
            return Vec::new();
        }
        let templates = self.templates.iter();
        let named = templates.filter_map(|planned| {
            let bound = planned.bind(info.response(), plan.kinds, true)?;
            let given = || bound.iter().flatten();
            let whole = given().count() == bound.len();
            let told = !bound.is_empty() && (whole || given().any(Bound::is_listed));
            let how = How {
                in_part: !whole,
                defaults: false,
            };
            (told && given().all(Bound::is_named)).then_some((planned, how))
        });
        named
            .flat_map(|(planned, how)| {
                planned.fill_from(info.response(), info, plan.kinds, place, how)
            })
            .collect()
    }

    /// Whether the request gives what the type's ARNs end in, under a name that is known for it.
    fn names_end(&self, info: &CallInfo<'_>, kinds: &Kinds) -> bool {
        let last = |planned: &PlannedTemplate| {
            if planned.variables.last().is_none_or(Variable::has_no_alias) {
                return false;
            }
            let bound = planned.bind(info.request(), kinds, true);
            let last = bound.and_then(|mut bound| bound.pop().flatten());
            last.is_some_and(|it| it.is_listed())
        };
        self.templates.iter().any(last)
    }

    /// Whether an ARN is of this type rather than of another type of the same service.
    fn is_of(&self, named: &Named<'_>) -> bool {
        let (templates, arn) = (self.templates.iter(), named.split());
        let fits = templates.map(|planned| planned.template.fit(&arn));
        let best = fits.max().unwrap_or(Fit::None);
        best != Fit::None && best == named.best_fit()
    }

    /// How a resource of the type is known that the event does not name.
    fn origin(&self, info: &CallInfo<'_>) -> Origin {
        match (self.creates, self.lists) {
            _ if !info.takes_defaults() => Origin::Widened,
            (true, _) => Origin::Created,
            (_, true) => Origin::Event,
            (false, false) => Origin::Widened,
        }
    }

    /// The ARNs that members of the request make of the type's templates.
    fn fill(&self, info: &CallInfo<'_>, kinds: &Kinds, place: &Place<'_>, how: How) -> Vec<Found> {
        // A type of which there is one resource is used where it must be, or nothing else is.
        let templates = self.templates.iter();
        templates
            .filter(|planned| how.in_part || self.required || !planned.variables.is_empty())
            .flat_map(|planned| planned.fill_from(info.request(), info, kinds, place, how))
            .map(|found| match found.origin {
                // The name of what is made is known, and its ARN is not.
                Origin::Widened if self.creates => Found {
                    origin: self.origin(info),
                    ..found
                },
                _ => found,
            })
            .collect()
    }

    /// Every resource of the type in the place.
    fn widened(&self, place: &Place<'_>, origin: Origin) -> impl Iterator<Item = Found> {
        self.templates.iter().map(move |planned| Found {
            arn: planned.template.widened(&planned.own(place)),
            origin,
            template: Some(planned.text),
        })
    }

    /// Whether one of `others` stands for the type.
    fn is_stood_for(&self, others: &[&Self]) -> bool {
        let mut required = others.iter().filter(|other| other.required);
        !self.is_made && required.any(|other| other.same_variables(self))
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

/// Stands for what the event does not tell.
const ANYTHING: Value<'static> = Value::Known(UNNAMED);

impl PlannedTemplate {
    /// What the request gives for each of the variables. No member gives two of them. Without
    /// `in_part`, `None` as soon as one of them is not given.
    fn bind<'m>(
        &self,
        request: &'m Members<'_>,
        kinds: &Kinds,
        in_part: bool,
    ) -> Option<Vec<Option<Bound<'m>>>> {
        let bind =
            |variable: &Variable, taken: &[MemberName<'m>]| variable.bind(request, kinds, taken);
        let mut bound = Vec::with_capacity(self.variables.len());
        for variable in &self.variables {
            let given = bind(variable, &[]);
            if given.is_none() && !in_part && variable.default().is_none() {
                return None;
            }
            bound.push(given);
        }
        if bound.len() > 1 {
            let mut order: Vec<usize> = (0..bound.len()).collect();
            order.sort_by_key(|&at| {
                let bound = bound.get(at).and_then(Option::as_ref);
                bound.map_or((usize::MAX, 0), |bound| bound.rank)
            });
            let mut taken = Vec::new();
            for at in order {
                if let (Some(bound), Some(variable)) = (bound.get_mut(at), self.variables.get(at)) {
                    if bound.as_ref().is_some_and(|it| taken.contains(&it.from)) {
                        *bound = bind(variable, &taken);
                    }
                    taken.extend(bound.as_ref().map(|it| it.from));
                }
            }
        }
        Some(bound)
    }

    /// The place of the call, without its account where that says nothing of the resource's.
    fn own<'p>(&self, place: &Place<'p>) -> Place<'p> {
        match self.of_any_account {
            true => Place {
                account: UNNAMED,
                ..*place
            },
            false => *place,
        }
    }

    /// Where the resource is: in the account of the call, or in one that the request names.
    fn place<'p>(&self, info: &'p CallInfo<'_>, place: &Place<'p>) -> Place<'p> {
        let place = self.own(place);
        let named = self.account_members.iter();
        let mut named = named.filter_map(|member| info.request().get(member));
        let account = named.find(|value| is_account(value));
        Place {
            account: account.unwrap_or(place.account),
            ..place
        }
    }

    /// Whether several members give a resource each.
    fn has_joined(&self) -> bool {
        self.variables.iter().any(Variable::has_joined)
    }

    /// The ARNs that members of the request or the response make of the template.
    fn fill_from(
        &self,
        members: &Members<'_>,
        info: &CallInfo<'_>,
        kinds: &Kinds,
        place: &Place<'_>,
        how: How,
    ) -> Vec<Found> {
        let in_part = how.in_part;
        let place = &self.place(info, place);
        if self.variables.is_empty() {
            // One resource, which every call of the action is about.
            let arn = self.template.fill(place, |_| None);
            return arn.map(Found::event).into_iter().collect();
        }
        let Some(bound) = self.bind(members, kinds, in_part) else {
            return Vec::new();
        };
        let (mut added, mut known, mut other_id) = (false, false, false);
        let mut chosen: Vec<Vec<Value<'_>>> = Vec::with_capacity(self.variables.len());
        for (variable, bound) in self.variables.iter().zip(bound) {
            let default = variable.default().filter(|_| how.defaults);
            let values = bound.map(|bound| bound.values);
            let values = values.or_else(|| default.map(|default| vec![default]));
            known |= values.is_some();
            added |= values.is_none();
            if added && !in_part {
                return Vec::new();
            }
            let values = values.unwrap_or_else(|| vec![ANYTHING]);
            other_id |= values.contains(&Value::OtherId);
            chosen.push(values);
        }
        if !known || other_id && !in_part {
            return Vec::new();
        }
        if chosen.iter().filter(|values| values.len() > 1).count() > 1 {
            // It is not clear which values belong together.
            return Vec::new();
        }
        let rounds = chosen.iter().map(Vec::len).max().unwrap_or_default();
        let origin = match (other_id, added) {
            (true, _) => Origin::Widened,
            (false, true) => Origin::Partial,
            (false, false) => Origin::Event,
        };
        let in_round = |round: usize| {
            let mut at = 0;
            let arn = self.template.fill(place, |_| {
                let values = chosen.get(at)?;
                at += 1;
                match values.get(round).or_else(|| values.first())? {
                    Value::Known(name) if added && *name == UNNAMED => Some(Cow::Borrowed(UNNAMED)),
                    Value::Known(name) => Some(arn_text::escaped_name(name)),
                    Value::OtherId => Some(Cow::Borrowed(UNNAMED)),
                }
            })?;
            Some(Found {
                arn,
                origin,
                template: (origin != Origin::Event).then_some(self.text),
            })
        };
        (0..rounds).filter_map(in_round).collect()
    }
}

/// Whether what a request names is an account, and nothing that would be a wildcard in an ARN.
fn is_account(value: &str) -> bool {
    value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit())
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

fn best_fit(kind: &ResourceType, arn: &str) -> Fit {
    let arn = SplitArn::of(arn);
    let templates = kind.arn_templates.iter();
    let fits = templates.map(|text| Template::parse(text).fit(&arn));
    fits.max().unwrap_or(Fit::None)
}
