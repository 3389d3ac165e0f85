//! What is around each step of the wizard?

use maud::{Markup, html};

use super::super::fields::{Fields, link};
use super::super::text::name_of;
use super::choice::carried;

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Generate,
    Review,
    Customize,
    Proof,
    Finish,
}

const STEPS: [(Step, &str, &str); 5] = [
    (Step::Generate, "", "Generate"),
    (Step::Review, "review", "Review"),
    (Step::Customize, "customize", "Customize"),
    (Step::Proof, "proof", "Proof"),
    (Step::Finish, "finish", "Finish"),
];

/// A link to a step, with all that was chosen.
pub(super) fn to(id: &str, step: Step, fields: &Fields) -> String {
    let known = STEPS.iter().find(|(own, ..)| *own == step);
    let path = known.map_or("", |(_, path, _)| path);
    match path {
        "" => format!("/jobs/{id}"),
        path => carried(fields).link(&format!("/jobs/{id}/{path}")),
    }
}

/// The steps above a page, with links to those that can be gone to.
pub(super) fn steps(id: Option<&str>, here: Step, fields: &Fields) -> Markup {
    html! {
        nav.steps aria-label="Steps" {
            ol {
                @for (step, _, name) in STEPS {
                    li aria-current=[(step == here).then_some("step")] {
                        @match id {
                            Some(id) if step != here && step != Step::Generate => a href=(to(id, step, fields)) { (name) },
                            _ => span { (name) },
                        }
                    }
                }
            }
        }
    }
}

/// The name of the principal that a page is about.
pub(super) fn title(what: &str, principal: &str) -> Markup {
    html! {
        h1 { (what) " " a.subject href=(link("/principal", "arn", principal)) { (name_of(principal)) } }
        p.arn.mono { (principal) }
    }
}
