//! A request and the policies that bear on it, in a form that both sides read.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trailwright_engine::PolicyDocument;
use trailwright_engine::evaluate::{Context, Decision, Layers, Request, evaluate};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) request: Asked,
    pub(crate) identity: Vec<Value>,
    #[serde(default)]
    pub(crate) boundary: Option<Value>,
    #[serde(default)]
    pub(crate) service_control: Vec<Vec<Value>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) principal: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) context: BTreeMap<String, OneOrMany>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    #[serde(rename = "allowed")]
    Allowed,
    #[serde(rename = "explicit deny")]
    ExplicitDeny,
    #[serde(rename = "implicit deny")]
    ImplicitDeny,
}

impl Case {
    pub(crate) fn our_answer(&self) -> Answer {
        let mut context = Context::default();
        for (key, values) in &self.request.context {
            let values = match values {
                OneOrMany::One(value) => vec![value.clone()],
                OneOrMany::Many(values) => values.clone(),
            };
            context.set(key, values);
        }
        let request = Request {
            principal: self.request.principal.clone(),
            action: self.request.action.clone(),
            resource: self.request.resource.clone(),
            context,
        };
        let boundary = self.boundary.as_ref().map(document);
        let levels: Vec<Vec<PolicyDocument>> = self
            .service_control
            .iter()
            .map(|level| level.iter().map(document).collect())
            .collect();
        let decision = evaluate(
            &request,
            &Layers {
                identity: &self.identity.iter().map(document).collect::<Vec<_>>(),
                boundary: boundary.as_ref(),
                service_control: &levels,
            },
        );
        match decision {
            Decision::Allowed(_) => Answer::Allowed,
            Decision::ExplicitDeny(_) => Answer::ExplicitDeny,
            Decision::ImplicitDeny(_) => Answer::ImplicitDeny,
        }
    }
}

fn document(json: &Value) -> PolicyDocument {
    json.to_string().parse().unwrap()
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicit deny",
            Self::ImplicitDeny => "implicit deny",
        })
    }
}
