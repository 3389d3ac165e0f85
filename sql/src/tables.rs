//! Which tables does a session have, what do they answer, and what do their columns mean?
//!
//! All but `events` are queries of `queries/`. A query says at its head what it answers, and
//! behind each column what it holds: that is where the documentation comes from.

use trailwright_engine::event::{self, COLUMNS};

/// A view: its name and its query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) name: &'static str,
    pub(crate) query: &'static str,
}

macro_rules! view {
    ($name:literal) => {
        View {
            name: $name,
            query: include_str!(concat!("../queries/", $name, ".sql")),
        }
    };
}

/// Name of the view that the roll-up is stored for.
pub(crate) const ACTIVITY: &str = "activity";

/// Name of the view of what is logged at all, which is stored as well.
pub(crate) const DAYS: &str = "days";

/// What is stored of `activity` by the month, to answer in its place: nobody asks for it by name.
pub(crate) const RESOURCES_BY_MONTH: View = view!("resources_by_month");

/// The same of whatever resource.
pub(crate) const BY_MONTH: View = view!("activity_by_month");

/// The same by the year.
pub(crate) const BY_YEAR: View = View {
    name: "activity_by_year",
    query: BY_MONTH.query,
};

/// What is stored of `events` by the day, in the same way.
pub(crate) const BY_DAY: View = view!("events_by_day");

/// What is stored of `events` by access key and day, in the same way.
pub(crate) const KEYS_BY_DAY: View = view!("access_keys_by_day");

/// The views, in the order in which one builds on the other.
pub(crate) const VIEWS: [View; 9] = [
    view!("calls"),
    view!("permissions"),
    view!("activity"),
    view!("principals"),
    view!("services"),
    view!("denied"),
    view!("unmapped"),
    view!("days"),
    view!("coverage"),
];

/// The views that lead from `events` to `activity`.
fn to_activity() -> &'static [View] {
    VIEWS.get(..3).unwrap_or_default()
}

/// The views that lead to the one called `name`, of those that are stored, from what it is made of.
pub(crate) fn to_kept(name: &str) -> Vec<View> {
    match name {
        ACTIVITY => to_activity().to_vec(),
        _ => {
            let beside = [RESOURCES_BY_MONTH, BY_MONTH, BY_YEAR, BY_DAY, KEYS_BY_DAY];
            let mut all = VIEWS.into_iter().chain(beside);
            all.find(|view| view.name == name).into_iter().collect()
        }
    }
}

pub(crate) fn view(name: &str) -> Option<View> {
    VIEWS.into_iter().find(|view| view.name == name)
}

/// A table or view, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDoc {
    /// Its name.
    pub name: &'static str,
    /// What it answers.
    pub doc: String,
    /// Its columns with what they hold, in order.
    pub columns: Vec<(String, String)>,
}

/// All tables and views, documented.
pub fn tables() -> Vec<TableDoc> {
    let columns = COLUMNS
        .iter()
        .map(|column| (column.name.to_owned(), column.doc.to_owned()));
    let partition = (
        event::PARTITION_COLUMN.to_owned(),
        "the UTC month of the event, `2026-11`; files are kept by it".to_owned(),
    );
    let events = TableDoc {
        name: event::TABLE,
        doc: "What happened? One row for each CloudTrail event, in CloudTrail's own words."
            .to_owned(),
        columns: columns.chain([partition]).collect(),
    };
    let views = VIEWS.iter().map(|view| TableDoc {
        name: view.name,
        doc: question(view.query),
        columns: columns_of(view),
    });
    std::iter::once(events).chain(views).collect()
}

/// The table or view called `name`, documented.
pub fn table(name: &str) -> Option<TableDoc> {
    tables().into_iter().find(|table| table.name == name)
}

fn columns_of(view: &View) -> Vec<(String, String)> {
    match view.name {
        // It has the columns of the table.
        "calls" => COLUMNS
            .iter()
            .map(|column| (column.name.to_owned(), column.doc.to_owned()))
            .chain([(
                event::PARTITION_COLUMN.to_owned(),
                "the UTC month of the event".to_owned(),
            )])
            .collect(),
        _ => documented_columns(view.query),
    }
}

/// What a query's first lines say that it answers.
pub(crate) fn question(query: &str) -> String {
    let lines = query.lines().map_while(|line| line.strip_prefix("--"));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The columns of a query that are followed by a comment, each with it.
fn documented_columns(query: &str) -> Vec<(String, String)> {
    let documented = query.lines().filter_map(|line| line.split_once(" -- "));
    documented
        .filter_map(|(code, doc)| {
            let code = code.trim_end().trim_end_matches(',');
            let name = code.rsplit(' ').next().filter(|name| !name.is_empty())?;
            Some((name.to_owned(), doc.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_says_what_it_answers_and_what_its_columns_hold() {
        for table in tables() {
            assert!(table.doc.contains('?'), "{}", table.name);
            assert!(table.columns.len() > 2, "{}", table.name);
            for (column, doc) in &table.columns {
                assert!(!doc.is_empty(), "{}.{column}", table.name);
            }
        }
    }

    #[test]
    fn a_column_is_named_as_the_query_names_it() {
        let columns =
            documented_columns("SELECT\n    a.b AS c, -- one\n    d -- two -- and more\n");
        let expected = [("c", "one"), ("d", "two -- and more")];
        let expected = expected.map(|(name, doc)| (name.to_owned(), doc.to_owned()));
        assert_eq!(columns, expected);
    }
}
