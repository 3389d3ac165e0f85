//! Can somebody assume the role, and only who is meant to?

use std::collections::BTreeSet;

use super::principal::{Named, Provider, element, named};
use super::subject::{Clause, Findings, Spot, Subject};
use crate::contain::action_covers;
use crate::pattern::arn_fields;
use crate::policy::{Effect, Test};

/// The identity provider of GitHub's Actions.
const GITHUB: &str = "token.actions.githubusercontent.com";

/// What IAM Roles Anywhere does with a role.
const ROLES_ANYWHERE: &str = "rolesanywhere.amazonaws.com";
const ITS_ACTIONS: [&str; 3] = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"];

/// Keys that only requests have which also use these actions.
const SET_BY: [(&str, &str); 4] = [
    ("sts:SourceIdentity", "sts:SetSourceIdentity"),
    ("sts:TransitiveTagKeys", "sts:TagSession"),
    ("aws:TagKeys", "sts:TagSession"),
    ("aws:RequestTag/", "sts:TagSession"),
];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if !subject.policy_type.is_trust() {
        return;
    }
    for clause in &subject.statements {
        grammar(clause, findings);
        let named = named(clause);
        mismatched(clause, &named, findings);
        sessions(&named, findings);
        if clause.effect == Some(Effect::Allow) {
            set_by(clause, findings);
            federated(clause, &named, findings);
        }
    }
    roles_anywhere(subject, findings);
}

fn grammar(clause: &Clause<'_>, findings: &mut Findings<'_>) {
    match element(clause) {
        Some((true, element)) => {
            let code = "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL";
            let details = "a trust policy names who may assume the role, not who may not";
            findings.add(code, &element, details);
        }
        Some((false, element)) if element.node.as_str() == Some("*") => {
            let code = "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL";
            findings.add(code, &element, "a trust policy names whom it trusts");
        }
        _ => {}
    }
    for name in ["Resource", "NotResource"] {
        if let Some(element) = clause.spot.get(name) {
            let code = "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE";
            let details = format!("a trust policy is about its role alone; it has no {name}");
            findings.add(code, &element, details);
        }
    }
}

/// Ways to assume a role that none of the principals can go.
fn mismatched(clause: &Clause<'_>, named: &[Named<'_>], findings: &mut Findings<'_>) {
    let is_anybody = named.is_empty() || named.iter().any(|it| it.name == "*");
    if clause.actions.but || is_anybody {
        return;
    }
    let (mut by_saml, mut by_oidc, mut by_none) = (false, false, false);
    for it in named {
        match Provider::of(it.name).filter(|_| it.kind == "Federated") {
            Some(Provider::Saml) => by_saml = true,
            Some(Provider::Oidc(_)) => by_oidc = true,
            None => by_none |= it.kind != "Federated",
        }
    }
    for (action, spot) in &clause.actions.items {
        let fits = match action.to_ascii_lowercase().as_str() {
            "sts:assumerolewithsaml" => by_saml,
            "sts:assumerolewithwebidentity" => by_oidc,
            "sts:assumerole" => by_none,
            _ => true,
        };
        if !fits {
            let details = format!(
                "nobody of these comes by {action}: SAML providers come by AssumeRoleWithSAML, \
                 providers of OpenID Connect by AssumeRoleWithWebIdentity, all others by AssumeRole"
            );
            findings.add("MISMATCHED_ACTION_FOR_PRINCIPAL", spot, details);
        }
    }
}

/// Sessions of a role that is named, too.
fn sessions(named: &[Named<'_>], findings: &mut Findings<'_>) {
    let roles: BTreeSet<(&str, &str)> = named
        .iter()
        .filter_map(|it| match *arn_fields(it.name).as_slice() {
            [_, _, "iam", _, account, resource] => {
                let path = resource.strip_prefix("role/")?;
                Some((account, path.rsplit('/').next().unwrap_or(path)))
            }
            _ => None,
        })
        .collect();
    for it in named {
        if let [_, _, "sts", _, account, resource] = *arn_fields(it.name).as_slice()
            && let Some(session) = resource.strip_prefix("assumed-role/")
            && let Some((role, _)) = session.split_once('/')
            && roles.contains(&(account, role))
        {
            let code = "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY";
            let details = format!("`{}` is a session of role {role}, which is named", it.name);
            findings.add(code, &it.spot, details);
        }
    }
}

fn covers(clause: &Clause<'_>, action: &str) -> bool {
    let mut items = clause.actions.items.iter();
    items.any(|(pattern, _)| action_covers(pattern, action)) != clause.actions.but
}

/// Conditions on what a request has only by an action that the statement does not allow.
fn set_by(clause: &Clause<'_>, findings: &mut Findings<'_>) {
    for test in &clause.conditions {
        let is_null = test.operator.is_some_and(|it| it.test == Test::Null);
        let key = test.key.to_ascii_lowercase();
        let known = SET_BY.iter().find(|(known, _)| {
            let known = known.to_ascii_lowercase();
            key == known || (known.ends_with('/') && key.starts_with(&known))
        });
        if let Some((_, action)) = known.filter(|(_, action)| !is_null && !covers(clause, action)) {
            let details = format!("`{}` is in requests that may use {action}, too", test.key);
            findings.add("MISSING_ACTION_FOR_CONDITION_KEY", &test.key_spot, details);
        }
    }
}

/// Providers of OpenID Connect vouch for anybody who has an account there.
fn federated(clause: &Clause<'_>, named: &[Named<'_>], findings: &mut Findings<'_>) {
    for it in named.iter().filter(|it| it.kind == "Federated") {
        let Some(Provider::Oidc(domain)) = Provider::of(it.name) else {
            continue;
        };
        let of_domain = |key: &str| {
            let (start, name) = (key.get(..domain.len()), key.get(domain.len()..));
            start.is_some_and(|it| it.eq_ignore_ascii_case(domain))
                && name.is_some_and(|it| it.starts_with(':'))
        };
        let mut keys = clause.conditions.iter().map(|it| it.key);
        if !keys.any(of_domain) {
            let code = "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL";
            let details = format!(
                "anybody whom {domain} knows may come; add a condition on {domain}:aud or {domain}:sub"
            );
            findings.add(code, &it.spot, details);
        }
        if domain.eq_ignore_ascii_case(GITHUB) {
            github(clause, &it.spot, findings);
        }
    }
}

fn github(clause: &Clause<'_>, spot: &Spot<'_>, findings: &mut Findings<'_>) {
    let sub = format!("{GITHUB}:sub");
    let mut tests = clause.conditions.iter();
    let Some(test) = tests.find(|it| it.key.eq_ignore_ascii_case(&sub)) else {
        let details =
            format!("workflows of any repository of GitHub's may come; add a condition on {sub}");
        return findings.add("MISSING_GITHUB_REPO_CONDITION_KEY", spot, details);
    };
    for value in &test.values {
        if value
            .node
            .as_str()
            .is_some_and(|it| it.contains(['*', '?']))
        {
            let code = "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED";
            let details = "the wildcard lets in more repositories or branches; name one";
            findings.add(code, value, details);
        }
    }
}

/// IAM Roles Anywhere needs several permissions, perhaps of several statements.
fn roles_anywhere(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let trusting = subject.statements.iter().filter_map(|clause| {
        let allows = clause.effect == Some(Effect::Allow);
        let mut named = named(clause).into_iter().filter(|_| allows);
        let its = named.find(|it| it.kind == "Service" && it.name == ROLES_ANYWHERE);
        its.map(|it| (clause, it.spot))
    });
    let trusting: Vec<(&Clause<'_>, Spot<'_>)> = trusting.collect();
    let Some((_, first)) = trusting.first() else {
        return;
    };
    let lacks = |action: &&&str| !trusting.iter().any(|(clause, _)| covers(clause, action));
    let lacking: Vec<&str> = ITS_ACTIONS.iter().filter(lacks).copied().collect();
    if !lacking.is_empty() {
        let details = format!("{ROLES_ANYWHERE} also needs {}", lacking.join(" and "));
        findings.add(
            "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY",
            first,
            details,
        );
    }
}
