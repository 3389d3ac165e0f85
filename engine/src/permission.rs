//! Which permissions does an event prove were needed?
//!
//! A call goes in, permissions come out. Knows nothing of SQL or storage. What no rule answers
//! is [`Needs::Unknown`], never a guess.
//!
//! ```text
//! call ──► rule        which actions, by the name of the event
//!      ├─► resource    on which resources, by the request
//!      ├─► pass_role   and which roles it passed, which is never logged
//!      ├─► condition   and under which conditions
//!      └─► denial      what the refusal of a call says of it
//! ```

mod call;
mod condition;
mod denial;
mod listed;
mod mapper;
mod members;
mod pass_role;
mod percent;
mod resource;
mod rule;

pub use call::Call;
pub use condition::Condition;
pub(crate) use condition::{literal, spoken};
pub use mapper::Mapper;
pub(crate) use resource::resource_type_of;

/// A mark of the rules and of the reference: with another one, the same event may need other
/// permissions.
pub const MAPPING: &str = env!("TRAILWRIGHT_MAPPING");

/// What a call needed from IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// All of these.
    Permissions(Vec<Permission>),
    /// No permission; `why` says how that is known.
    Nothing {
        /// The fact behind it.
        why: &'static str,
    },
    /// No rule knows.
    Unknown,
}

/// An action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Prefix and name, `s3:GetObject`.
    pub action: String,
    /// ARN, ARN pattern or `*`.
    pub resource: String,
    /// How the resource is known.
    pub origin: Origin,
    /// The template of the resource's ARN, where the event does not tell all of it.
    pub template: Option<&'static str>,
    /// What must hold besides, from the facts of the event.
    pub conditions: Vec<Condition>,
    /// The rule that answered.
    pub rule: &'static str,
    /// Where its fact comes from.
    pub source: &'static str,
}

/// How the resource of a permission is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The event names it.
    Event,
    /// The event names it in part; what a service adds to a name is `*`.
    Partial,
    /// The event implies it: a role that was passed.
    Inferred,
    /// The call made it, and its id is not known before: every one of its type.
    Created,
    /// The action takes no resource: `*`.
    Any,
    /// The action takes one, and the event does not tell which: every one of its type.
    Widened,
    /// The same, for a call that failed, throttled mostly, before anything of its request was
    /// recorded.
    Untold,
}

impl Origin {
    const ALL: [Self; 7] = [
        Self::Event,
        Self::Partial,
        Self::Inferred,
        Self::Created,
        Self::Any,
        Self::Widened,
        Self::Untold,
    ];

    /// As SQL shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Partial => "partial",
            Self::Inferred => "inferred",
            Self::Created => "created",
            Self::Any => "any",
            Self::Widened => "widened",
            Self::Untold => "untold",
        }
    }

    /// The origin that SQL shows as `text`.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text)
    }
}
