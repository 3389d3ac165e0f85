//! What did principals do, grouped and counted?

use crate::permission::{Condition, Origin};

/// How the calls ended, as far as IAM is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Authorized and done.
    Allowed,
    /// Authorized, and failed for another reason afterwards.
    Failed,
    /// Refused by IAM, or never authenticated: nothing was used.
    Denied,
}

/// Error codes with which services refuse a call, in lower case.
const DENIED_CODES: [&str; 6] = [
    "unauthorizedaccess",
    "unauthorizedexception",
    "authorizationerror",
    "vpceaccessdenied",
    "notauthorized",
    "notauthorizedexception",
];

/// Error codes of calls that were not authenticated, in lower case: IAM was never asked.
const UNAUTHENTICATED_CODES: [&str; 10] = [
    "authfailure",
    "expiredtoken",
    "expiredtokenexception",
    "incompletesignature",
    "invalidaccesskeyid",
    "invalidclienttokenid",
    "missingauthenticationtoken",
    "requestexpired",
    "signaturedoesnotmatch",
    "unrecognizedclientexception",
];

/// What IAM's refusal says, whichever code a service puts on it.
const DENIED_MESSAGE: &str = "not authorized to perform";

impl Outcome {
    /// The outcome that a record's `errorCode` and `errorMessage` tell of. A dry run that would
    /// have worked, a resource that was not there or a throttled call were all authorized.
    pub fn of(error_code: Option<&str>, error_message: Option<&str>) -> Self {
        let Some(code) = error_code.filter(|code| !code.is_empty()) else {
            return Self::Allowed;
        };
        let code = code.to_ascii_lowercase();
        // Some services put a prefix before the code: `Client.UnauthorizedOperation`.
        let last = code.rsplit(['.', ':', '#']).next().unwrap_or(&code);
        if last.starts_with("accessdenied")
            || last.ends_with("unauthorizedoperation")
            || DENIED_CODES.contains(&last)
            || UNAUTHENTICATED_CODES.contains(&last)
            || error_message.is_some_and(|message| message.contains(DENIED_MESSAGE))
        {
            Self::Denied
        } else {
            Self::Failed
        }
    }

    /// As SQL shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Failed => "failed",
            Self::Denied => "denied",
        }
    }

    /// The outcome that SQL shows as `text`.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Allowed, Self::Failed, Self::Denied]
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// Calls of one principal that needed the same permission and ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Who called.
    pub principal: String,
    /// Service that was called, as CloudTrail names it.
    pub event_source: String,
    /// Operation, as CloudTrail names it.
    pub event_name: String,
    /// What the calls needed.
    pub need: Need,
    /// How they ended.
    pub outcome: Outcome,
    /// How many there were.
    pub count: u64,
    /// The same, of a call that needed several permissions with one of them only: sums are calls.
    pub events: u64,
    /// Time of the first, in microseconds since the epoch.
    pub first_seen: Option<i64>,
    /// Time of the last.
    pub last_seen: Option<i64>,
    /// One of them.
    pub sample_event_id: Option<String>,
}

/// What calls needed from IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// An action on a resource.
    Permission {
        /// `s3:GetObject`.
        action: String,
        /// ARN, ARN pattern or `*`.
        resource: String,
        /// How the resource is known.
        origin: Origin,
        /// What must hold besides.
        conditions: Vec<Condition>,
    },
    /// No permission at all.
    Nothing,
    /// Nobody knows: the event is in no table.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_by_iam_are_denied() {
        for code in [
            "AccessDenied",
            "AccessDeniedException",
            "Client.UnauthorizedOperation",
            "UnauthorizedOperation",
            "AuthorizationError",
            "VpceAccessDenied",
        ] {
            assert_eq!(Outcome::of(Some(code), None), Outcome::Denied, "{code}");
        }
        for code in [
            "Client.DryRunOperation",
            "NoSuchKey",
            "ThrottlingException",
            "TransactionCanceledException",
        ] {
            assert_eq!(Outcome::of(Some(code), None), Outcome::Failed, "{code}");
        }
        assert_eq!(Outcome::of(None, None), Outcome::Allowed);
        let message = "User: x is not authorized to perform: directconnect:DescribeTags";
        assert_eq!(
            Outcome::of(Some("DirectConnectClientException"), Some(message)),
            Outcome::Denied
        );
    }
}
