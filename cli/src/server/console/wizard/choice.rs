//! How is the policy to be written? The choices of a page, which are in its URL.

use std::collections::{BTreeMap, BTreeSet};

use trailwright_engine::Reference;
use trailwright_engine::answers::{Addition, Answers, Values};
use trailwright_engine::generate::{Narrowing, Options, Style, Target};

use super::super::fields::Fields;
use super::super::trouble::Trouble;

/// Siblings that stay apart in a compact policy, where nobody says.
pub(super) const THRESHOLD: usize = 5;

/// What begins the names of fields that fill placeholders.
const SET: &str = "set.";

/// Names that all pages of the wizard hand on.
const CARRIED: [&str; 11] = [
    "add",
    "without",
    "style",
    "threshold",
    "condition",
    "target",
    "draft",
    "present",
    "name",
    "description",
    "tags",
];

/// How a policy is to be written.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) options: Options,
    pub(super) target: Target,
}

/// The styles: their names in URLs, for people, and what they mean.
pub(super) const STYLES: [(&str, &str, &str); 3] = [
    (
        "exact",
        "Exact",
        "The ARNs of the events, and no pair of action and resource that never met.",
    ),
    (
        "compact",
        "Compact",
        "Shorter: wildcards in actions that cover none but used ones, patterns for many alike resources.",
    ),
    (
        "access-analyzer",
        "Access Analyzer",
        "As IAM Access Analyzer writes it, with placeholders for ARNs that you fill in.",
    ),
];

/// The conditions that can be added.
pub(super) const CONDITIONS: [(&str, Narrowing, &str, &str); 6] = [
    (
        "source-ip",
        Narrowing::SourceIp,
        "aws:SourceIp",
        "The addresses of the calls",
    ),
    (
        "source-vpce",
        Narrowing::SourceVpce,
        "aws:SourceVpce",
        "The VPC endpoints of the calls",
    ),
    (
        "mfa",
        Narrowing::Mfa,
        "aws:MultiFactorAuthPresent",
        "Where every call had it",
    ),
    (
        "org-id",
        Narrowing::OrgId,
        "aws:PrincipalOrgID",
        "As an organization's trail tells it",
    ),
    (
        "requested-region",
        Narrowing::RequestedRegion,
        "aws:RequestedRegion",
        "Where the resource does not name the region",
    ),
    (
        "s3-prefix",
        Narrowing::S3Prefix,
        "s3:prefix",
        "The prefixes of listings",
    ),
];

/// Conditions that the mapping of events adds, and that can be left out.
pub(super) const OF_MAPPING: [(&str, &str); 2] = [
    ("kms:ViaService", "Keys are for direct calls, too"),
    ("iam:PassedToService", "Roles may be passed to any service"),
];

/// Where a policy is to be attached.
pub(super) const TARGETS: [(&str, Target, &str); 5] = [
    (
        "managed",
        Target::Managed,
        "Managed policy, 6,144 characters each",
    ),
    (
        "role",
        Target::InlineRole,
        "Inline in a role, 10,240 characters",
    ),
    (
        "user",
        Target::InlineUser,
        "Inline in a user, 2,048 characters",
    ),
    (
        "group",
        Target::InlineGroup,
        "Inline in a group, 5,120 characters",
    ),
    (
        "boundary",
        Target::Boundary,
        "Permissions boundary, 6,144 characters",
    ),
];

/// What all pages hand on.
pub(super) fn carried(fields: &Fields) -> Fields {
    fields
        .clone()
        .filter(|name| CARRIED.contains(&name) || name.starts_with(SET))
}

/// The name of the field that fills a placeholder.
pub(super) fn set(placeholder: &str) -> String {
    format!("{SET}{placeholder}")
}

/// The placeholders that fields fill.
pub(super) fn filled(fields: &Fields) -> BTreeMap<String, Values> {
    let given = fields.pairs().filter_map(|(name, value)| {
        let name = name.strip_prefix(SET)?;
        let values: Vec<String> = value
            .split(',')
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty())
            .collect();
        (!values.is_empty()).then(|| (name.to_owned(), Values::Many(values)))
    });
    given.collect()
}

/// The style that fields name.
pub(super) fn style(fields: &Fields) -> &str {
    let named = fields.get("style");
    let known = STYLES.iter().find(|(name, ..)| named == Some(name));
    known.map_or("exact", |(name, ..)| name)
}

/// The target that fields name.
pub(super) fn target(fields: &Fields) -> (&'static str, Target) {
    let named = fields.get("target");
    let known = TARGETS.iter().find(|(name, ..)| named == Some(name));
    known.map_or(("managed", Target::Managed), |(name, target, _)| {
        (name, *target)
    })
}

impl Choice {
    /// The choices of a page.
    pub(super) fn of(fields: &Fields) -> Result<Self, Trouble> {
        Self::in_style(fields, style(fields))
    }

    /// The same in another style.
    pub(super) fn in_style(fields: &Fields, style: &str) -> Result<Self, Trouble> {
        let style = match style {
            "compact" => Style::Compact {
                threshold: fields.number("threshold").unwrap_or(THRESHOLD),
            },
            "access-analyzer" => Style::AccessAnalyzer,
            _ => Style::Exact,
        };
        let narrow: BTreeSet<Narrowing> = match style {
            // It has none, whatever was chosen before.
            Style::AccessAnalyzer => BTreeSet::new(),
            _ => CONDITIONS
                .iter()
                .filter(|(name, ..)| fields.has("condition", name))
                .map(|(_, narrowing, ..)| *narrowing)
                .collect(),
        };
        let answers = Answers {
            add: fields.all("add").map(Addition::parse).collect(),
            set: filled(fields),
        };
        answers
            .check(Reference::bundled())
            .map_err(|error| Trouble::refused(error.to_string()).hint(error.hint()))?;
        let options = Options {
            style,
            narrow,
            without: OF_MAPPING
                .iter()
                .map(|(key, _)| *key)
                .filter(|key| fields.has("without", key))
                .collect(),
            answers,
        };
        let target = target(fields).1;
        Ok(Self { options, target })
    }
}
