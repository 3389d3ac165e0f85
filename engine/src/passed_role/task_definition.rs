//! Which roles did a task definition hold when a call ran it?
//!
//! A revision of a task definition never changes, and the event that registered it has its roles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::ACTION;
use crate::permission::{Call, Mapper, Needs, Permission};

/// Members that hold a role, of a task definition and of what overrides it.
const ROLES: [&str; 2] = ["taskRoleArn", "executionRoleArn"];

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

    /// The permissions to pass roles that a call needed for the task definitions that it ran.
    pub(super) fn passed(&self, call: &Call<'_>) -> Vec<Permission> {
        let json = |text: Option<&str>| -> Value {
            let value = text.and_then(|text| serde_json::from_str(text).ok());
            value.unwrap_or_default()
        };
        let request = json(call.request_parameters);
        let response = json(call.response_elements);
        let tasks = response.get("tasks").and_then(Value::as_array);
        let tasks = tasks.into_iter().flatten();
        let ran = tasks.map(|task| task.get("taskDefinitionArn"));
        let ran = ran.chain([request.get("taskDefinition")]);
        let ran: BTreeSet<&str> = ran.flatten().filter_map(Value::as_str).collect();
        let overrides = request.get("overrides").and_then(Value::as_object);
        let overridden = |member: &str| {
            let given = overrides.and_then(|overrides| overrides.get(member));
            given.is_some_and(Value::is_string)
        };
        let mut passed: Vec<Permission> = Vec::new();
        for roles in ran.into_iter().filter_map(|arn| self.0.get(arn)) {
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
            if let Needs::Permissions(permissions) = Mapper::bundled().needs(&call) {
                let of_roles = permissions.into_iter().filter(|it| it.action == ACTION);
                passed.extend(of_roles);
            }
        }
        passed.sort_by(|one, other| one.resource.cmp(&other.resource));
        passed.dedup_by(|one, other| one.resource == other.resource);
        passed
    }
}
