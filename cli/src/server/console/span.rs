//! Which time does a page show?

use jiff::Timestamp;
use maud::{Markup, html};
use trailwright_engine::time::TimeRange;

use super::fields::Fields;
use super::text::day_text;
use super::trouble::Trouble;

/// Days that one link asks for.
const PRESETS: [i64; 3] = [7, 30, 90];

/// The range of `from` and `to`, as people write them.
pub(super) fn range(fields: &Fields) -> Result<TimeRange, Trouble> {
    let now = Timestamp::now().as_microsecond();
    Ok(TimeRange::between(
        fields.get("from"),
        fields.get("to"),
        now,
    )?)
}

/// Fields for `from` and `to`.
pub(super) fn inputs(fields: &Fields) -> Markup {
    html! {
        @for (name, label, example) in [("from", "From", "2026-11-01, -90d"), ("to", "To", "2026-11-30, today")] {
            div.field {
                label for={ "f-" (name) } { (label) }
                input id={ "f-" (name) } name=(name) value=[fields.get(name)] placeholder=(example)
                    size="14" autocomplete="off" spellcheck="false";
            }
        }
    }
}

/// Links to all of the logs and to their last days. `last` is their last day.
pub(super) fn presets(fields: &Fields, path: &str, last: Option<i64>) -> Markup {
    let all = fields.clone().without("from").without("to");
    let all = all.without("page");
    html! {
        @if let Some(last) = last {
            p.presets {
                a href=(all.link(path))
                    aria-current=[(fields.get("from").or(fields.get("to")).is_none()).then_some("true")] { "All logs" }
                @for days in PRESETS {
                    @let from = day_text(last - days + 1);
                    a href=(all.clone().with("from", &from).link(path))
                        aria-current=[(fields.get("from") == Some(&*from) && fields.get("to").is_none()).then_some("true")] {
                        "Last " (days) " days"
                    }
                }
            }
        }
    }
}
