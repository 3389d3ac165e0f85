//! Which permissions does an event prove were needed?
//!
//! A call goes in, permissions come out. Knows nothing of SQL or storage. What no rule answers
//! is [`Needs::Unknown`], never a guess.

mod exception;
mod no_permission;
mod resource;
mod same_name;

use serde_json::Value;

use crate::reference::{Action, Reference};

pub(crate) use resource::resource_type_of;

/// What of an event the rules look at. Texts are as CloudTrail has them, JSON is unparsed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// `s3.amazonaws.com`.
    pub event_source: &'a str,
    /// `GetObject`.
    pub event_name: &'a str,
    /// `AwsApiCall`.
    pub event_type: Option<&'a str>,
    /// Region that was called.
    pub aws_region: Option<&'a str>,
    /// Account that was called.
    pub account: Option<&'a str>,
    /// Who called.
    pub principal: Option<&'a str>,
    /// JSON of `requestParameters`.
    pub request_parameters: Option<&'a str>,
    /// JSON of `responseElements`.
    pub response_elements: Option<&'a str>,
    /// JSON of `resources`.
    pub resources: Option<&'a str>,
}

/// What a call needed from IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// All of these.
    Permissions(Vec<Permission>),
    /// No permission; `why` says how that is known.
    Nothing {
        /// The fact behind it.
        why: String,
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
    /// The rule that answered.
    pub rule: &'static str,
}

/// How the resource of a permission is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The event names it.
    Event,
    /// The action takes no resource, or need not be given one: `*`.
    Any,
    /// The action needs one, and the event does not tell which: every one of its type.
    Widened,
}

impl Origin {
    /// As SQL shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Any => "any",
            Self::Widened => "widened",
        }
    }

    /// The origin that SQL shows as `text`.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Event, Self::Any, Self::Widened]
            .into_iter()
            .find(|origin| origin.as_str() == text)
    }
}

/// What a rule says of a call, before resources are looked for.
enum Answer<'r> {
    /// It needed these actions.
    Actions(Vec<&'r Action>),
    /// It needed none.
    Nothing { why: String },
}

/// A rule: it answers, or leaves the call to the next one.
struct Rule {
    name: &'static str,
    answer: for<'r> fn(&CallInfo<'_>, &'r Reference) -> Option<Answer<'r>>,
}

/// Rules in the order they are tried. The first that answers wins.
const RULES: &[Rule] = &[
    no_permission::RULE, // events that IAM never checks
    exception::RULE,     // events that IAM names differently
    same_name::RULE,     // `s3.amazonaws.com` `GetObject` is `s3:GetObject`
];

/// A call with its JSON, parsed when somebody asks for it.
struct CallInfo<'a> {
    call: &'a Call<'a>,
    request: std::cell::OnceCell<Value>,
}

impl CallInfo<'_> {
    /// The request parameters; null if there are none or they are no JSON.
    fn request(&self) -> &Value {
        self.request.get_or_init(|| {
            let text = self.call.request_parameters.unwrap_or("null");
            match serde_json::from_str(text) {
                // Some services deliver their parameters as JSON in a string.
                Ok(Value::String(inner)) => serde_json::from_str(&inner).unwrap_or_default(),
                Ok(value) => value,
                Err(_) => Value::Null,
            }
        })
    }
}

/// The permissions that `call` needed.
///
/// ```
/// # use trailwright_engine::{Reference, permission::{Call, Needs, needs}};
/// let call = Call {
///     event_source: "s3.amazonaws.com",
///     event_name: "GetObject",
///     request_parameters: Some(r#"{"bucketName": "logs", "key": "2026/a.gz"}"#),
///     ..Call::default()
/// };
/// let Needs::Permissions(permissions) = needs(&call, Reference::bundled()) else { panic!() };
/// assert_eq!(permissions[0].action, "s3:GetObject");
/// assert_eq!(permissions[0].resource, "arn:aws:s3:::logs/2026/a.gz");
/// ```
pub fn needs(call: &Call<'_>, reference: &Reference) -> Needs {
    let info = CallInfo {
        call,
        request: std::cell::OnceCell::new(),
    };
    for rule in RULES {
        match (rule.answer)(&info, reference) {
            None => {}
            Some(Answer::Nothing { why }) => return Needs::Nothing { why },
            Some(Answer::Actions(actions)) => {
                let permissions = actions.into_iter().flat_map(|action| {
                    resource::of(action, &info, reference).into_iter().map(
                        move |(resource, origin)| Permission {
                            action: format!("{}:{}", action.prefix, action.name),
                            resource,
                            origin,
                            rule: rule.name,
                        },
                    )
                });
                return Needs::Permissions(permissions.collect());
            }
        }
    }
    Needs::Unknown
}
