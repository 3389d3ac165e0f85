//! Under which conditions was each permission used?
//!
//! Only on request, as each is a bet that the future is like the past. A condition narrows a
//! permission only if every use of it tells the fact; calls by services keep a way of their own,
//! since they have no address and no MFA. What could not be narrowed is told.
//!
//! Address, endpoint, MFA and organization are of the principal: the values are those of all its
//! calls. Region and prefix are of each permission.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::Used;
use super::characters::can_be_held;
use crate::facts::{Circumstance, Facts, Way};
use crate::permission::{Condition, literal};
use crate::reference::Reference;

/// More values than this make no condition: it would be read by nobody.
const MOST_VALUES: usize = 50;

/// A condition that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Narrowing {
    /// `aws:SourceIp`: the addresses from which the principal called.
    SourceIp,
    /// `aws:SourceVpce`: the VPC endpoints through which it called.
    SourceVpce,
    /// `aws:MultiFactorAuthPresent`.
    Mfa,
    /// `aws:PrincipalOrgID`.
    OrgId,
    /// `aws:RequestedRegion`, where the resource does not tell the region.
    RequestedRegion,
    /// `s3:prefix` of listings.
    S3Prefix,
    /// `kms:ViaService`, which calls by services have anyway: it is told who has it, and who not.
    KmsViaService,
    /// `iam:PassedToService`, which passed roles have anyway.
    PassedToService,
}

impl Narrowing {
    /// Whether events tell it only beside what the roll-up keeps.
    pub fn needs_circumstances(self) -> bool {
        !matches!(self, Self::KmsViaService | Self::PassedToService)
    }

    /// As people ask for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceIp => "source-ip",
            Self::SourceVpce => "source-vpce",
            Self::Mfa => "mfa",
            Self::OrgId => "org-id",
            Self::RequestedRegion => "requested-region",
            Self::S3Prefix => "s3-prefix",
            Self::KmsViaService => "kms-via-service",
            Self::PassedToService => "passed-to-service",
        }
    }
}

/// A condition that was asked for and stands in the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Narrowed {
    /// The condition key.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
    /// Permissions that have it.
    pub permissions: usize,
}

/// A permission that a condition that was asked for could not narrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotNarrowed {
    /// The condition.
    pub narrowing: Narrowing,
    /// Action and resource.
    pub what: String,
    /// Why not.
    pub why: &'static str,
}

pub(super) struct Outcome<'a> {
    pub(super) used: Vec<Used<'a>>,
    pub(super) narrowed: Vec<Narrowed>,
    pub(super) not_narrowed: Vec<NotNarrowed>,
}

/// What all calls of the principal have in common.
struct Common {
    ips: Option<Condition>,
    endpoints: Option<Condition>,
    org: Option<Condition>,
}

type Key<'a> = (&'a str, &'a str, &'a [Condition]);

/// The permissions with the conditions that `asked` wants and the circumstances tell.
pub(super) fn narrow<'a>(
    used: Vec<Used<'a>>,
    circumstances: &[Circumstance],
    asked: &BTreeSet<Narrowing>,
    reference: &Reference,
) -> Outcome<'a> {
    if asked.is_empty() {
        return Outcome {
            used,
            narrowed: Vec::new(),
            not_narrowed: Vec::new(),
        };
    }
    let mut facts: HashMap<Key<'_>, Vec<&Facts>> = HashMap::new();
    for one in circumstances {
        let key = (&*one.action, &*one.resource, &*one.conditions);
        facts.entry(key).or_default().push(&one.facts);
    }
    let pass = Pass {
        asked,
        common: Common::of(circumstances),
        reference,
    };
    let mut narrowed = Vec::new();
    let mut not_narrowed = BTreeSet::new();
    let mut tallies: BTreeMap<Condition, usize> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for one in used {
        if !done.insert(one.clone()) {
            continue;
        }
        let key = (&*one.action, &*one.resource, &*one.conditions);
        let facts = facts.get(&key).map_or(&[][..], Vec::as_slice);
        let mut why_not = |narrowing, why| {
            not_narrowed.insert(NotNarrowed {
                narrowing,
                what: format!("{} on {}", one.action, one.resource),
                why,
            });
        };
        let added = pass.conditions(&one, facts, &mut why_not);
        let asked_for = pass.of_mapping(&one, &mut why_not);
        let all: BTreeSet<&Condition> = added.iter().flatten().chain(asked_for).collect();
        for condition in all {
            *tallies.entry(condition.clone()).or_default() += 1;
        }
        narrowed.extend(added.into_iter().map(|more| {
            let mut conditions = one.conditions.clone();
            conditions.extend(more);
            Used {
                conditions,
                ..one.clone()
            }
        }));
    }
    Outcome {
        used: narrowed,
        narrowed: summary(tallies),
        not_narrowed: not_narrowed.into_iter().collect(),
    }
}

struct Pass<'a> {
    asked: &'a BTreeSet<Narrowing>,
    common: Common,
    reference: &'a Reference,
}

impl Pass<'_> {
    /// The conditions to add to a permission, once for each way in which it was used.
    fn conditions(
        &self,
        used: &Used<'_>,
        facts: &[&Facts],
        why_not: &mut impl FnMut(Narrowing, &'static str),
    ) -> Vec<Vec<Condition>> {
        let unknown = match (facts.is_empty(), &*used.action) {
            // Of the call that passed the role everything is known. What IAM sees when the
            // service takes it, no event tells.
            (_, "iam:PassRole") => Some("passing a role is never logged"),
            (true, _) => Some("no event tells its circumstances"),
            (false, _) => None,
        };
        if let Some(why) = unknown {
            for narrowing in self.asked.iter().filter(|it| it.needs_circumstances()) {
                why_not(*narrowing, why);
            }
            return vec![Vec::new()];
        }
        let mut always = Vec::new();
        let mut add = |narrowing, condition: Result<Option<Condition>, &'static str>| {
            if self.asked.contains(&narrowing) {
                match condition {
                    Ok(condition) => always.extend(condition),
                    Err(why) => why_not(narrowing, why),
                }
            }
        };
        add(Narrowing::OrgId, self.org(facts));
        add(Narrowing::RequestedRegion, region(used, facts));
        add(Narrowing::S3Prefix, self.prefix(used, facts));
        let ways = self.ways(used, facts, why_not);
        ways.into_iter()
            .map(|mut way| {
                way.extend(always.iter().cloned());
                way
            })
            .collect()
    }

    /// The conditions of the mapping that are asked for as well.
    fn of_mapping<'u>(
        &self,
        used: &'u Used<'_>,
        why_not: &mut impl FnMut(Narrowing, &'static str),
    ) -> Option<&'u Condition> {
        let (narrowing, key, why) = match &*used.action {
            "iam:PassRole" => (
                Narrowing::PassedToService,
                "iam:PassedToService",
                "nobody knows to which service",
            ),
            action if action.starts_with("kms:") => (
                Narrowing::KmsViaService,
                "kms:ViaService",
                "some calls were made directly, or by a service that IAM does not name",
            ),
            _ => return None,
        };
        if !self.asked.contains(&narrowing) {
            return None;
        }
        let condition = used.conditions.iter().find(|it| it.key == key);
        if condition.is_none() {
            why_not(narrowing, why);
        }
        condition
    }

    /// Where calls came from, and with MFA or without: one list of conditions for each way.
    fn ways(
        &self,
        used: &Used<'_>,
        facts: &[&Facts],
        why_not: &mut impl FnMut(Narrowing, &'static str),
    ) -> Vec<Vec<Condition>> {
        let by_services = facts.iter().any(|it| it.way == Way::Service);
        let directly: Vec<&&Facts> = facts.iter().filter(|it| it.way != Way::Service).collect();
        let mut ways: Vec<Vec<Condition>> = Vec::new();
        if let Some(place) = self.place(&directly, why_not) {
            ways.extend(place);
        }
        if self.asked.contains(&Narrowing::Mfa) && !directly.is_empty() {
            if directly.iter().all(|it| it.mfa_present == Some(true)) {
                if ways.is_empty() {
                    ways.push(Vec::new());
                }
                let key = "aws:MultiFactorAuthPresent";
                for way in &mut ways {
                    way.push(Condition::of("Bool", key, ["true".to_owned()]));
                }
            } else {
                why_not(Narrowing::Mfa, "some calls were made without MFA");
            }
        }
        if !directly.is_empty() && ways.is_empty() {
            // Calls without a condition cover those of services.
            return vec![Vec::new()];
        }
        let of_origin = [Narrowing::SourceIp, Narrowing::SourceVpce, Narrowing::Mfa];
        if by_services {
            let asked = of_origin.iter().any(|it| self.asked.contains(it));
            // kms:ViaService says the same, and which service.
            let told = used.conditions.iter().any(|it| it.key == "kms:ViaService");
            ways.push(match asked && !told {
                true => vec![Condition::of(
                    "Bool",
                    "aws:ViaAWSService",
                    ["true".to_owned()],
                )],
                false => Vec::new(),
            });
        }
        ways
    }

    /// The networks of direct calls, if every one of them came from one that was asked for.
    fn place(
        &self,
        directly: &[&&Facts],
        why_not: &mut impl FnMut(Narrowing, &'static str),
    ) -> Option<Vec<Vec<Condition>>> {
        let by_ip = self.asked.contains(&Narrowing::SourceIp);
        let by_endpoint = self.asked.contains(&Narrowing::SourceVpce);
        if directly.is_empty() || !(by_ip || by_endpoint) {
            return None;
        }
        let (mut ips, mut endpoints) = (false, false);
        for facts in directly {
            match (&facts.source_ip, &facts.source_vpce) {
                (Some(_), _) if by_ip => ips = true,
                (_, Some(_)) if by_endpoint => endpoints = true,
                (ip, endpoint) => {
                    let why = match (ip, endpoint) {
                        (Some(_), _) => "some calls came through no VPC endpoint",
                        (_, Some(_)) => "some calls came through a VPC endpoint",
                        _ => "some events do not tell where the call came from",
                    };
                    if by_ip {
                        why_not(Narrowing::SourceIp, why);
                    }
                    if by_endpoint {
                        why_not(Narrowing::SourceVpce, why);
                    }
                    return None;
                }
            }
        }
        let mut places = Vec::new();
        for (wanted, narrowing, condition) in [
            (ips, Narrowing::SourceIp, &self.common.ips),
            (endpoints, Narrowing::SourceVpce, &self.common.endpoints),
        ] {
            match (wanted, condition) {
                (false, _) => {}
                (true, Some(condition)) => places.push(vec![condition.clone()]),
                (true, None) => {
                    why_not(narrowing, "too many values");
                    return None;
                }
            }
        }
        Some(places)
    }

    fn org(&self, facts: &[&Facts]) -> Result<Option<Condition>, &'static str> {
        match &self.common.org {
            None => Err("no event tells the organization"),
            Some(_) if facts.iter().any(|it| it.principal_org_id.is_none()) => {
                Err("some events do not tell the organization")
            }
            Some(org) => Ok(Some(org.clone())),
        }
    }

    fn prefix(&self, used: &Used<'_>, facts: &[&Facts]) -> Result<Option<Condition>, &'static str> {
        let key = "s3:prefix";
        let action = used.action.split_once(':');
        let action = action.and_then(|(service, name)| self.reference.action(service, name));
        if !action.is_some_and(|action| action.condition_keys.contains(&key)) {
            return Ok(None);
        }
        let prefixes: Option<BTreeSet<String>> =
            facts.iter().map(|it| it.s3_prefix.clone()).collect();
        let prefixes = prefixes.ok_or("some calls gave no prefix")?;
        if !prefixes.iter().flat_map(|it| it.chars()).all(can_be_held) {
            return Err("some prefixes have characters that no policy can hold");
        }
        limited("StringEquals", key, prefixes.iter().map(|it| literal(it)))
            .map(Some)
            .ok_or("too many values")
    }
}

/// Regions, where the resource does not tell them.
fn region(used: &Used<'_>, facts: &[&Facts]) -> Result<Option<Condition>, &'static str> {
    let regions: Option<BTreeSet<String>> =
        facts.iter().map(|it| it.requested_region.clone()).collect();
    let regions = regions.ok_or("some events tell no region")?;
    let of_resource = used.resource.split(':').nth(3).unwrap_or_default();
    if !of_resource.is_empty() && regions.iter().all(|it| it == of_resource) {
        return Ok(None);
    }
    limited("StringEquals", "aws:RequestedRegion", regions)
        .map(Some)
        .ok_or("too many values")
}

impl Common {
    fn of(circumstances: &[Circumstance]) -> Self {
        let facts = || circumstances.iter().map(|it| &it.facts);
        let ips = facts().filter_map(|it| it.source_ip.clone());
        let endpoints = facts().filter_map(|it| it.source_vpce.clone());
        let orgs = facts().filter_map(|it| it.principal_org_id.clone());
        Self {
            ips: limited("IpAddress", "aws:SourceIp", ips),
            endpoints: limited("StringEquals", "aws:SourceVpce", endpoints),
            org: limited("StringEquals", "aws:PrincipalOrgID", orgs),
        }
    }
}

/// A condition with these values, if there are any and not too many.
fn limited(
    operator: &str,
    key: &str,
    values: impl IntoIterator<Item = String>,
) -> Option<Condition> {
    let values: BTreeSet<String> = values.into_iter().collect();
    (1..=MOST_VALUES)
        .contains(&values.len())
        .then(|| Condition::of(operator, key, values))
}

/// Each condition with its values and the permissions that have it.
fn summary(tallies: BTreeMap<Condition, usize>) -> Vec<Narrowed> {
    let mut narrowed: BTreeMap<String, (BTreeSet<String>, usize)> = BTreeMap::new();
    for (condition, permissions) in tallies {
        let (values, count) = narrowed.entry(condition.key).or_default();
        values.extend(condition.values);
        *count += permissions;
    }
    let narrowed = narrowed.into_iter();
    narrowed
        .map(|(key, (values, permissions))| Narrowed {
            key,
            values: values.into_iter().collect(),
            permissions,
        })
        .collect()
}

#[cfg(test)]
mod tests;
