//! How is a call mapped, and what is remembered for the next one of its name?
//!
//! Which rule answers depends on the name of an event alone, so it is asked once for each name.
//! Only what depends on the request is done for each call.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use super::call::{Call, CallInfo};
use super::rule::{self, Answer, api_gateway};
use super::{Needs, Origin, Permission, condition, denial, resource};
use crate::reference::Reference;

/// Names of events whose rule is remembered. Trails have a few thousand; a hostile one may
/// have millions.
const MAX_REMEMBERED: usize = 20_000;

/// Sources under which a name is remembered. `TagResource` has a few hundred.
const MAX_OF_NAME: usize = 1_000;

/// Maps calls to the permissions that they needed.
///
/// ```
/// # use trailwright_engine::permission::{Call, Mapper, Needs};
/// let call = Call {
///     event_source: "s3.amazonaws.com",
///     event_name: "GetObject",
///     request_parameters: Some(r#"{"bucketName": "logs", "key": "2026/a.gz"}"#),
///     ..Call::default()
/// };
/// let Needs::Permissions(permissions) = Mapper::bundled().needs(&call) else { panic!() };
/// assert_eq!(permissions[0].action, "s3:GetObject");
/// assert_eq!(permissions[0].resource, "arn:aws:s3:::logs/2026/a.gz");
/// ```
pub struct Mapper {
    reference: &'static Reference,
    answers: RwLock<Answers>,
}

/// What was answered, by name: few names are shared by two sources.
#[derive(Default)]
struct Answers {
    by_name: HashMap<String, Vec<Remembered>>,
    count: usize,
}

struct Remembered {
    event_source: String,
    event_type: String,
    answer: Arc<Answer>,
}

impl Answers {
    fn get(&self, call: &Call<'_>) -> Option<&Arc<Answer>> {
        let mut named = self.by_name.get(call.event_name)?.iter();
        let event_type = call.event_type.unwrap_or_default();
        let same =
            |it: &&Remembered| it.event_source == call.event_source && it.event_type == event_type;
        named.find(same).map(|it| &it.answer)
    }

    fn put(&mut self, call: &Call<'_>, answer: &Arc<Answer>) {
        if self.count >= MAX_REMEMBERED || self.get(call).is_some() {
            return;
        }
        let named = self.by_name.entry(call.event_name.to_owned()).or_default();
        // A name under thousands of made-up sources is not looked for among them all.
        if named.len() < MAX_OF_NAME {
            self.count += 1;
            named.push(Remembered {
                event_source: call.event_source.to_owned(),
                event_type: call.event_type.unwrap_or_default().to_owned(),
                answer: Arc::clone(answer),
            });
        }
    }
}

/// The instances that a call launched or changed.
fn instances(info: &CallInfo<'_>) -> Vec<String> {
    let members = info.request().iter().chain(info.response().iter());
    let ids = members.filter(|it| it.name == "instanceid" && it.value.starts_with("i-"));
    ids.map(|it| it.value.to_owned()).collect()
}

impl Mapper {
    /// The mapper of the reference compiled into this binary.
    pub fn bundled() -> &'static Self {
        static BUNDLED: LazyLock<Mapper> = LazyLock::new(|| Mapper {
            reference: Reference::bundled(),
            answers: RwLock::default(),
        });
        &BUNDLED
    }

    /// What `call` needed from IAM.
    pub fn needs(&self, call: &Call<'_>) -> Needs {
        let needs = self.by_rule(call);
        let Some(message) = call.error_message.filter(|_| call.failed) else {
            return needs;
        };
        let mut permissions = match needs {
            Needs::Permissions(permissions) => permissions,
            Needs::Unknown => Vec::new(),
            nothing @ Needs::Nothing { .. } => return nothing,
        };
        denial::sharpen(&mut permissions, call, message, self.reference);
        match permissions.is_empty() {
            true => Needs::Unknown,
            false => Needs::Permissions(permissions),
        }
    }

    /// What a call says of the instance profiles that it passed: the resource that stands for every
    /// role, the profiles, as names or ARNs, and instances that it launched or changed.
    pub(crate) fn passed_profiles(
        &self,
        call: &Call<'_>,
    ) -> Option<(String, Vec<String>, Vec<String>)> {
        let answer = self.answer(call);
        let Answer::Actions(actions) = answer.as_ref() else {
            return None;
        };
        let info = CallInfo::new(call);
        let mut held = actions.iter().filter(|planned| planned.holds(&info));
        let (every_role, profiles) = held.next()?.roles.profiles(&info)?;
        Some((every_role, profiles, instances(&info)))
    }

    /// What the rules say of the event without its message.
    fn by_rule(&self, call: &Call<'_>) -> Needs {
        let answer = self.answer(call);
        let actions = match answer.as_ref() {
            Answer::Nothing { why } => return Needs::Nothing { why },
            Answer::Unknown => return Needs::Unknown,
            Answer::Actions(actions) => actions,
        };
        let info = CallInfo::new(call);
        let untold = call.failed && call.request_parameters.is_none() && call.resources.is_none();
        let mut permissions = Vec::with_capacity(actions.len());
        let mut roles = None;
        for planned in api_gateway::called(actions, &info) {
            if !planned.holds(&info) {
                continue;
            }
            roles = roles.or(Some(&planned.roles));
            let conditions = condition::of(planned.action, &info, self.reference);
            for found in resource::of(planned, &info, self.reference) {
                permissions.push(Permission {
                    action: planned.name.clone(),
                    resource: found.arn,
                    origin: match found.origin {
                        Origin::Widened if untold => Origin::Untold,
                        origin => origin,
                    },
                    template: found.template,
                    conditions: conditions.clone(),
                    rule: planned.rule,
                    source: planned.source,
                });
            }
        }
        if permissions.is_empty() {
            // Rules that depend on the request, and none of their conditions holds.
            return Needs::Unknown;
        }
        if let Some(roles) = roles {
            roles.append(&mut permissions, &info);
        }
        Needs::Permissions(permissions)
    }

    /// The rule by which calls of this name need `action`, and where its fact comes from.
    pub fn rule_of(
        &self,
        event_source: &str,
        event_name: &str,
        action: &str,
    ) -> Option<(&'static str, &'static str)> {
        let call = Call {
            event_source,
            event_name,
            ..Call::default()
        };
        let answer = self.answer(&call);
        let Answer::Actions(actions) = answer.as_ref() else {
            return None;
        };
        let named = actions.iter().find(|planned| planned.name == action);
        match (named, actions.first()) {
            (Some(planned), _) => Some((planned.rule, planned.source)),
            (None, Some(planned)) if action == "iam:PassRole" => planned.roles.rule(),
            // API Gateway's rule knows the action by the request only.
            (None, Some(planned)) => Some((planned.rule, planned.source)),
            (None, None) => None,
        }
    }

    /// What the rules say of events of this name.
    fn answer(&self, call: &Call<'_>) -> Arc<Answer> {
        if let Ok(answers) = self.answers.read()
            && let Some(answer) = answers.get(call)
        {
            return Arc::clone(answer);
        }
        let answer = Arc::new(rule::answer(call, self.reference));
        if let Ok(mut answers) = self.answers.write() {
            answers.put(call, &answer);
        }
        answer
    }
}
