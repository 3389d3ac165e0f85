//! What does AWS say of services, actions, resource types and condition keys?
//!
//! The answers are tables in `engine/reference/`, compiled into the binary. Most are generated from
//! published packages; three are kept by hand and give the evidence for each row: which service an
//! event source belongs to, which events IAM checks under another name, and which it never checks.
//!
//! This module looks things up. It decides nothing about an event; see [`crate::permission`].

mod action;
mod action_type;
mod condition_key;
mod event_source;
mod exception;
mod id_prefix;
mod info;
mod invisible_action;
mod load;
mod member_alias;
mod not_permission;
mod opaque_member;
mod operation;
mod pass_role;
mod passed_to;
mod resource_type;
mod service;
mod sibling_service;
mod tag_on_create;
mod via_service;

use std::sync::{LazyLock, OnceLock};

pub use action::{AccessLevel, Action, ActionResourceType};
pub use action_type::{ActionType, Checked};
pub use condition_key::ConditionKey;
pub use exception::{Exception, ExceptionAction, When};
pub use id_prefix::IdPrefix;
pub use info::{Info, Package};
pub use invisible_action::{InvisibleAction, Visibility};
pub use member_alias::MemberAlias;
pub use not_permission::{NotPermission, NotPermissionKind};
pub use opaque_member::OpaqueMember;
pub use operation::Operation;
pub use pass_role::{PassRoleKind, PassRoleMember};
pub use passed_to::PassedTo;
pub use resource_type::ResourceType;
pub use service::Service;
pub use sibling_service::SiblingService;
pub use tag_on_create::TagOnCreate;
pub use via_service::ViaService;

use event_source::EventSource;

/// What AWS says of its services, as of [`Info::date`].
///
/// Service prefixes and the names of actions, resource types and condition keys are found ignoring
/// case, as IAM does, and come back as AWS spells them.
///
/// ```
/// # use trailwright_engine::Reference;
/// let reference = Reference::bundled();
/// assert_eq!(reference.prefix_of("monitoring.amazonaws.com"), Some("cloudwatch"));
/// assert_eq!(reference.action("sqs", "listqueues").map(|action| action.name), Some("ListQueues"));
/// ```
#[derive(Debug)]
pub struct Reference {
    services: Vec<Service>,
    event_sources: Vec<EventSource>,
    exceptions: Vec<Exception>,
    not_permissions: Vec<NotPermission>,
    member_aliases: Vec<MemberAlias>,
    id_prefixes: Vec<IdPrefix>,
    passed_to: Vec<PassedTo>,
    via_services: Vec<ViaService>,
    action_types: Vec<ActionType>,
    sibling_services: Vec<SiblingService>,
    opaque_members: Vec<OpaqueMember>,
    invisible_actions: Vec<InvisibleAction>,
    tag_on_create: Vec<TagOnCreate>,
    condition_keys: OnceLock<Vec<ConditionKey>>,
    info: OnceLock<Info>,
}

impl Reference {
    /// The reference compiled into this binary. A table is unpacked when it is first needed.
    pub fn bundled() -> &'static Reference {
        static BUNDLED: LazyLock<Reference> = LazyLock::new(|| Reference {
            services: load::rows("", load::SERVICES.lines()),
            event_sources: load::rows("", load::EVENT_SOURCES.lines()),
            exceptions: load::rows("", load::EVENT_EXCEPTIONS.lines()),
            not_permissions: load::rows("", load::NOT_PERMISSIONS.lines()),
            member_aliases: load::rows("", load::MEMBER_ALIASES.lines()),
            id_prefixes: load::rows("", load::ID_PREFIXES.lines()),
            passed_to: load::rows("", load::PASSED_TO.lines()),
            via_services: load::rows("", load::VIA_SERVICES.lines()),
            action_types: load::rows("", load::ACTION_TYPES.lines()),
            sibling_services: load::rows("", load::SIBLING_SERVICES.lines()),
            opaque_members: load::rows("", load::OPAQUE_MEMBERS.lines()),
            invisible_actions: load::rows("", load::INVISIBLE_ACTIONS.lines()),
            tag_on_create: load::rows("", load::TAG_ON_CREATE.lines()),
            condition_keys: OnceLock::new(),
            info: OnceLock::new(),
        });
        &BUNDLED
    }

    /// How old the reference is, what it was made from, how much it holds.
    pub fn info(&self) -> &Info {
        self.info.get_or_init(Info::read)
    }

    /// All services, sorted by prefix.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The service with this IAM prefix, such as `s3`.
    pub fn service(&self, prefix: &str) -> Option<&Service> {
        load::find(&self.services, prefix)
    }

    /// The action of this service with this name: `s3`, `GetObject`.
    pub fn action(&self, prefix: &str, name: &str) -> Option<&Action> {
        load::find(self.actions(prefix), name)
    }

    /// All actions of a service, sorted by name.
    pub fn actions(&self, prefix: &str) -> &[Action] {
        self.service(prefix).map_or(&[], Service::actions)
    }

    /// The resource type of this service with this name: `s3`, `bucket`.
    pub fn resource_type(&self, prefix: &str, name: &str) -> Option<&ResourceType> {
        load::find(self.resource_types(prefix), name)
    }

    /// All resource types of a service, sorted by name.
    pub fn resource_types(&self, prefix: &str) -> &[ResourceType] {
        self.service(prefix).map_or(&[], Service::resource_types)
    }

    /// The condition key with this full name, global (`aws:SourceIp`) or of a service.
    ///
    /// A key that names a tag is found by its template: `aws:RequestTag/team` is
    /// `aws:RequestTag/${TagKey}`.
    pub fn condition_key(&self, key: &str) -> Option<&ConditionKey> {
        let keys = self
            .condition_keys
            .get_or_init(|| load::rows("", load::CONDITION_KEYS.lines()));
        load::find(keys, key).or_else(|| ConditionKey::of_template(keys, key))
    }

    /// The IAM prefix of the service that logs under this event source.
    ///
    /// `monitoring.amazonaws.com` is `cloudwatch`. Mostly it is the first label.
    pub fn prefix_of(&self, event_source: &str) -> Option<&'static str> {
        let label = event_source::label(event_source);
        let listed = |label| load::find(&self.event_sources, label).map(|source| source.prefix);
        let service = |label| self.service(label).map(|service| service.prefix);
        // Part of the name of another provider's service is no service of AWS.
        let is_of_aws = label.len() < event_source.len();
        let first = label.split('.').next().filter(|_| is_of_aws);
        listed(label)
            .or_else(|| service(label))
            .or_else(|| first.and_then(listed))
            .or_else(|| first.and_then(service))
            .or_else(|| self.prefix_spelled_otherwise(label))
    }

    /// The same for a source that differs from a known one in its separators alone:
    /// `application-insights` is `applicationinsights`, `metering-marketplace` is
    /// `metering.marketplace`.
    fn prefix_spelled_otherwise(&self, label: &str) -> Option<&'static str> {
        let alike = |other: &str| event_source::letters(other).eq(event_source::letters(label));
        let mut listed = self.event_sources.iter();
        let listed = listed.find(|source| alike(source.label));
        listed.map(|source| source.prefix).or_else(|| {
            let mut services = self.services.iter();
            let found = services.find(|service| alike(service.prefix));
            found.map(|service| service.prefix)
        })
    }

    /// The actions that IAM checks for an event whose name is not that of its one action.
    pub fn exception(&self, event_source: &str, event_name: &str) -> Option<&Exception> {
        let named = load::find_all(&self.exceptions, event_name);
        self.of_source(named, event_source, |row| Some(row.event_source))
    }

    /// Of rows on events of one name, the one of this event source; if there is none, the one of
    /// another source of the same service: `bedrock` for `bedrock-runtime`.
    fn of_source<'r, R>(
        &self,
        named: &'r [R],
        event_source: &str,
        label_of: fn(&R) -> Option<&'static str>,
    ) -> Option<&'r R> {
        let label = event_source::label(event_source);
        let has = |row: &&R, wanted: &str| {
            label_of(row).is_some_and(|of| of.eq_ignore_ascii_case(wanted))
        };
        named.iter().find(|row| has(row, label)).or_else(|| {
            let prefix = self.prefix_of(event_source)?;
            named
                .iter()
                .find(|row| label_of(row).is_some_and(|of| self.prefix_of(of) == Some(prefix)))
        })
    }

    /// What AWS's SDKs know of an operation, beyond that an action of its name exists.
    ///
    /// More than one where two APIs of a service share a name: API Gateway's `CreateStage` is an
    /// operation of both its versions.
    pub fn operations(&self, event_source: &str, event_name: &str) -> &[Operation] {
        let service = self
            .prefix_of(event_source)
            .and_then(|prefix| self.service(prefix));
        load::find_all(service.map_or(&[], Service::operations), event_name)
    }

    /// Why an event of this type and name never needs a permission, whoever the caller is.
    ///
    /// The type of the event decides first, as some events of services bear the name of an action.
    pub fn not_permission(
        &self,
        event_type: &str,
        event_source: &str,
        event_name: &str,
    ) -> Option<&NotPermission> {
        let of_type = load::find_all(&self.not_permissions, event_type)
            .iter()
            .find(|row| row.kind == NotPermissionKind::EventType);
        let of_name = || {
            let named = load::find_all(&self.not_permissions, event_name);
            self.of_source(named, event_source, |row| row.event_source)
        };
        of_type.or_else(of_name)
    }

    /// The request members by which an operation passes a role to a service.
    pub fn pass_role_members(&self, prefix: &str, operation: &str) -> &[PassRoleMember] {
        load::find_all(
            self.service(prefix).map_or(&[], Service::pass_role_members),
            operation,
        )
    }

    /// The request members that give a variable of a resource type's ARN, best first.
    pub fn member_aliases(&self, kind: &ResourceType, variable: &str) -> &[&'static str] {
        let rows = load::find_all(&self.member_aliases, kind.prefix);
        let of_type = |name: &str| {
            let mut rows = rows.iter().filter(|row| row.variable == variable);
            rows.find(|row| row.resource_type.eq_ignore_ascii_case(name))
        };
        of_type(kind.name)
            .or_else(|| of_type("*"))
            .map_or(&[], |row| &row.members)
    }

    /// Whether ids of the service's resources tell their type by how they begin.
    pub fn has_typed_ids(&self, prefix: &str) -> bool {
        !load::find_all(&self.id_prefixes, prefix).is_empty()
    }

    /// The type of a service's resource that bears this id, told by how it begins.
    pub fn resource_type_of_id(&self, prefix: &str, id: &str) -> Option<&ResourceType> {
        let rows = load::find_all(&self.id_prefixes, prefix).iter();
        let row = rows
            .filter(|row| id.starts_with(row.id_prefix))
            .max_by_key(|row| row.id_prefix.len())?;
        self.resource_type(prefix, row.resource_type)
    }

    /// The types of resource that an action is checked on, beyond what its own
    /// [`resource_types`](Action::resource_types) say.
    pub fn action_types(&self, action: &Action) -> impl Iterator<Item = &ActionType> {
        let named = load::find_all(&self.action_types, action.name).iter();
        let prefix = action.prefix;
        named.filter(move |row| row.prefix == prefix)
    }

    /// The prefixes of the services that log under the event source of `prefix`.
    pub fn siblings(&self, prefix: &str) -> impl Iterator<Item = &'static str> {
        load::find_all(&self.sibling_services, prefix)
            .iter()
            .map(|row| row.prefix)
    }

    /// The members of requests in which no resource of the call is named.
    pub fn opaque_members(&self) -> &[OpaqueMember] {
        &self.opaque_members
    }

    /// The services to which an operation of one of these names passes the role that a member of its
    /// request names, given by its path, where that is known.
    pub fn passed_to(&self, prefix: &str, operations: [&str; 2], member: &str) -> &[&'static str] {
        let rows = load::find_all(&self.passed_to, prefix);
        let of_operation = |operation: &str| {
            let rows = rows
                .iter()
                .filter(|row| row.operation.eq_ignore_ascii_case(operation));
            let own = rows.clone().find(|row| row.is_of(member));
            own.or_else(|| rows.clone().find(|row| row.member.is_none()))
        };
        let [event_name, action] = operations;
        [event_name, action, "*"]
            .into_iter()
            .find_map(of_operation)
            .map_or(&[], |row| &row.service_principals)
    }

    /// Which action an operation takes besides its own where its request gives tags, as the
    /// table says it.
    pub fn tag_on_create(&self, prefix: &str, operation: &str) -> Option<&TagOnCreate> {
        let rows = load::find_all(&self.tag_on_create, prefix);
        let own = rows
            .iter()
            .find(|row| row.operation.eq_ignore_ascii_case(operation));
        own.or_else(|| rows.iter().find(|row| row.operation == "*"))
    }

    /// Why a trail of management events shows nothing of an action, if it does not.
    pub fn invisible_action(&self, prefix: &str, name: &str) -> Option<&InvisibleAction> {
        let rows = load::find_all(&self.invisible_actions, prefix).iter();
        let mut named =
            rows.filter(|row| row.action == "*" || row.action.eq_ignore_ascii_case(name));
        named.next()
    }

    /// A service that `kms:ViaService` may name, by how events name it.
    pub fn via_service(&self, invoked_by: &str) -> Option<&ViaService> {
        load::find(&self.via_services, event_source::label(invoked_by))
    }

    /// The same, by a key of the encryption context that it gives.
    pub fn via_service_of_context(&self, key: &str) -> Option<&ViaService> {
        let mut rows = self.via_services.iter();
        rows.find(|row| row.encryption_context.contains(&key))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn get_object_acts_on_objects() {
        let reference = Reference::bundled();
        let action = reference.action("s3", "GetObject").unwrap();
        assert_eq!(action.access_levels, [AccessLevel::Read]);
        assert!(action.resource_types.iter().any(|it| it.name == "object"));
        let object = reference.resource_type("s3", "object").unwrap();
        assert_eq!(
            object.arn_templates,
            ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]
        );
    }

    #[test]
    fn names_are_found_ignoring_case() {
        let reference = Reference::bundled();
        assert_eq!(
            reference.action("SQS", "listqueues").unwrap().name,
            "ListQueues"
        );
        assert_eq!(
            reference.resource_type("s3", "OBJECT").unwrap().name,
            "object"
        );
        assert_eq!(reference.service("S3").unwrap().prefix, "s3");
        assert!(reference.action("s3", "ListObjects").is_none());
    }

    #[test]
    fn no_line_of_a_table_is_skipped() {
        let reference = Reference::bundled();
        let of_services = |count: fn(&Service) -> usize| reference.services.iter().map(count).sum();
        let _ = reference.condition_key("aws:SourceIp");
        let tables: [(&load::Table, usize); 18] = [
            (&load::SERVICES, reference.services.len()),
            (&load::ACTIONS, of_services(|it| it.actions().len())),
            (
                &load::RESOURCE_TYPES,
                of_services(|it| it.resource_types().len()),
            ),
            (
                &load::CONDITION_KEYS,
                reference.condition_keys.get().unwrap().len(),
            ),
            (&load::OPERATIONS, of_services(|it| it.operations().len())),
            (
                &load::PASS_ROLE,
                of_services(|it| it.pass_role_members().len()),
            ),
            (&load::EVENT_SOURCES, reference.event_sources.len()),
            (&load::EVENT_EXCEPTIONS, reference.exceptions.len()),
            (&load::NOT_PERMISSIONS, reference.not_permissions.len()),
            (&load::MEMBER_ALIASES, reference.member_aliases.len()),
            (&load::ID_PREFIXES, reference.id_prefixes.len()),
            (&load::PASSED_TO, reference.passed_to.len()),
            (&load::VIA_SERVICES, reference.via_services.len()),
            (&load::ACTION_TYPES, reference.action_types.len()),
            (&load::SIBLING_SERVICES, reference.sibling_services.len()),
            (&load::OPAQUE_MEMBERS, reference.opaque_members.len()),
            (&load::INVISIBLE_ACTIONS, reference.invisible_actions.len()),
            (&load::TAG_ON_CREATE, reference.tag_on_create.len()),
        ];
        for (index, (table, rows)) in tables.into_iter().enumerate() {
            assert!(rows > 0, "table {index} is empty");
            assert_eq!(
                table.lines().count(),
                rows,
                "table {index} has malformed lines"
            );
        }
    }

    #[test]
    fn every_name_that_a_table_refers_to_exists() {
        let reference = Reference::bundled();
        let exists = |prefix, name| {
            reference
                .action(prefix, name)
                .is_some_and(|it| it.name == name)
        };
        let mut missing = String::new();
        for exception in &reference.exceptions {
            for action in exception
                .actions
                .iter()
                .filter(|it| !exists(it.prefix, it.name))
            {
                writeln!(missing, "exception {}:{}", action.prefix, action.name).unwrap();
            }
        }
        for action in reference.services.iter().flat_map(Service::actions) {
            for it in &action.resource_types {
                if reference
                    .resource_type(action.prefix, it.name)
                    .is_none_or(|of| of.name != it.name)
                {
                    writeln!(missing, "type {}:{}", action.prefix, it.name).unwrap();
                }
            }
            for (prefix, name) in action
                .dependent_actions
                .iter()
                .filter_map(|it| it.split_once(':'))
            {
                if !exists(prefix, name) {
                    writeln!(missing, "dependent {prefix}:{name}").unwrap();
                }
            }
        }
        for row in reference.invisible_actions.iter() {
            if row.action != "*" && !exists(row.prefix, row.action) {
                writeln!(missing, "invisible {}:{}", row.prefix, row.action).unwrap();
            }
        }
        for source in reference
            .event_sources
            .iter()
            .filter(|it| reference.service(it.prefix).is_none())
        {
            writeln!(missing, "service {}", source.prefix).unwrap();
        }
        for row in &reference.member_aliases {
            let kind = reference.resource_type(row.prefix, row.resource_type);
            let variable = format!("${{{}}}", row.variable);
            let has_variable = |template: &&str| {
                template.contains(&variable)
                // Some templates end in a star where others have a variable.
                || row.variable == "*" && template.contains(":*")
            };
            // All types of a service may have the row, of which one has the variable.
            if row.resource_type == "*" {
                let mut kinds = reference.resource_types(row.prefix).iter();
                if kinds.any(|kind| kind.arn_templates.iter().any(has_variable)) {
                    continue;
                }
            }
            if kind.is_none_or(|kind| {
                kind.name != row.resource_type || !kind.arn_templates.iter().any(has_variable)
            }) {
                writeln!(missing, "alias {} {}", row.resource_type, row.variable).unwrap();
            }
        }
        for row in &reference.action_types {
            if reference.action(row.prefix, row.action).is_none()
                || reference
                    .resource_type(row.prefix, row.resource_type)
                    .is_none()
            {
                writeln!(missing, "action type {} {}", row.action, row.resource_type).unwrap();
            }
        }
        for row in &reference.sibling_services {
            if reference.service(row.prefix).is_none() {
                writeln!(missing, "sibling {}", row.prefix).unwrap();
            }
        }
        for row in &reference.id_prefixes {
            if reference
                .resource_type(row.prefix, row.resource_type)
                .is_none()
            {
                writeln!(missing, "id prefix {}", row.id_prefix).unwrap();
            }
        }
        assert_eq!(missing, "");
    }
}
