//! What does an event tell of the request's context, as IAM saw it?
//!
//! Condition keys that a policy can test: where a call came from, through what, with or without
//! MFA. Only what an event surely tells is a fact; all else is unknown, and narrows nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use crate::evaluate::Request;
use crate::permission::Condition;

/// How a call reached AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Way {
    /// The principal called itself.
    Direct,
    /// An AWS service called for it, in a forward access session.
    Service,
    /// The event does not tell.
    #[default]
    Unclear,
}

/// What an event tells of its request's context.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Facts {
    /// How the call came.
    pub way: Way,
    /// `aws:SourceIp`: a public address. There is none behind a VPC endpoint or a service.
    pub source_ip: Option<String>,
    /// `aws:SourceVpce`.
    pub source_vpce: Option<String>,
    /// `aws:RequestedRegion`.
    pub requested_region: Option<String>,
    /// `aws:PrincipalOrgID`.
    pub principal_org_id: Option<String>,
    /// `aws:MultiFactorAuthPresent`.
    pub mfa_present: Option<bool>,
    /// `s3:prefix`, of calls that give one.
    pub s3_prefix: Option<String>,
}

/// The columns of an event that [`Facts`] are read from.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventColumns<'a> {
    /// `sourceIPAddress`.
    pub source_ip_address: Option<&'a str>,
    /// `vpcEndpointId`.
    pub vpc_endpoint_id: Option<&'a str>,
    /// `awsRegion`.
    pub aws_region: Option<&'a str>,
    /// The service that called for the principal.
    pub invoked_by: Option<&'a str>,
    /// `eventSource`.
    pub event_source: Option<&'a str>,
    /// Account of the principal.
    pub principal_account: Option<&'a str>,
    /// JSON of `userIdentity`.
    pub user_identity: Option<&'a str>,
    /// JSON of `requestParameters`.
    pub request_parameters: Option<&'a str>,
    /// JSON of `eventContext`.
    pub event_context: Option<&'a str>,
    /// File that the record came from.
    pub log_file: Option<&'a str>,
}

/// A permission that was used, and the context of its use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Circumstance {
    /// `s3:ListBucket`.
    pub action: String,
    /// ARN, ARN pattern or `*`.
    pub resource: String,
    /// The conditions of the permission itself.
    pub conditions: Vec<Condition>,
    /// What is known of the context.
    pub facts: Facts,
    /// Calls that were alike.
    pub count: u64,
}

impl Way {
    fn of(event: &EventColumns<'_>) -> Self {
        let service =
            |name: &str| name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn");
        match (event.invoked_by, event.source_ip_address) {
            (Some(by), _) if service(by) => Self::Service,
            // `AWS Internal` may be a console or a service.
            (Some(_), _) => Self::Unclear,
            (None, Some(address)) if service(address) => Self::Service,
            (None, Some(address)) if address.parse::<IpAddr>().is_ok() => Self::Direct,
            (None, _) => Self::Unclear,
        }
    }
}

fn is_public(address: &str) -> bool {
    match address.parse() {
        Ok(IpAddr::V4(it)) => !(it.is_private() || it.is_loopback() || it.is_link_local()),
        Ok(IpAddr::V6(it)) => {
            !(it.is_unique_local() || it.is_loopback() || it.is_unicast_link_local())
        }
        Err(_) => false,
    }
}

impl Facts {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self {
        way: Way::Unclear,
        source_ip: None,
        source_vpce: None,
        requested_region: None,
        principal_org_id: None,
        mfa_present: None,
        s3_prefix: None,
    };

    /// What an event tells.
    ///
    /// ```
    /// # use trailwright_engine::facts::{EventColumns, Facts, Way};
    /// let facts = Facts::of(&EventColumns {
    ///     source_ip_address: Some("203.0.113.7"),
    ///     aws_region: Some("eu-west-1"),
    ///     ..EventColumns::default()
    /// });
    /// assert_eq!((facts.way, facts.source_ip.as_deref()), (Way::Direct, Some("203.0.113.7")));
    /// ```
    pub fn of(event: &EventColumns<'_>) -> Self {
        let way = Way::of(event);
        let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let direct = |value: Option<&str>| value.filter(|_| way == Way::Direct).and_then(own);
        let source_vpce = direct(event.vpc_endpoint_id);
        // Behind a VPC endpoint IAM has aws:VpcSourceIp instead, and a private address is seen
        // only behind one, whether the event names it or not.
        let source_ip = direct(event.source_ip_address)
            .filter(|address| source_vpce.is_none() && is_public(address));
        Self {
            way,
            source_ip,
            source_vpce,
            requested_region: event.aws_region.and_then(own),
            principal_org_id: org_of_context(event).or_else(|| org_of_file(event)),
            mfa_present: event
                .user_identity
                .and_then(mfa)
                .filter(|_| way == Way::Direct),
            s3_prefix: event.request_parameters.and_then(|it| prefix(event, it)),
        }
    }

    /// The condition keys with their values.
    fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let via = match self.way {
            Way::Direct => Some("false"),
            Way::Service => Some("true"),
            Way::Unclear => None,
        };
        let mfa = self.mfa_present.map(|it| if it { "true" } else { "false" });
        let of = |text: &Option<String>| text.clone();
        let pairs = [
            (VIA, via.map(ToOwned::to_owned)),
            ("aws:SourceIp", of(&self.source_ip)),
            ("aws:SourceVpce", of(&self.source_vpce)),
            ("aws:RequestedRegion", of(&self.requested_region)),
            ("aws:PrincipalOrgID", of(&self.principal_org_id)),
            (MFA, mfa.map(ToOwned::to_owned)),
            ("s3:prefix", of(&self.s3_prefix)),
        ];
        let pairs = pairs.into_iter();
        pairs.filter_map(|(key, value)| Some((key, value?)))
    }

    /// The request with these facts in its context, besides what it has.
    #[must_use]
    pub fn in_request(&self, request: Request) -> Request {
        self.pairs()
            .fold(request, |request, (key, value)| request.with(key, value))
    }

    /// The condition keys with their values, as JSON; nothing if nothing is known.
    pub fn to_json(&self) -> Option<String> {
        let pairs: BTreeMap<&str, String> = self.pairs().collect();
        (!pairs.is_empty()).then(|| serde_json::to_string(&pairs).ok())?
    }

    /// The facts that JSON of [`to_json`](Self::to_json) tells.
    pub fn from_json(text: &str) -> Option<Self> {
        let mut pairs: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
        let mut take = |key: &str| pairs.remove(key);
        let truth = |value: Option<String>| value.map(|it| it == "true");
        Some(Self {
            way: match truth(take(VIA)) {
                Some(true) => Way::Service,
                Some(false) => Way::Direct,
                None => Way::Unclear,
            },
            source_ip: take("aws:SourceIp"),
            source_vpce: take("aws:SourceVpce"),
            requested_region: take("aws:RequestedRegion"),
            principal_org_id: take("aws:PrincipalOrgID"),
            mfa_present: truth(take(MFA)),
            s3_prefix: take("s3:prefix"),
        })
    }
}

const VIA: &str = "aws:ViaAWSService";
const MFA: &str = "aws:MultiFactorAuthPresent";

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Sessions say whether they began with MFA. A call that an access key signed says nothing.
fn mfa(user_identity: &str) -> Option<bool> {
    let identity = parsed(user_identity)?;
    let told = identity.pointer("/sessionContext/attributes/mfaAuthenticated")?;
    match told {
        Value::Bool(told) => Some(*told),
        Value::String(told) => told.parse().ok(),
        _ => None,
    }
}

/// The prefix that a listing of a bucket asks for. Without one IAM has no `s3:prefix`.
fn prefix(event: &EventColumns<'_>, request_parameters: &str) -> Option<String> {
    if event.event_source != Some("s3.amazonaws.com") {
        return None;
    }
    let prefix = parsed(request_parameters)?
        .get("prefix")?
        .as_str()?
        .to_owned();
    Some(prefix)
}

/// Events from version 1.11 on may tell the condition keys themselves.
fn org_of_context(event: &EventColumns<'_>) -> Option<String> {
    let context = parsed(event.event_context?)?;
    let keys = context.get("requestContext")?.as_object()?;
    let told = keys
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalOrgID"))?;
    told.1.as_str().map(ToOwned::to_owned)
}

/// An organization's trail delivers under its id: `AWSLogs/o-abc/111122223333/...`.
fn org_of_file(event: &EventColumns<'_>) -> Option<String> {
    let (_, key) = event.log_file?.rsplit_once("AWSLogs/")?;
    let mut parts = key.split('/');
    let org = parts.next().filter(|org| is_org(org))?;
    let account = parts.next()?;
    (Some(account) == event.principal_account).then(|| org.to_owned())
}

fn is_org(text: &str) -> bool {
    let Some(id) = text.strip_prefix("o-") else {
        return false;
    };
    (10..=32).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: EventColumns<'_>) -> Facts {
        Facts::of(&event)
    }

    #[test]
    fn a_service_has_no_address_and_no_mfa_of_the_principal() {
        let identity = r#"{"sessionContext":{"attributes":{"mfaAuthenticated":"true"}}}"#;
        for (by, address, way) in [
            (
                Some("athena.amazonaws.com"),
                "athena.amazonaws.com",
                Way::Service,
            ),
            (Some("athena.amazonaws.com"), "203.0.113.7", Way::Service),
            (None, "cloudformation.amazonaws.com", Way::Service),
            (Some("AWS Internal"), "AWS Internal", Way::Unclear),
            (None, "AWS Internal", Way::Unclear),
        ] {
            let facts = of(EventColumns {
                invoked_by: by,
                source_ip_address: Some(address),
                user_identity: Some(identity),
                ..EventColumns::default()
            });
            let expected = Facts {
                way,
                ..Facts::default()
            };
            assert_eq!(facts, expected, "{by:?} {address}");
        }
    }

    #[test]
    fn facts_come_back_from_json() {
        let facts = Facts {
            way: Way::Direct,
            source_ip: Some("203.0.113.7".to_owned()),
            requested_region: Some("eu-west-1".to_owned()),
            mfa_present: Some(false),
            s3_prefix: Some("a\"/".to_owned()),
            ..Facts::default()
        };
        let json = facts.to_json().unwrap_or_default();
        assert!(json.starts_with(r#"{"aws:MultiFactorAuthPresent":"false","aws:RequestedRegion""#));
        assert_eq!(Facts::from_json(&json), Some(facts));
        assert_eq!(Facts::UNKNOWN.to_json(), None);
    }

    #[test]
    fn behind_an_endpoint_there_is_no_source_ip() {
        let facts = of(EventColumns {
            source_ip_address: Some("10.0.0.7"),
            vpc_endpoint_id: Some("vpce-1"),
            ..EventColumns::default()
        });
        assert_eq!(facts.source_vpce.as_deref(), Some("vpce-1"));
        assert_eq!(facts.source_ip, None);
    }

    #[test]
    fn a_private_address_is_no_source_ip() {
        for address in [
            "10.0.0.7",
            "192.168.1.1",
            "172.16.0.1",
            "fc00::1",
            "fe80::1",
        ] {
            let facts = of(EventColumns {
                source_ip_address: Some(address),
                ..EventColumns::default()
            });
            assert_eq!(
                (facts.way, facts.source_ip),
                (Way::Direct, None),
                "{address}"
            );
        }
    }

    #[test]
    fn the_organization_is_told_by_the_trail_of_the_caller_s_account_only() {
        let org = |account, log_file| {
            of(EventColumns {
                principal_account: Some(account),
                log_file: Some(log_file),
                ..EventColumns::default()
            })
            .principal_org_id
        };
        let file = "s3/AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/eu-west-1/x.json.gz";
        assert_eq!(org("111122223333", file).as_deref(), Some("o-a1b2c3d4e5"));
        assert_eq!(org("444455556666", file), None);
        assert_eq!(
            org("111122223333", "AWSLogs/111122223333/CloudTrail/x"),
            None
        );
    }

    #[test]
    fn a_listing_without_a_prefix_has_none() {
        let prefix = |source, request| {
            of(EventColumns {
                event_source: Some(source),
                request_parameters: Some(request),
                ..EventColumns::default()
            })
            .s3_prefix
        };
        let s3 = "s3.amazonaws.com";
        assert_eq!(prefix(s3, r#"{"prefix":"a/"}"#).as_deref(), Some("a/"));
        assert_eq!(prefix(s3, r#"{"prefix":""}"#).as_deref(), Some(""));
        assert_eq!(prefix(s3, r#"{"bucketName":"b"}"#), None);
        assert_eq!(prefix("ssm.amazonaws.com", r#"{"prefix":"a/"}"#), None);
    }
}
