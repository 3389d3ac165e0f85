//! Which roles did a task definition hold when a call ran it?
//!
//! A revision of a task definition never changes, and the event that registered it has its roles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::ACTION;
use crate::permission::{Call, Mapper, Needs, Permission};

/// Members that hold a role, of a task definition and of what overrides it.
const ROLES: [&str; 2] = ["taskRoleArn", "executionRoleArn"];

/// What a call passed in task definitions.
#[derive(Debug)]
pub(super) struct Passed {
    /// The permissions that it needed for it.
    pub(super) permissions: Vec<Permission>,
    /// Whether there may be more: a definition is not known.
    pub(super) untold: bool,
}

/// Task definitions, by ARN.
#[derive(Debug, Clone, Default)]
pub struct TaskDefinitions(BTreeMap<String, Map<String, Value>>);

impl TaskDefinitions {
    /// A task definition was registered, with these roles as ARNs or names.
    pub fn registered(&mut self, arn: &str, task_role: Option<&str>, execution_role: Option<&str>) {
        let roles = ROLES.into_iter().zip([task_role, execution_role]);
        let roles = roles.filter_map(|(member, role)| Some((member.to_owned(), role?.into())));
        self.0.insert(arn.to_owned(), roles.collect());
    }

    /// The roles that a call passed in the task definitions that it ran.
    pub(super) fn passed(&self, call: &Call<'_>) -> Passed {
        let json = |text: Option<&str>| -> Value {
            let value = text.and_then(|text| serde_json::from_str(text).ok());
            value.unwrap_or_default()
        };
        let request = json(call.request_parameters);
        let response = json(call.response_elements);
        let tasks = response.get("tasks").and_then(Value::as_array);
        let tasks = tasks.into_iter().flatten();
        let ran = tasks.filter_map(|task| task.get("taskDefinitionArn")?.as_str());
        let mut ran: BTreeSet<&str> = ran.collect();
        // A task tells the revision, which a request often leaves out.
        let asked = request.get("taskDefinition").and_then(Value::as_str);
        ran.extend(asked.filter(|asked| ran.is_empty() || self.0.contains_key(*asked)));
        let overrides = request.get("overrides").and_then(Value::as_object);
        let overridden = |member: &str| {
            let given = overrides.and_then(|overrides| overrides.get(member));
            given.is_some_and(Value::is_string)
        };
        let mut permissions: Vec<Permission> = Vec::new();
        for roles in ran.iter().filter_map(|arn| self.0.get(*arn)) {
            let mut roles = roles.clone();
            roles.retain(|member, _| !overridden(member));
            // As if the call had named them itself.
            let request = Value::from(Map::from_iter([("overrides".to_owned(), roles.into())]));
            let request = request.to_string();
            let call = Call {
                request_parameters: Some(&request),
                response_elements: None,
                ..*call
            };
            if let Needs::Permissions(needed) = Mapper::bundled().needs(&call) {
                permissions.extend(needed.into_iter().filter(|it| it.action == ACTION));
            }
        }
        permissions.sort_by(|one, other| one.resource.cmp(&other.resource));
        permissions.dedup_by(|one, other| one.resource == other.resource);
        let all_known = !ran.is_empty() && ran.iter().all(|arn| self.0.contains_key(*arn));
        Passed {
            permissions,
            untold: !all_known && !ROLES.into_iter().all(overridden),
        }
    }
}
