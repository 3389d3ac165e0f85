//! What is the policy called, and would IAM take that?

use std::collections::BTreeMap;

use maud::{Markup, html};
use trailwright_engine::format::{AttachTo, Naming};

use super::super::fields::Fields;
use super::super::text::alert;
use super::super::trouble::Trouble;
use super::choice::carried;
use super::written::Written;
use crate::report;

/// Signs of a name, of a description, of a tag's key and of its value.
const NAME: usize = 128;
const DESCRIPTION: usize = 1_000;
const KEY: usize = 128;
const VALUE: usize = 256;

/// Tags of a policy.
const TAGS: usize = 50;

/// The name that fields give, or what the policy is called where they give none.
pub(super) fn name(fields: &Fields, written: &Written) -> String {
    let name = fields.get("name").map(ToOwned::to_owned);
    name.unwrap_or_else(|| AttachTo::of(written.case.principal()).policy_name())
}

/// The description that fields give, or what the policy is.
pub(super) fn description(fields: &Fields, written: &Written) -> String {
    let given = fields.get("description").map(ToOwned::to_owned);
    given.unwrap_or_else(|| report::description(&written.dossier))
}

/// What fields say, if IAM takes it.
pub(super) fn naming(fields: &Fields) -> Result<Naming, Trouble> {
    let name = fields.get("name");
    let in_name = |sign: char| sign.is_ascii_alphanumeric() || "+=,.@_-".contains(sign);
    if let Some(name) = name
        && (!name.chars().all(in_name) || name.len() > NAME)
    {
        return Err(
            Trouble::refused(format!("IAM takes no policy of the name `{name}`"))
                .hint("write up to 128 letters, digits and signs of + = , . @ _ -"),
        );
    }
    let description = fields.get("description");
    let in_description =
        |sign: char| matches!(sign, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if let Some(text) = description
        && (!text.chars().all(in_description) || text.chars().count() > DESCRIPTION)
    {
        return Err(Trouble::refused("IAM does not take this description")
            .hint("write up to 1,000 signs of Latin letters, digits and punctuation"));
    }
    Ok(Naming {
        name: name.map(ToOwned::to_owned),
        description: description.map(ToOwned::to_owned),
        tags: tags(fields)?,
    })
}

/// The tags, one a line.
fn tags(fields: &Fields) -> Result<BTreeMap<String, String>, Trouble> {
    let text = fields.text("tags").unwrap_or_default();
    let mut tags = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let refused = |what: &str| Trouble::refused(format!("{what}: `{line}`"));
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| refused("expected a tag as KEY=VALUE").hint("write one tag a line"))?;
        let (key, value) = (key.trim(), value.trim());
        let in_tag = |sign: char| sign.is_alphanumeric() || " _.:/=+-@".contains(sign);
        if key.is_empty()
            || key.chars().count() > KEY
            || value.chars().count() > VALUE
            || !line.chars().all(in_tag)
        {
            return Err(refused("IAM does not take this tag")
                .hint("write letters, digits, spaces and signs of _ . : / = + - @"));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(refused("tags that begin with aws: are AWS's own"));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(refused("the key of this tag is there twice"));
        }
    }
    match tags.len() > TAGS {
        true => Err(Trouble::refused("a policy takes 50 tags at most")),
        false => Ok(tags),
    }
}

/// The form, with what is wrong in it.
pub(super) fn form(
    id: &str,
    fields: &Fields,
    written: &Written,
    wrong: Option<&Trouble>,
) -> Markup {
    let kept = carried(fields).filter(|name| !["name", "description", "tags"].contains(&name));
    html! {
        section.wide {
            h2 { "Name and description" }
            @if let Some(wrong) = wrong { (alert(wrong.message(), wrong.help())) }
            form.stack method="get" action={ "/jobs/" (id) "/finish" } {
                (kept.hidden())
                div.field {
                    label for="name" { "Name" }
                    input.mono #name name="name" value=(name(fields, written)) maxlength=(NAME) autocomplete="off" spellcheck="false";
                }
                div.field {
                    label for="description" { "Description" }
                    input #description name="description" value=(description(fields, written)) maxlength=(DESCRIPTION);
                }
                div.field {
                    label for="tags" { "Tags" }
                    textarea.code #tags name="tags" rows="3" placeholder="team=payments" spellcheck="false" aria-describedby="tags-doc" { "\n" (fields.text("tags").unwrap_or_default()) }
                    span.hint #tags-doc { "One a line, KEY=VALUE." }
                }
                button type="submit" { "Use these" }
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_iam_refuses_is_told_before_it_is_asked() {
        let of = |name: &str, value: &str| naming(&Fields::default().and(name, value));
        for (field, value) in [
            ("name", "two words"),
            ("name", &*"x".repeat(129)),
            ("description", "≈"),
            ("tags", "team"),
            ("tags", "=x"),
            ("tags", "a=b\na=c"),
            ("tags", "AWS:x=y"),
            ("tags", "a=<b>"),
        ] {
            assert!(of(field, value).is_err(), "{field} {value}");
        }
        let tags = of("tags", " team = a=b \r\n\r\ncost center=\n")
            .unwrap()
            .tags;
        let expected = [("cost center", ""), ("team", "a=b")];
        assert!(
            tags.iter()
                .map(|(key, value)| (&**key, &**value))
                .eq(expected)
        );
        assert_eq!(
            of("name", "a+b@c.d_e-f").unwrap().name.unwrap(),
            "a+b@c.d_e-f"
        );
    }
}
