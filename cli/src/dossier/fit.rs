//! What helps where a policy is larger than IAM takes?
//!
//! Nothing is promised that was not tried.

use trailwright_engine::Reference;
use trailwright_engine::dossier::Seen;
use trailwright_engine::generate::{DoesNotFit, Options, Style, Target, fit, generate_with};

/// What to do about `error`. `threshold` is what a compact policy would be written with.
pub(crate) fn hint(
    error: &DoesNotFit,
    seen: &Seen<'_>,
    options: &Options,
    target: Target,
    threshold: usize,
) -> String {
    if target == Target::Scp {
        return match options.style {
            Style::Compact { .. } => "a shorter range has fewer actions".to_owned(),
            _ => "--style compact writes wildcards for actions that were all used".to_owned(),
        };
    }
    let compact = Options {
        style: Style::Compact { threshold },
        ..options.clone()
    };
    let documents = |options: &Options, target| {
        let reference = Reference::bundled();
        let generated = generate_with(options, seen.activity, seen.circumstances, reference);
        fit(&generated.document, target)
            .ok()
            .map(|it| it.documents.len())
    };
    let in_words = |count: usize| match count {
        1 => "one document".to_owned(),
        count => format!("{count} documents"),
    };
    if options.style != compact.style
        && let Some(count) = documents(&compact, target)
    {
        return format!("--style compact makes {} of it", in_words(count));
    }
    let is_inline = matches!(
        target,
        Target::InlineRole | Target::InlineUser | Target::InlineGroup
    );
    if is_inline && let Some(count) = documents(options, Target::Managed) {
        return format!("--target managed takes it as {}", in_words(count));
    }
    match error {
        DoesNotFit::Statement { .. } => {
            "no document can hold it; --style compact with a lower --threshold may write a pattern"
        }
        DoesNotFit::Documents { .. } => {
            "--style compact with a lower --threshold writes more patterns, and a shorter range has fewer resources"
        }
    }
    .to_owned()
}
