//! Which ARNs does an event spell out, and how are names written into a policy?

use crate::permission::Origin;
use crate::permission::call::CallInfo;
use crate::permission::resource::kinds::Kinds;
use crate::permission::resource::template::Fit;

/// The longest ARN that AWS makes. What is longer is no ARN, and costly to compare.
const MAX_ARN: usize = 2_048;

/// An ARN that an event spells out.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// As IAM reads it in a policy.
    pub(super) arn: String,
    pub(super) origin: Origin,
    /// Where it stands; an earlier place says more about what the call is about.
    pub(super) place: Spot,
    /// How well the template that fits best does, of all types of the service.
    pub(super) best_fit: Fit,
    literal: String,
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
pub(super) fn named(info: &CallInfo<'_>, kinds: &Kinds) -> Vec<Named> {
    let listed = info.resource_arns().iter();
    let listed = listed.map(|one| (one.arn.as_str(), one.begins, Spot::Resources));
    let in_request = info.request().arns().map(|member| {
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
        (member.value, false, spot)
    });
    let mut named: Vec<Named> = Vec::new();
    for (arn, begins, place) in listed.chain(in_request) {
        // The ARN of a log group may be given as the pattern of what is in it.
        let literal = arn.strip_suffix(":*").unwrap_or(arn);
        let hidden = literal.contains('_') && literal.contains("HIDDEN_DUE_TO");
        let odd = literal.len() > MAX_ARN || hidden;
        let known = named.iter().any(|known| known.literal == literal);
        if odd || known {
            continue;
        }
        let (arn, origin) = match begins {
            true => (escaped(literal) + "*", Origin::Partial),
            false => (escaped(literal), Origin::Event),
        };
        named.push(Named {
            best_fit: match begins {
                // Something is behind what it begins with.
                true => kinds.best_fit(&format!("{literal}-")),
                false => kinds.best_fit(literal),
            },
            literal: literal.to_owned() + if begins { "-" } else { "" },
            arn,
            origin,
            place,
        });
    }
    named
}

impl Named {
    /// The ARN as the event gives it, for comparison.
    pub(super) fn literal(&self) -> &str {
        &self.literal
    }
}

/// A literal ARN as IAM reads it in a policy.
pub(super) fn escaped(arn: &str) -> String {
    if !has_wildcard(arn) {
        return arn.to_owned();
    }
    let mut parts = arn.splitn(6, ':');
    let mut escaped: Vec<String> = parts.by_ref().take(5).map(ToOwned::to_owned).collect();
    escaped.extend(parts.next().map(escaped_name));
    escaped.join(":")
}

fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'*' | b'?' | b'$'))
}

/// A literal name as IAM reads it in a policy: `*`, `?` and `$` would be wildcards and variables.
pub(super) fn escaped_name(name: &str) -> String {
    if !has_wildcard(name) {
        return name.to_owned();
    }
    let mut escaped = String::with_capacity(name.len() + 4);
    for sign in name.chars() {
        match sign {
            '*' | '?' | '$' => escaped.extend(['$', '{', sign, '}']),
            other => escaped.push(other),
        }
    }
    escaped
}
