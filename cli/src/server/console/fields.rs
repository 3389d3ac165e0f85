//! What does a query or a form say?

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use maud::{Markup, html};
use url::form_urlencoded;

/// Names and values in their order. A name may have several values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the text of a query or of a form's body.
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a name that is not empty, without white space around it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a name that are not empty, without white space around them.
    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let own = self.0.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.trim())
            .filter(|it| !it.is_empty())
    }

    /// The first value of a name as it was sent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let own = self.0.iter().find(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    /// Whether this value of a name is there.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|own| own == value)
    }

    /// A number, if there is one.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }

    /// All names and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The same with one value for a name, whatever it had.
    #[must_use]
    pub(super) fn with(self, name: &str, value: impl ToString) -> Self {
        self.without(name).and(name, value)
    }

    /// The same with one more value for a name.
    #[must_use]
    pub(super) fn and(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same without a name.
    #[must_use]
    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(own, _)| own != name);
        self
    }

    /// The same without one value of a name.
    #[must_use]
    pub(super) fn without_value(mut self, name: &str, value: &str) -> Self {
        self.0
            .retain(|(own, known)| own != name || known.trim() != value);
        self
    }

    /// The same with the names that are wanted.
    #[must_use]
    pub(super) fn filter(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|(own, _)| wanted(own));
        self
    }

    /// Hidden inputs that say the same.
    pub(super) fn hidden(&self) -> Markup {
        html! {
            @for (name, value) in self.pairs().filter(|(_, value)| !value.is_empty()) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }

    /// The same with these names only.
    #[must_use]
    pub(super) fn only(mut self, names: &[&str]) -> Self {
        self.0.retain(|(own, _)| names.contains(&own.as_str()));
        self
    }

    /// A link to `path` that says the same. Names without a value are left out.
    pub(super) fn link(&self, path: &str) -> String {
        let said = self.0.iter().filter(|(_, value)| !value.is_empty());
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(said)
            .finish();
        match query.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{query}"),
        }
    }
}

/// A link to `path` with one name and its value.
pub(super) fn link(path: &str, name: &str, value: &str) -> String {
    Fields::default().and(name, value).link(path)
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self::parse(query.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_was_read_and_nothing_else() {
        let fields = Fields::parse(b"q=a%26b+c&add=s3%3AX&add=&add=s3%3AY&page=2");
        assert_eq!(fields.get("q"), Some("a&b c"));
        assert_eq!(fields.all("add").collect::<Vec<_>>(), ["s3:X", "s3:Y"]);
        let fields = fields.with("page", 3).with("add", "s3:Y");
        assert_eq!(fields.link("/x"), "/x?q=a%26b+c&page=3&add=s3%3AY");
        assert_eq!(Fields::default().link("/x"), "/x");
        assert_eq!(link("/x", "q", "\"><script>"), "/x?q=%22%3E%3Cscript%3E");
    }
}
