//! What does an event look like, and what does it need?
//!
//! The templates are data, `benchmarks/templates/*.json`: an event's request and response as
//! services log them, with placeholders, and the permissions it needs, each with the source of
//! the fact. The needs are declared there and nowhere computed, so that they can check the
//! mapping.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

const FILES: [(&str, &str); 5] = [
    ("storage", include_str!("../../templates/storage.json")),
    ("compute", include_str!("../../templates/compute.json")),
    ("identity", include_str!("../../templates/identity.json")),
    ("data", include_str!("../../templates/data.json")),
    (
        "operations",
        include_str!("../../templates/operations.json"),
    ),
];

/// Who makes such calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum Who {
    /// Roles of programs, and everybody else too.
    #[default]
    App,
    /// People, with single sign-on or as IAM users.
    Human,
    /// IAM users only.
    User,
    /// Instances, with their own role.
    Machine,
    /// The root user.
    Root,
    /// A service of AWS by itself.
    Service,
    /// A service of AWS that tells of something it did.
    ServiceEvent,
    /// A role that takes on one of another account: both accounts record it.
    Cross,
    /// Somebody whom a SAML provider vouches for.
    Saml,
    /// A pod whom an OpenID provider vouches for.
    Web,
    /// Somebody of a directory.
    Directory,
    /// A user of the Identity Center.
    Center,
    /// Somebody of whom CloudTrail cannot tell.
    Unknown,
    /// Anybody on the Internet.
    Anonymous,
}

/// A template as its file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: String,
    name: String,
    weight: u32,
    read: bool,
    #[serde(default)]
    category: Option<String>,
    #[serde(default, rename = "type")]
    event_type: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    who: Who,
    #[serde(default)]
    request: Option<Box<RawValue>>,
    #[serde(default)]
    response: Option<Box<RawValue>>,
    #[serde(default)]
    additional: Option<Box<RawValue>>,
    #[serde(default)]
    resources: Option<Box<RawValue>>,
    #[serde(default)]
    details: Option<Box<RawValue>>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    api: Option<String>,
    #[serde(default)]
    via: Option<String>,
    #[serde(default)]
    deny: Option<String>,
    #[serde(default)]
    fail: Option<String>,
    #[serde(default)]
    nodeny: bool,
    #[serde(default)]
    norequest: bool,
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    global: bool,
    needs: Vec<String>,
    fact: String,
}

/// A kind of event, ready to be filled in.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) source: String,
    pub(super) name: String,
    pub(super) weight: u32,
    pub(super) read: bool,
    pub(super) data: bool,
    pub(super) event_type: String,
    /// Number of the kind of resource it is about.
    pub(super) kind: Option<usize>,
    /// Whether it tells resources of a kind apart further, by [`Field::Key`].
    pub(super) keyed: bool,
    pub(super) who: Who,
    pub(super) request: Text,
    pub(super) response: Text,
    pub(super) additional: Text,
    pub(super) resources: Text,
    pub(super) details: Text,
    pub(super) host: Text,
    pub(super) api: Option<String>,
    /// The service that calls with the principal's permissions.
    pub(super) via: Option<String>,
    /// Error code of a denied call, if it can be denied.
    pub(super) deny: Option<String>,
    /// Error code of a call that fails for another reason.
    pub(super) fail: Option<String>,
    /// Whether console sign-ins and the like leave out the id of the request.
    pub(super) has_request_id: bool,
    pub(super) shared: bool,
    /// Recorded in us-east-1 wherever it was called.
    pub(super) global: bool,
    pub(super) needs: Vec<Need>,
}

/// A permission that an event needs.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) action: String,
    pub(super) resource: Text,
}

/// Text with places to fill in.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) Vec<Piece>);

#[derive(Debug)]
pub(super) enum Piece {
    Literal(String),
    Field(Field),
}

/// What is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    // The same for each event about one resource.
    Account,
    Other,
    Region,
    Name,
    Id,
    Guid,
    Six,
    Number,
    Upper,
    Hex32,
    Key,
    Email,
    // Another for each event.
    Uuid,
    Hex17,
    Upper16,
    Base64,
    Token,
    Int,
    // The time.
    Iso,
    Words,
    Millis,
}

const FIELDS: [(&str, Field); 21] = [
    ("account", Field::Account),
    ("other", Field::Other),
    ("region", Field::Region),
    ("name", Field::Name),
    ("id", Field::Id),
    ("guid", Field::Guid),
    ("six", Field::Six),
    ("num", Field::Number),
    ("upper", Field::Upper),
    ("hex32", Field::Hex32),
    ("key", Field::Key),
    ("email", Field::Email),
    ("uuid", Field::Uuid),
    ("hex17", Field::Hex17),
    ("upper16", Field::Upper16),
    ("b64", Field::Base64),
    ("token", Field::Token),
    ("int", Field::Int),
    ("time", Field::Iso),
    ("us_time", Field::Words),
    ("ms", Field::Millis),
];

/// All templates, and the kinds of resources that they name.
pub(super) fn all() -> anyhow::Result<(Vec<Template>, Vec<String>)> {
    let (mut templates, mut kinds) = (Vec::new(), Vec::new());
    for (file, text) in FILES {
        let written: Vec<Written> = serde_json::from_str(text)
            .with_context(|| format!("templates/{file}.json cannot be read"))?;
        for template in written {
            let name = template.name.clone();
            let template = Template::new(template, &mut kinds)
                .with_context(|| format!("templates/{file}.json, `{name}`"))?;
            templates.push(template);
        }
    }
    Ok((templates, kinds))
}

impl Template {
    fn new(written: Written, kinds: &mut Vec<String>) -> anyhow::Result<Self> {
        if written.fact.is_empty() {
            bail!("expected the source of the fact");
        }
        let json = |value: &Option<Box<RawValue>>, otherwise: &str| match value {
            Some(value) => Text::parse(&without_spaces(value.get())),
            None => Text::parse(otherwise),
        };
        let kind = written.kind.map(|kind| {
            let known = kinds.iter().position(|known| *known == kind);
            known.unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            })
        });
        let mut needs = Vec::new();
        for need in &written.needs {
            let (action, resource) = need
                .split_once(" on ")
                .with_context(|| format!("expected `ACTION on RESOURCE`, got `{need}`"))?;
            needs.push(Need {
                action: action.to_owned(),
                resource: Text::parse(resource)?,
            });
        }
        let request = json(&written.request, "null")?;
        Ok(Self {
            keyed: request.uses(Field::Key),
            request,
            response: json(&written.response, "null")?,
            additional: json(&written.additional, "")?,
            resources: json(&written.resources, "")?,
            details: json(&written.details, "")?,
            host: Text::parse(written.host.as_deref().unwrap_or_default())?,
            data: written.category.as_deref() == Some("Data"),
            event_type: written
                .event_type
                .unwrap_or_else(|| "AwsApiCall".to_owned()),
            deny: match written.nodeny || needs.is_empty() {
                true => None,
                false => Some(written.deny.unwrap_or_else(|| "AccessDenied".to_owned())),
            },
            source: written.source,
            name: written.name,
            weight: written.weight,
            read: written.read,
            kind,
            who: written.who,
            api: written.api,
            via: written.via,
            fail: written.fail,
            has_request_id: !written.norequest,
            shared: written.shared,
            global: written.global,
            needs,
        })
    }
}

impl Text {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            let word = from.strip_prefix('{').unwrap_or_default();
            let end =
                word.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
            let (word, after) = word.split_at(end.unwrap_or(word.len()));
            let Some(after) = after.strip_prefix('}').filter(|_| !word.is_empty()) else {
                literal.push('{');
                rest = from.strip_prefix('{').unwrap_or_default();
                continue;
            };
            let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == word) else {
                bail!("no field is called `{word}`");
            };
            rest = after;
            // Numbers stand without the quotes that make the template JSON.
            if matches!(field, Field::Int | Field::Millis) && literal.ends_with('"') {
                literal.pop();
                rest = after.strip_prefix('"').unwrap_or(after);
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Field(*field));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self(pieces))
    }

    fn uses(&self, wanted: Field) -> bool {
        let mut pieces = self.0.iter();
        pieces.any(|piece| matches!(piece, Piece::Field(field) if *field == wanted))
    }
}

/// JSON without white space between its tokens.
fn without_spaces(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        if in_string {
            in_string = escaped || *c != '"';
            escaped = !escaped && *c == '\\';
            return true;
        }
        in_string = *c == '"';
        !c.is_whitespace()
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_templates_cover_what_trails_hold() -> anyhow::Result<()> {
        let (templates, _) = all()?;
        let types: BTreeSet<_> = templates.iter().map(|t| (&t.source, &t.name)).collect();
        let services: BTreeSet<_> = templates.iter().map(|t| &t.source).collect();
        assert!(types.len() >= 60, "{}", types.len());
        assert!(services.len() >= 30, "{}", services.len());
        Ok(())
    }

    #[test]
    fn placeholders_stand_apart_from_json() -> anyhow::Result<()> {
        let text = Text::parse(r#"{"a":{},"n":"{int}","k":"x/{name}"}"#)?;
        let shown: Vec<String> = text.0.iter().map(|piece| format!("{piece:?}")).collect();
        assert_eq!(
            shown,
            [
                r#"Literal("{\"a\":{},\"n\":")"#,
                "Field(Int)",
                r#"Literal(",\"k\":\"x/")"#,
                "Field(Name)",
                r#"Literal("\"}")"#,
            ]
        );
        assert!(Text::parse("{nonsense}").is_err());
        Ok(())
    }

    #[test]
    fn spaces_go_but_not_from_strings() {
        assert_eq!(
            without_spaces(r#"{"a b": "c \" d", "e": [1, 2]}"#),
            r#"{"a b":"c \" d","e":[1,2]}"#
        );
    }
}
