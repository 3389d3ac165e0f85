//! Which ARNs does an event spell out, and how are names written into a policy?

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::permission::Origin;
use crate::permission::call::CallInfo;
use crate::permission::resource::kinds::Kinds;
use crate::permission::resource::template::{Fit, SplitArn};

/// The longest ARN that AWS makes. What is longer is no ARN, and costly to compare.
const MAX_ARN: usize = 2_048;

/// An ARN that an event spells out.
#[derive(Debug)]
pub(super) struct Named<'i> {
    /// Where it stands; an earlier place says more about what the call is about.
    pub(super) place: Spot,
    /// As the event gives it.
    arn: &'i str,
    /// The same with something behind it, if it is only what names begin with.
    longer: Option<String>,
    /// Split for comparison, if it is whole.
    split: Option<SplitArn<'i>>,
    kinds: &'static Kinds,
    best_fit: OnceCell<Fit>,
}

/// Where an event spells an ARN out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    /// In `resources`.
    Resources,
    /// In a member that says that it is the resource.
    Resource,
    /// In another member of the request itself.
    Shallow,
    /// Further down.
    Deep,
}

/// ARNs that the event spells out: in `resources`, and as values of the request. Without
/// repetitions, in a stable order.
pub(super) fn named<'i>(info: &'i CallInfo<'_>, kinds: &'static Kinds) -> Vec<Named<'i>> {
    let mut named = listed(info, kinds);
    for member in info.request().arns() {
        let is_resource = matches!(
            member.name,
            "resourcearn" | "resourcearns" | "resourcename" | "resources" | "resource" | "arn"
        );
        // `CreateThingRequest` is around all of the request.
        let shallow = member.depth == 1 || member.depth == 2 && member.around.ends_with("request");
        let spot = match shallow {
            true if is_resource => Spot::Resource,
            true => Spot::Shallow,
            false => Spot::Deep,
        };
        push(&mut named, member.value, false, spot, kinds);
    }
    named
}

/// Those in `resources` alone.
pub(super) fn listed<'i>(info: &'i CallInfo<'_>, kinds: &'static Kinds) -> Vec<Named<'i>> {
    let mut named = Vec::new();
    for one in info.resource_arns() {
        push(&mut named, &one.arn, one.begins, Spot::Resources, kinds);
    }
    named
}

fn push<'i>(
    named: &mut Vec<Named<'i>>,
    arn: &'i str,
    begins: bool,
    place: Spot,
    kinds: &'static Kinds,
) {
    // The ARN of a log group may be given as the pattern of what is in it.
    let literal = arn.strip_suffix(":*").unwrap_or(arn);
    let hidden = literal.contains('_') && literal.contains("HIDDEN_DUE_TO");
    let odd = literal.len() > MAX_ARN || hidden;
    if odd || named.iter().any(|known| known.arn == literal) {
        return;
    }
    named.push(Named {
        place,
        arn: literal,
        longer: begins.then(|| format!("{literal}-")),
        split: (!begins).then(|| SplitArn::of(literal)),
        kinds,
        best_fit: OnceCell::new(),
    });
}

impl Named<'_> {
    /// The ARN for comparison.
    pub(super) fn literal(&self) -> &str {
        self.longer.as_deref().unwrap_or(self.arn)
    }

    /// The same, split.
    pub(super) fn split(&self) -> SplitArn<'_> {
        self.split.unwrap_or_else(|| SplitArn::of(self.literal()))
    }

    /// As IAM reads it in a policy, and how much of the resource that tells.
    pub(super) fn written(&self) -> (String, Origin) {
        match self.longer {
            Some(_) => (escaped(self.arn) + "*", Origin::Partial),
            None => (escaped(self.arn), Origin::Event),
        }
    }

    /// How well the template that fits best does, of all types of the service.
    pub(super) fn best_fit(&self) -> Fit {
        *self
            .best_fit
            .get_or_init(|| self.kinds.best_fit(&self.split()))
    }
}

/// A literal ARN as IAM reads it in a policy.
pub(in crate::permission) fn escaped(arn: &str) -> String {
    if !has_wildcard(arn) {
        return arn.to_owned();
    }
    let mut parts = arn.splitn(6, ':');
    // Before the fifth colon there are wildcards, and nothing to escape them with. No ARN has one.
    let plain = |field: &str| Cow::Owned(field.replace(['*', '?', '$'], "-"));
    let mut escaped: Vec<Cow<'_, str>> = parts.by_ref().take(5).map(plain).collect();
    escaped.extend(parts.next().map(escaped_name));
    escaped.join(":")
}

fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'*' | b'?' | b'$'))
}

/// A literal name as IAM reads it in a policy: `*`, `?` and `$` would be wildcards and variables.
pub(in crate::permission) fn escaped_name(name: &str) -> Cow<'_, str> {
    if !has_wildcard(name) {
        return Cow::Borrowed(name);
    }
    let mut escaped = String::with_capacity(name.len() + 4);
    for sign in name.chars() {
        match sign {
            '*' | '?' | '$' => escaped.extend(['$', '{', sign, '}']),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}
