//! Does each statement name principals where it has to, and such as there can be?

use super::PolicyType;
use super::condition_value::is_service;
use super::resource::{PARTITIONS, is_account};
use super::subject::{Clause, Findings, Spot, Subject};
use crate::pattern::arn_fields;
use crate::policy::Effect;

/// The kinds of principals.
const KINDS: [&str; 4] = ["AWS", "CanonicalUser", "Federated", "Service"];

/// A principal that a statement names.
pub(super) struct Named<'a> {
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) spot: Spot<'a>,
}

/// Who the principals of a statement are, as far as they are named as they must be.
pub(super) fn named<'a>(clause: &Clause<'a>) -> Vec<Named<'a>> {
    let Some((_, element)) = element(clause) else {
        return Vec::new();
    };
    let kinds = element.members().into_iter();
    let of_kind = |(kind, _, names): (&'a str, _, Spot<'a>)| {
        names.items().into_iter().filter_map(move |spot| {
            let name = spot.node.as_str()?;
            Some(Named { kind, name, spot })
        })
    };
    kinds.flat_map(of_kind).collect()
}

/// The element that names principals, and whether it is about all but them.
pub(super) fn element<'a>(clause: &Clause<'a>) -> Option<(bool, Spot<'a>)> {
    let these = clause.spot.get("Principal").map(|it| (false, it));
    these.or_else(|| clause.spot.get("NotPrincipal").map(|it| (true, it)))
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for clause in &subject.statements {
        match (subject.policy_type, element(clause)) {
            (PolicyType::Identity, Some((_, element))) => findings.add(
                "UNSUPPORTED_PRINCIPAL",
                &element,
                "an identity policy is about whom it is attached to; it names no principal",
            ),
            (PolicyType::ServiceControl, Some((_, element))) => findings.add(
                "SCP_SYNTAX_ERROR_PRINCIPAL",
                &element,
                "a service control policy names no principal; use a condition such as aws:PrincipalArn",
            ),
            (PolicyType::Resource(_), Some((but, element))) => {
                form(subject, &element, findings);
                if but && clause.effect == Some(Effect::Allow) && !subject.policy_type.is_trust() {
                    let details = "Allow with NotPrincipal grants to everybody else in the world";
                    findings.add("ALLOW_WITH_NOT_PRINCIPAL", &element, details);
                }
            }
            (it, None) if it.names_principals() => {
                let details = "the statement has neither Principal nor NotPrincipal";
                findings.add("MISSING_PRINCIPAL", &clause.spot, details);
            }
            // What a resource control policy may name is a rule of its own.
            _ => {}
        }
    }
}

/// Whether the element is `*` or principals by their kinds.
fn form(subject: &Subject<'_>, element: &Spot<'_>, findings: &mut Findings<'_>) {
    if element.node.as_str() == Some("*") {
        return;
    }
    if element.node.members().is_none() {
        let details = "expected \"*\" or an object of kinds and principals, as in {\"AWS\": \"111122223333\"}";
        return findings.add("INVALID_PRINCIPAL_FORMAT", element, details);
    }
    let kinds = element.members();
    if kinds.is_empty() {
        let details = "an empty object names nobody";
        findings.add("EMPTY_OBJECT_PRINCIPAL", element, details);
    }
    for (kind, key, names) in kinds {
        if !KINDS.contains(&kind) {
            let details = format!("`{kind}` is no kind of principals");
            findings.add("INVALID_PRINCIPAL_KEY", &key, details);
            continue;
        }
        if names.is_empty_array() {
            let details = "an empty list names nobody";
            findings.add("EMPTY_ARRAY_PRINCIPAL", &names, details);
        }
        for spot in names.items() {
            match spot.node.as_str() {
                Some(name) => one(subject, kind, (name, &spot), findings),
                None => {
                    let details = format!("expected a string, got {}", spot.node.what());
                    findings.add("DATA_TYPE_MISMATCH", &spot, details);
                }
            }
        }
    }
}

fn one(
    subject: &Subject<'_>,
    kind: &str,
    (name, spot): (&str, &Spot<'_>),
    findings: &mut Findings<'_>,
) {
    let is_anybody = kind == "AWS" && name == "*";
    if name.contains(['*', '?']) && !is_anybody {
        let details = format!("`{name}` is taken to the letter: {kind} has no wildcards");
        return findings.add("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", spot, details);
    }
    match kind {
        "AWS" if !is_anybody => of_aws(name, spot, findings),
        "Service" if !is_service(name, false) => {
            let details = format!("expected a service such as lambda.amazonaws.com, got `{name}`");
            findings.add("INVALID_SERVICE_PRINCIPAL_FORMAT", spot, details);
        }
        "Federated" if subject.policy_type.is_trust() => provider(name, spot, findings),
        "Federated" if subject.policy_type.resource_type().is_some() => {
            let details = "only who may assume a role is told by an identity provider";
            findings.add("FEDERATED_PRINCIPAL_NOT_SUPPORTED", spot, details);
        }
        _ => {}
    }
}

/// An account, or who is in one.
fn of_aws(name: &str, spot: &Spot<'_>, findings: &mut Findings<'_>) {
    // AWS's guide to unique ids of IAM: these begin so.
    for (start, code, what) in [
        ("AROA", "INVALID_ROLE_REFERENCE", "role"),
        ("AIDA", "INVALID_USER_REFERENCE", "user"),
    ] {
        let is_id = |it: &str| it.len() >= 12 && it.bytes().all(|it| it.is_ascii_alphanumeric());
        if name.strip_prefix(start).is_some_and(is_id) {
            let details = format!("`{name}` is the id of a {what}; name it by its ARN");
            return findings.add(code, spot, details);
        }
    }
    if is_account(name) {
        return;
    }
    let fields = arn_fields(name);
    let (code, details) = match *fields.as_slice() {
        ["arn", partition, "iam" | "sts", "", ..] if !PARTITIONS.contains(&partition) => (
            "INVALID_PARTITION",
            format!("`{partition}` is no partition"),
        ),
        // Origin access identities of CloudFront are users of this account.
        ["arn", _, "iam" | "sts", "", account, _]
            if !is_account(account) && account != "cloudfront" =>
        {
            let details = format!("`{account}` is no account of 12 digits");
            ("INVALID_ARN_ACCOUNT", details)
        }
        ["arn", _, service @ ("iam" | "sts"), "", _, resource] if is_actor(service, resource) => {
            return;
        }
        ["arn", ..] if fields.len() < 6 => {
            let details = "an ARN has six fields: arn:partition:service:region:account:resource";
            ("MISSING_ARN_FIELD", details.to_owned())
        }
        _ => {
            let details = format!(
                "`{name}` is no principal: name an account, or a user, role or session by its ARN"
            );
            ("INVALID_PRINCIPAL_FORMAT", details)
        }
    };
    findings.add(code, spot, details);
}

/// Whether the last field of an ARN is of somebody who can act.
fn is_actor(service: &str, resource: &str) -> bool {
    let is = |kind: &str| resource.strip_prefix(kind).is_some_and(|it| !it.is_empty());
    match service {
        "iam" => resource == "root" || is("user/") || is("role/"),
        _ => is("assumed-role/") || is("federated-user/"),
    }
}

/// Who vouches for users that AWS does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provider<'a> {
    /// By SAML.
    Saml,
    /// By OpenID Connect, at this domain and perhaps path.
    Oidc(&'a str),
}

impl<'a> Provider<'a> {
    /// The provider that a federated principal names: by an ARN, or by a domain for those that AWS knows.
    pub(super) fn of(name: &'a str) -> Option<Self> {
        let fields = arn_fields(name);
        match *fields.as_slice() {
            ["arn", _, "iam", "", _, resource] => match resource.split_once('/')? {
                ("saml-provider", name) if !name.is_empty() => Some(Self::Saml),
                ("oidc-provider", domain) if is_domain(domain) => Some(Self::Oidc(domain)),
                _ => None,
            },
            _ if is_domain(name) => Some(Self::Oidc(name)),
            _ => None,
        }
    }
}

fn is_domain(text: &str) -> bool {
    let domain = text.split('/').next().unwrap_or_default();
    let plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b':');
    domain.contains('.') && !domain.starts_with('.') && domain.bytes().all(plain)
}

fn provider(name: &str, spot: &Spot<'_>, findings: &mut Findings<'_>) {
    if Provider::of(name).is_none() {
        let details =
            format!("`{name}` is neither the domain of an identity provider nor the ARN of one");
        let code = "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY";
        findings.add(code, spot, details);
    }
}
