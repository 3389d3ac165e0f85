//! Which events never need a permission, because of their type or name?

use super::event_source;
use super::load::{Cells, Row};

/// Why an event never needs a permission, whoever the caller is.
#[derive(Debug)]
pub struct NotPermission {
    /// What kind of reason it is.
    pub kind: NotPermissionKind,
    /// The event source without its domain, or nothing where the type of the event decides.
    pub event_source: Option<&'static str>,
    /// The name of the event, or its type where that decides.
    pub name: &'static str,
    /// The evidence.
    pub source: &'static str,
}

/// The kinds of reason why an event never needs a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotPermissionKind {
    /// Events of this type are not calls of an API by a principal.
    EventType,
    /// IAM does not check this event.
    Event,
    /// A service logs this of itself; nobody called it.
    ServiceEvent,
    /// The operation takes unsigned requests, so there is no principal to check.
    Unsigned,
}

impl NotPermissionKind {
    fn parse(text: &str) -> Option<NotPermissionKind> {
        match text {
            "event_type" => Some(NotPermissionKind::EventType),
            "event" => Some(NotPermissionKind::Event),
            "service_event" => Some(NotPermissionKind::ServiceEvent),
            "unsigned" => Some(NotPermissionKind::Unsigned),
            _ => None,
        }
    }
}

impl Row for NotPermission {
    fn parse(_: &'static str, mut cells: Cells) -> Option<NotPermission> {
        let row = NotPermission {
            kind: NotPermissionKind::parse(cells.text())?,
            event_source: cells.optional().map(event_source::label),
            name: cells.required()?,
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.name
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::reference::{NotPermissionKind, Reference, Service};

    #[test]
    fn the_type_of_an_event_decides_before_its_name() {
        let kind = |of_type, source, name| {
            Reference::bundled()
                .not_permission(of_type, source, name)
                .map(|it| it.kind)
        };
        let (sts, s3) = ("sts.amazonaws.com", "s3.amazonaws.com");
        assert_eq!(
            kind("AwsServiceEvent", s3, "GetObject"),
            Some(NotPermissionKind::EventType)
        );
        assert_eq!(
            kind("AwsConsoleSignin", sts, "X"),
            Some(NotPermissionKind::EventType)
        );
        assert_eq!(
            kind("AwsApiCall", sts, "GetCallerIdentity"),
            Some(NotPermissionKind::Event)
        );
        assert_eq!(kind("AwsApiCall", s3, "GetObject"), None);
    }

    #[test]
    fn a_service_event_never_bears_the_name_of_an_action() {
        let reference = Reference::bundled();
        for row in reference
            .not_permissions
            .iter()
            .filter(|it| it.kind == NotPermissionKind::ServiceEvent)
        {
            assert!(
                reference
                    .action(row.event_source.unwrap(), row.name)
                    .is_none(),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn every_unsigned_operation_is_no_permission() {
        let reference = Reference::bundled();
        for operation in reference
            .services
            .iter()
            .flat_map(Service::operations)
            .filter(|it| it.unsigned)
        {
            let found = reference.not_permission("AwsApiCall", operation.prefix, operation.name);
            assert_eq!(
                found.map(|it| it.kind),
                Some(NotPermissionKind::Unsigned),
                "{}",
                operation.name
            );
        }
    }
}
