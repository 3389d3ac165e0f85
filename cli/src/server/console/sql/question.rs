//! Which query does a page ask, and with which values?

use datafusion::scalar::ScalarValue;
use jiff::Timestamp;
use trailwright_sql::NamedQuery;

use super::super::fields::Fields;
use super::super::trouble::Trouble;

/// A query, or one with a name and its values as they were typed.
pub(super) enum Question<'a> {
    Typed(&'a str),
    Named(&'a NamedQuery, Vec<(String, String)>),
}

/// The text of a query and the values that are bound to it.
type Bound<'a> = (&'a str, Vec<(String, ScalarValue)>);

/// The name of the field for a parameter: apart from all other fields.
pub(super) fn field(parameter: &str) -> String {
    format!("p.{parameter}")
}

impl<'a> Question<'a> {
    /// The question of a page, if it asks one. A query with a name that takes a value waits for it.
    pub(super) fn of(fields: &'a Fields, named: &'a [NamedQuery]) -> Option<Self> {
        if let Some(name) = fields.get("name") {
            let query = named.iter().find(|it| it.name == name)?;
            let needs = query.parameters.iter().any(|it| it.default.is_none());
            if needs && fields.get("run").is_none() {
                return None;
            }
            let given = query.parameters.iter().filter_map(|parameter| {
                let value = fields.get(&field(&parameter.name))?;
                Some((parameter.name.clone(), value.to_owned()))
            });
            return Some(Self::Named(query, given.collect()));
        }
        fields.get("q").map(Self::Typed)
    }

    /// The text of the query and the values that are bound to it.
    pub(super) fn bound(&self) -> Result<Bound<'a>, Trouble> {
        match self {
            Self::Typed(text) => Ok((text, Vec::new())),
            Self::Named(query, given) => {
                let values = query.bind(given, Timestamp::now().as_microsecond())?;
                Ok((&query.text, values))
            }
        }
    }
}
