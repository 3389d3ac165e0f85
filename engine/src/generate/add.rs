//! What does the user ask for that was not seen?

use std::borrow::Cow;

use super::Used;
use super::template::limiting_templates;
use crate::answers::{self, Addition, Answers};
use crate::reference::Reference;

/// The actions that the answers add, on what they name or, as placeholders, can be limited to.
pub(super) fn asked_for<'a>(
    answers: &'a Answers,
    principal: &str,
    reference: &'a Reference,
) -> Vec<Used<'a>> {
    let mut asked = Vec::new();
    for addition in &answers.add {
        let action = spelled(addition.action(), reference);
        let resources: Vec<Cow<'a, str>> = match addition {
            Addition::On(on) => on.resources.iter().map(|it| Cow::Borrowed(&**it)).collect(),
            Addition::Action(action) => {
                let templates = limiting_templates(action, principal, reference);
                templates.into_iter().map(Cow::Owned).collect()
            }
        };
        let resources = match resources.is_empty() {
            true => vec![Cow::Borrowed("*")],
            false => resources,
        };
        asked.extend(resources.into_iter().map(|resource| Used {
            action: action.clone(),
            resource,
            conditions: Vec::new(),
        }));
    }
    asked
}

/// As AWS spells it, so that it is not granted twice.
fn spelled<'a>(action: &'a str, reference: &Reference) -> Cow<'a, str> {
    match answers::known(action, reference) {
        Ok(known) => Cow::Owned(known),
        Err(_) => Cow::Borrowed(action),
    }
}
