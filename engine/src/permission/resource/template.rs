//! What does an ARN template stand for?
//!
//! `arn:${Partition}:s3:::${BucketName}/${ObjectName}` fits an ARN, is filled with values, or
//! is widened to a pattern.

use std::borrow::Cow;

use super::arn_text::escaped_name;
use super::place::Place;

/// The name of a variable that has none.
pub(super) const UNNAMED: &str = "*";

/// A parsed ARN template.
#[derive(Debug)]
pub(super) struct Template<'t> {
    parts: Vec<Part<'t>>,
    /// Its first fields and what is behind them: most templates of a service differ there alone.
    split: Option<([Field<'t>; FIELDS], Vec<Part<'t>>)>,
    /// What the resource begins with, if that is literal.
    start: &'t str,
    /// How many signs of it are literal.
    literals: usize,
}

/// Partition, service, region and account.
const FIELDS: usize = 4;

#[derive(Debug, Clone, Copy)]
enum Field<'t> {
    Literal(&'t str),
    /// Partition, region and account may be empty.
    Place,
}

impl<'t> Field<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        match text {
            "${Partition}" | "${Region}" | "${Account}" => Some(Self::Place),
            literal if !literal.contains(['$', '*']) => Some(Self::Literal(literal)),
            _ => None,
        }
    }

    fn takes(self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == text,
            Self::Place => true,
        }
    }
}

/// An ARN, split once to be compared with many templates.
#[derive(Debug, Clone, Copy)]
pub(super) struct SplitArn<'a> {
    whole: &'a str,
    split: Option<([&'a str; FIELDS], &'a str)>,
}

impl<'a> SplitArn<'a> {
    pub(super) fn of(arn: &'a str) -> Self {
        Self {
            whole: arn,
            split: split(arn),
        }
    }
}

/// What stands between the first colons of an ARN or a template, and what is behind them.
fn split(text: &str) -> Option<([&str; FIELDS], &str)> {
    let mut fields = text.strip_prefix("arn:")?.splitn(FIELDS + 1, ':');
    let mut next = || fields.next();
    let first = [next()?, next()?, next()?, next()?];
    Some((first, next()?))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'t> {
    Literal(&'t str),
    Variable(&'t str),
}

/// How well a template fits an ARN; the better of two fits is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Not at all.
    None,
    /// A variable had to reach over a separator. The number is that of literal signs.
    Loose(usize),
    /// Each variable is one word.
    Strict(usize),
}

impl<'t> Template<'t> {
    pub(super) fn parse(text: &'t str) -> Self {
        let parts = parse(text);
        let literals = parts.iter().map(|part| match part {
            Part::Literal(text) => text.len(),
            Part::Variable(_) => 0,
        });
        let literals = literals.sum();
        let split = split(text).and_then(|([a, b, c, d], behind)| {
            let fields = [
                Field::parse(a)?,
                Field::parse(b)?,
                Field::parse(c)?,
                Field::parse(d)?,
            ];
            Some((fields, parse(behind)))
        });
        let start = match split.as_ref().and_then(|(_, behind)| behind.first()) {
            Some(Part::Literal(start)) => start,
            _ => "",
        };
        Self {
            parts,
            split,
            start,
            literals,
        }
    }

    /// The variables that the call must give: all but partition, region and account.
    pub(super) fn variables(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable("Partition" | "Region" | "Account") | Part::Literal(_) => None,
            Part::Variable(name) => Some(*name),
        })
    }

    pub(super) fn fit(&self, arn: &SplitArn<'_>) -> Fit {
        let (parts, text) = match (&self.split, arn.split) {
            (Some((fields, parts)), Some((of_arn, rest))) => {
                // Most templates of a service differ in what the resource begins with.
                let mut pairs = fields.iter().zip(of_arn);
                if !rest.starts_with(self.start) || !pairs.all(|(field, text)| field.takes(text)) {
                    return Fit::None;
                }
                (parts, rest)
            }
            _ => (&self.parts, arn.whole),
        };
        if fits(parts, text, b"/:", b"/:") {
            Fit::Strict(self.literals)
        } else if fits(parts, text, b":", b"") {
            Fit::Loose(self.literals)
        } else {
            Fit::None
        }
    }

    /// What `arn` has in the place of a variable, if the template fits it with one word for each.
    pub(super) fn value_in<'s>(&self, arn: &'s str, variable: &str) -> Option<&'s str> {
        let mut parts = self.parts.iter();
        if !parts.any(|part| *part == Part::Variable(variable)) {
            return None;
        }
        captured(&self.parts, arn, variable)
    }

    /// The part of `arn` that is an ARN of this template, where something lies below it: the
    /// state machine in the ARN of its alias.
    pub(super) fn above<'s>(&self, arn: &'s str) -> Option<&'s str> {
        self.variables().next()?;
        let mut rest = arn;
        for part in &self.parts {
            rest = match part {
                Part::Literal(literal) => rest.strip_prefix(literal)?,
                Part::Variable(name) => {
                    let end = rest.find([':', '/']).unwrap_or(rest.len());
                    let is_place = matches!(*name, "Partition" | "Region" | "Account");
                    if end == 0 && !is_place {
                        return None;
                    }
                    rest.get(end..)?
                }
            };
        }
        rest.starts_with([':', '/'])
            .then(|| arn.get(..arn.len() - rest.len()))?
    }

    /// The ARN with `value` for each of [`variables`](Self::variables).
    pub(super) fn fill<'v>(
        &self,
        place: &Place<'_>,
        mut value: impl FnMut(&str) -> Option<Cow<'v, str>>,
    ) -> Option<String> {
        // Most ARNs are shorter.
        let mut arn = String::with_capacity(128);
        for part in &self.parts {
            match part {
                Part::Literal(text) => arn.push_str(text),
                Part::Variable("Partition") => arn.push_str(place.partition),
                Part::Variable("Region") => arn.push_str(place.region),
                Part::Variable("Account") => arn.push_str(place.account),
                Part::Variable(name) => arn.push_str(&value(name)?),
            }
        }
        Some(arn)
    }

    /// The pattern of every resource of this type in the place.
    pub(super) fn widened(&self, place: &Place<'_>) -> String {
        self.fill(place, |_| Some(Cow::Borrowed("*")))
            .unwrap_or_default()
    }
}

/// The parts of a template's text.
fn parse(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, behind)) = rest.split_once("${") {
        let Some((variable, behind)) = behind.split_once('}') else {
            break;
        };
        push_literal(&mut parts, literal);
        parts.push(Part::Variable(variable));
        rest = behind;
    }
    push_literal(&mut parts, rest);
    parts
}

/// Some templates have a `*` for what AWS gives no name.
fn push_literal<'t>(parts: &mut Vec<Part<'t>>, text: &'t str) {
    let mut pieces = text.split('*');
    let first = pieces.next().filter(|piece| !piece.is_empty());
    parts.extend(first.map(Part::Literal));
    for piece in pieces {
        parts.push(Part::Variable(UNNAMED));
        if !piece.is_empty() {
            parts.push(Part::Literal(piece));
        }
    }
}

/// Whether `parts` cover the whole of `text`, variables being not empty and without the signs
/// of `inner`, or of `last` for the last part.
fn fits(parts: &[Part<'_>], text: &str, inner: &[u8], last: &[u8]) -> bool {
    match parts {
        [] => text.is_empty(),
        [Part::Literal(literal), rest @ ..] => text
            .strip_prefix(literal)
            .is_some_and(|text| fits(rest, text, inner, last)),
        // Partition, region and account are fields of their own, and may be empty.
        [
            Part::Variable("Partition" | "Region" | "Account"),
            rest @ ..,
        ] => {
            let end = text.find(':').unwrap_or(text.len());
            fits(rest, text.get(end..).unwrap_or_default(), inner, last)
        }
        [Part::Variable(_)] => !text.is_empty() && !text.bytes().any(|byte| last.contains(&byte)),
        // The shortest value that lets the literal behind it, and the rest, fit.
        [Part::Variable(_), rest @ ..] => {
            for (at, sign) in text.char_indices() {
                if sign.is_ascii() && inner.contains(&(sign as u8)) {
                    return false;
                }
                let behind = text.get(at + sign.len_utf8()..).unwrap_or_default();
                if fits(rest, behind, inner, last) {
                    return true;
                }
            }
            false
        }
    }
}

/// What `text` has in the place of `wanted`, where all of `parts` are one word each.
fn captured<'s>(parts: &[Part<'_>], text: &'s str, wanted: &str) -> Option<&'s str> {
    let mut rest = text;
    let mut found = None;
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Literal(literal) => rest = rest.strip_prefix(literal)?,
            Part::Variable(name) => {
                let end = match parts.peek() {
                    Some(Part::Literal(next)) => rest.find(next)?,
                    _ => rest.len(),
                };
                let (value, behind) = rest.split_at(end);
                if value.contains(['/', ':']) {
                    return None;
                }
                if *name == wanted {
                    found = Some(value);
                }
                rest = behind;
            }
        }
    }
    found.filter(|value| rest.is_empty() && !value.is_empty())
}

/// The ARN that `name` makes of a template; none where it takes more than a name.
pub(in crate::permission) fn of_name(
    template: &str,
    name: &str,
    place: &Place<'_>,
) -> Option<String> {
    let template = Template::parse(template);
    let name = escaped_name(name);
    match template.variables().count() {
        1 => template.fill(place, |_| Some(name.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "arn:${Partition}:s3:::${BucketName}";
    const OBJECT: &str = "arn:${Partition}:s3:::${BucketName}/${ObjectName}";

    fn fit(template: &str, arn: &str) -> Fit {
        Template::parse(template).fit(&SplitArn::of(arn))
    }

    #[test]
    fn an_object_is_no_bucket() {
        let bucket = "arn:aws:s3:::logs";
        let object = "arn:aws:s3:::logs/2026/11/a.gz";
        assert!(fit(BUCKET, bucket) > fit(OBJECT, bucket));
        assert!(fit(OBJECT, object) > fit(BUCKET, object));
    }

    #[test]
    fn a_value_is_read_out_of_an_arn() {
        let template = Template::parse(
            "arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}",
        );
        let arn = "arn:aws:ecs:us-east-1:1:service/prod/web";
        assert_eq!(template.value_in(arn, "ClusterName"), Some("prod"));
        assert_eq!(template.value_in(arn, "ServiceName"), Some("web"));
        assert_eq!(template.value_in(arn, "TaskId"), None);
    }

    #[test]
    fn a_resource_is_found_in_the_arn_of_what_lies_below_it() {
        let machine = Template::parse(
            "arn:${Partition}:states:${Region}:${Account}:stateMachine:${StateMachineName}",
        );
        let of = |name: &str| format!("arn:aws:states:us-east-1:1:{name}");
        assert_eq!(
            machine.above(&of("stateMachine:jobs:live")),
            Some(of("stateMachine:jobs").as_str())
        );
        assert_eq!(machine.above(&of("stateMachine:jobs")), None);
        assert_eq!(machine.above(&of("execution:jobs:1")), None);
    }

    #[test]
    fn a_template_is_filled_in_its_place() {
        let place = Place {
            partition: "aws-cn",
            region: "cn-north-1",
            account: "1",
        };
        let template =
            Template::parse("arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}");
        assert_eq!(
            template.fill(&place, |_| Some("i-1".into())).as_deref(),
            Some("arn:aws-cn:ec2:cn-north-1:1:instance/i-1")
        );
        assert_eq!(
            template.widened(&place),
            "arn:aws-cn:ec2:cn-north-1:1:instance/*"
        );
    }
}
