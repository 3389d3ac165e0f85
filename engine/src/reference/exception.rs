//! Which events does IAM check under another name than their own, or under several?

use super::event_source;
use super::load::{Cells, Row};

/// An event that IAM checks under another name than its own, or under several.
#[derive(Debug)]
pub struct Exception {
    /// The event source without its domain, such as `s3`.
    pub event_source: &'static str,
    /// The name of the event.
    pub event_name: &'static str,
    /// The actions that IAM checks, some of them only for some requests.
    pub actions: Vec<ExceptionAction>,
    /// The evidence.
    pub source: &'static str,
    /// What else is to be known, or nothing.
    pub note: &'static str,
}

/// An action that IAM checks for an event.
#[derive(Debug)]
pub struct ExceptionAction {
    /// The prefix of its service, which need not be that of the event.
    pub prefix: &'static str,
    /// Its name.
    pub name: &'static str,
    /// For which requests it is checked.
    pub when: When,
}

/// For which requests an action is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// For all.
    Always,
    /// For those with one of these request parameters: `?a|b` in the table.
    AnyOf(Vec<&'static str>),
    /// For those with none of these request parameters: `?!a|b` in the table.
    NoneOf(Vec<&'static str>),
}

impl When {
    /// Is the action checked for a request of which `has` tells the parameters?
    pub fn holds(&self, has: impl Fn(&str) -> bool) -> bool {
        match self {
            When::Always => true,
            When::AnyOf(parameters) => parameters.iter().any(|name| has(name)),
            When::NoneOf(parameters) => !parameters.iter().any(|name| has(name)),
        }
    }

    fn parse(text: Option<&'static str>) -> When {
        match text.map(|text| (text, text.strip_prefix('!'))) {
            None => When::Always,
            Some((_, Some(absent))) => When::NoneOf(absent.split('|').collect()),
            Some((present, None)) => When::AnyOf(present.split('|').collect()),
        }
    }
}

impl ExceptionAction {
    fn parse(text: &'static str) -> Option<ExceptionAction> {
        let (action, when) = text
            .split_once('?')
            .map_or((text, None), |(a, w)| (a, Some(w)));
        let (prefix, name) = action.split_once(':')?;
        Some(ExceptionAction {
            prefix,
            name,
            when: When::parse(when),
        })
    }
}

impl Row for Exception {
    fn parse(_: &'static str, mut cells: Cells) -> Option<Exception> {
        let exception = Exception {
            event_source: event_source::label(cells.required()?),
            event_name: cells.required()?,
            actions: cells
                .list()
                .into_iter()
                .map(ExceptionAction::parse)
                .collect::<Option<_>>()?,
            source: cells.required()?,
            note: cells.text(),
        };
        cells.end().map(|()| exception)
    }

    fn key(&self) -> &'static str {
        self.event_name
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn an_exception_may_depend_on_the_request() {
        let actions = |parameter: &str| -> Vec<_> {
            let exception = Reference::bundled()
                .exception("s3.amazonaws.com", "GetObject")
                .unwrap();
            let checked = exception
                .actions
                .iter()
                .filter(|it| it.when.holds(|has| has == parameter));
            checked.map(|action| action.name).collect()
        };
        assert_eq!(actions("key"), ["GetObject"]);
        assert_eq!(actions("versionId"), ["GetObjectVersion"]);
    }
}
