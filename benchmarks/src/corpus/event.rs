//! How is an event written?

use std::io::Write as _;

use super::calendar::Day;
use super::dice::{Dice, mix_text};
use super::principal::{Identity, Principal};
use super::template::{Field, Piece, Template, Text};
use super::world::Resource;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Outcome {
    Allowed,
    Failed,
    Denied,
}

/// What a template's fields are filled with.
pub(super) struct Scene<'a> {
    pub(super) account: &'a str,
    pub(super) other: &'a str,
    pub(super) region: &'a str,
    pub(super) resource: &'a Resource,
    pub(super) key: &'a str,
    pub(super) email: &'a str,
    pub(super) when: Option<(&'a Day, u32)>,
}

impl Scene<'_> {
    /// Fills in `text`. Without `dice`, what is random stays out.
    pub(super) fn fill(&self, out: &mut Vec<u8>, text: &Text, mut dice: Option<&mut Dice>) {
        for piece in &text.0 {
            match piece {
                Piece::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
                Piece::Field(field) => self.field(out, *field, dice.as_deref_mut()),
            }
        }
    }

    fn field(&self, out: &mut Vec<u8>, field: Field, dice: Option<&mut Dice>) {
        let text = match field {
            Field::Account => self.account,
            Field::Other => self.other,
            Field::Region => self.region,
            Field::Name => &self.resource.name,
            Field::Id => &self.resource.id,
            Field::Guid => &self.resource.guid,
            Field::Six => &self.resource.six,
            Field::Number => &self.resource.number,
            Field::Upper => &self.resource.upper,
            Field::Hex32 => &self.resource.hex32,
            Field::Key => self.key,
            Field::Email => self.email,
            _ => {
                if let (Some(dice), Some((day, second))) = (dice, self.when) {
                    changing(out, field, dice, day, second);
                }
                return;
            }
        };
        out.extend_from_slice(text.as_bytes());
    }

    /// What `text` says of this scene, whatever the time.
    pub(super) fn text(&self, text: &Text) -> String {
        let mut out = Vec::new();
        self.fill(&mut out, text, None);
        String::from_utf8(out).unwrap_or_default()
    }
}

/// Fills in what differs from event to event.
fn changing(out: &mut Vec<u8>, field: Field, dice: &mut Dice, day: &Day, second: u32) {
    match field {
        Field::Uuid => dice.uuid(out),
        Field::Hex17 => dice.hex(out, 17),
        Field::Upper16 => dice.upper(out, 16),
        Field::Base64 => dice.base64(out, 76),
        Field::Token => dice.base64(out, 240),
        Field::Int => number(out, 1 + u64::from(dice.below(2_000_000))),
        Field::Iso => day.iso(out, second),
        Field::Words => day.words(out, second),
        Field::Millis => number(out, (day.begin.unsigned_abs() + u64::from(second)) * 1000),
        _ => {}
    }
}

fn number(out: &mut Vec<u8>, number: u64) {
    // Writing into a vector does not fail.
    let _ = write!(out, "{number}");
}

/// One event, all but its ids decided.
pub(super) struct Event<'a> {
    pub(super) template: &'a Template,
    pub(super) principal: &'a Principal,
    pub(super) identity: &'a Identity,
    pub(super) scene: Scene<'a>,
    pub(super) day: &'a Day,
    pub(super) second: u32,
    pub(super) outcome: Outcome,
}

/// The ids of an event, and how a second account records it.
pub(super) struct Copies {
    /// The event's id.
    pub(super) id: String,
    /// The same call as the account of the resource records it.
    pub(super) elsewhere: Option<Vec<u8>>,
}

impl Event<'_> {
    /// Writes the event, in CloudTrail's order of keys.
    pub(super) fn write(&self, out: &mut Vec<u8>, dice: &mut Dice) -> Copies {
        let Self {
            template, scene, ..
        } = self;
        let crosses = template.who == super::template::Who::Cross;
        let shared = (crosses || template.shared).then(|| dice.text(Dice::uuid));
        let id = dice.text(Dice::uuid);
        let head = self.head();
        let body = self.body(dice);
        let text = |out: &mut Vec<u8>, text: &str| out.extend_from_slice(text.as_bytes());
        let whole = |out: &mut Vec<u8>, identity: &str, id: &str, account: &str| {
            text(out, head.version);
            text(out, identity);
            out.extend_from_slice(&head.rest);
            out.extend_from_slice(&body);
            text(out, "\"eventID\":\"");
            text(out, id);
            text(out, "\",\"readOnly\":");
            text(out, if template.read { "true" } else { "false" });
            if !template.resources.0.is_empty() {
                text(out, ",\"resources\":");
                scene.fill(out, &template.resources, None);
            }
            text(out, ",\"eventType\":\"");
            text(out, &template.event_type);
            if let Some(api) = &template.api {
                text(out, "\",\"apiVersion\":\"");
                text(out, api);
            }
            text(out, "\",\"managementEvent\":");
            text(out, if template.data { "false" } else { "true" });
            text(out, ",\"recipientAccountId\":\"");
            text(out, account);
            if let Some(shared) = &shared {
                text(out, "\",\"sharedEventID\":\"");
                text(out, shared);
            }
            text(out, "\",\"eventCategory\":\"");
            text(
                out,
                if template.data {
                    "Data\""
                } else {
                    "Management\""
                },
            );
        };
        whole(out, &self.identity.json, &id, scene.account);
        self.tail(out);
        let elsewhere = (crosses && self.outcome == Outcome::Allowed).then(|| {
            let mut copy = Vec::new();
            let id = dice.text(Dice::uuid);
            whole(
                &mut copy,
                &self.principal.identity_elsewhere().0,
                &id,
                scene.other,
            );
            self.tail(&mut copy);
            copy
        });
        Copies { id, elsewhere }
    }

    fn head(&self) -> Head {
        let Self { template, .. } = self;
        let mut rest = Vec::with_capacity(256);
        let mut text = |text: &str| rest.extend_from_slice(text.as_bytes());
        text(",\"eventTime\":\"");
        self.day.iso(&mut rest, self.second);
        let mut text = |text: &str| rest.extend_from_slice(text.as_bytes());
        text("\",\"eventSource\":\"");
        text(&template.source);
        text("\",\"eventName\":\"");
        text(&template.name);
        text("\",\"awsRegion\":\"");
        text(self.scene.region);
        text("\",\"sourceIPAddress\":\"");
        text(template.via.as_deref().unwrap_or(&self.principal.address));
        text("\",\"userAgent\":\"");
        text(
            template
                .via
                .as_deref()
                .unwrap_or(&self.principal.user_agent),
        );
        text("\",");
        Head {
            // Services moved from one version to the next at times of their own.
            version: match mix_text(1, &template.source) % 4 {
                0 => "{\"eventVersion\":\"1.08\",\"userIdentity\":",
                1 => "{\"eventVersion\":\"1.09\",\"userIdentity\":",
                2 => "{\"eventVersion\":\"1.10\",\"userIdentity\":",
                _ => "{\"eventVersion\":\"1.11\",\"userIdentity\":",
            },
            rest,
        }
    }

    fn body(&self, dice: &mut Dice) -> Vec<u8> {
        let Self {
            template, scene, ..
        } = self;
        let mut out = Vec::with_capacity(1024);
        match self.outcome {
            Outcome::Allowed => {}
            Outcome::Failed => {
                let code = template.fail.as_deref().unwrap_or_default();
                // Writing into a vector does not fail.
                let _ = write!(
                    out,
                    r#""errorCode":"{code}","errorMessage":"The request could not be completed: {code}","#
                );
            }
            Outcome::Denied => self.refusal(&mut out, dice),
        }
        out.extend_from_slice(b"\"requestParameters\":");
        scene.fill(&mut out, &template.request, Some(dice));
        out.extend_from_slice(b",\"responseElements\":");
        match self.outcome {
            Outcome::Allowed => scene.fill(&mut out, &template.response, Some(dice)),
            _ => out.extend_from_slice(b"null"),
        }
        out.push(b',');
        if !template.additional.0.is_empty() {
            out.extend_from_slice(b"\"additionalEventData\":");
            scene.fill(&mut out, &template.additional, Some(dice));
            out.push(b',');
        }
        if !template.details.0.is_empty() {
            out.extend_from_slice(b"\"serviceEventDetails\":");
            scene.fill(&mut out, &template.details, Some(dice));
            out.push(b',');
        }
        if template.has_request_id {
            out.extend_from_slice(b"\"requestID\":\"");
            dice.uuid(&mut out);
            out.extend_from_slice(b"\",");
        }
        out
    }

    fn refusal(&self, out: &mut Vec<u8>, dice: &mut Dice) {
        let code = self.template.deny.as_deref().unwrap_or_default();
        let Some(need) = self.template.needs.first() else {
            return;
        };
        // Writing into a vector does not fail.
        let _ = write!(
            out,
            r#""errorCode":"{code}","errorMessage":"User: {} is not authorized to perform: {} on resource: "#,
            self.identity.arn, need.action
        );
        self.scene.fill(out, &need.resource, None);
        let _ = write!(
            out,
            " because no identity-based policy allows the {} action",
            need.action
        );
        if self.template.source == "ec2.amazonaws.com" {
            out.extend_from_slice(b". Encoded authorization failure message: ");
            dice.base64(out, 480);
        }
        out.extend_from_slice(b"\",");
    }

    fn tail(&self, out: &mut Vec<u8>) {
        let Self { template, .. } = self;
        if !template.host.0.is_empty() && template.via.is_none() {
            out.extend_from_slice(
                b",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"",
            );
            self.scene.fill(out, &template.host, None);
            out.extend_from_slice(b"\"}");
        }
        if self.principal.in_console() && template.event_type == "AwsApiCall" {
            out.extend_from_slice(b",\"sessionCredentialFromConsole\":\"true\"");
        }
        if let Some(endpoint) = &self.principal.vpc_endpoint
            && template.data
        {
            // Writing into a vector does not fail.
            let _ = write!(out, r#","vpcEndpointId":"{endpoint}""#);
        }
        out.push(b'}');
    }
}

/// What comes before the identity, and right after it.
struct Head {
    version: &'static str,
    rest: Vec<u8>,
}
