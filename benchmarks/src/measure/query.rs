//! What is asked of a lake?

use crate::corpus::Summary;

/// A question that every engine answers.
pub(super) struct Query {
    /// Its file in `benchmarks/queries`.
    pub(super) name: &'static str,
    /// The question in words.
    pub(super) title: &'static str,
    sql: &'static str,
    /// Where it is asked.
    pub(super) of: Of,
}

/// Which table a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The events themselves: the same Parquet files for all.
    Events,
    /// The roll-up, which only we have.
    Activity,
}

/// The questions, in the order of the report.
pub(super) const QUERIES: [Query; 11] = [
    Query {
        name: "group",
        title: "group all by principal, service and operation",
        sql: include_str!("../../queries/group.sql"),
        of: Of::Events,
    },
    Query {
        name: "range",
        title: "the same for ten days",
        sql: include_str!("../../queries/range.sql"),
        of: Of::Events,
    },
    Query {
        name: "principal",
        title: "one principal, the whole time",
        sql: include_str!("../../queries/principal.sql"),
        of: Of::Events,
    },
    Query {
        name: "denied",
        title: "top denied",
        sql: include_str!("../../queries/denied.sql"),
        of: Of::Events,
    },
    Query {
        name: "event_id",
        title: "a needle by event id",
        sql: include_str!("../../queries/event_id.sql"),
        of: Of::Events,
    },
    Query {
        name: "access_key",
        title: "a needle by access key",
        sql: include_str!("../../queries/access_key.sql"),
        of: Of::Events,
    },
    Query {
        name: "distinct",
        title: "distinct counts",
        sql: include_str!("../../queries/distinct.sql"),
        of: Of::Events,
    },
    Query {
        name: "activity_group",
        title: "group all by principal, service and action",
        sql: include_str!("../../queries/activity_group.sql"),
        of: Of::Activity,
    },
    Query {
        name: "activity_range",
        title: "the same for ten days",
        sql: include_str!("../../queries/activity_range.sql"),
        of: Of::Activity,
    },
    Query {
        name: "activity_principal",
        title: "one principal, the whole time",
        sql: include_str!("../../queries/activity_principal.sql"),
        of: Of::Activity,
    },
    Query {
        name: "activity_denied",
        title: "top denied",
        sql: include_str!("../../queries/activity_denied.sql"),
        of: Of::Activity,
    },
];

/// What the questions ask for.
pub(super) struct Subject {
    pub(super) principal: String,
    pub(super) event_id: String,
    pub(super) access_key: String,
    pub(super) from: String,
    pub(super) to: String,
}

impl Subject {
    /// Something to ask a corpus for: who did most, and what can be looked for.
    pub(super) fn of(summary: &Summary, from: &str, to: &str) -> Self {
        let needle = summary.needles.first();
        let key = summary.access_keys.last();
        Self {
            principal: summary.busiest_role.0.clone(),
            event_id: needle
                .map(|needle| needle.event_id.clone())
                .unwrap_or_default(),
            access_key: key.map(|key| key.access_key_id.clone()).unwrap_or_default(),
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }
}

impl Query {
    /// The question as SQL, about `subject`.
    pub(super) fn sql(&self, subject: &Subject) -> String {
        let lines = self.sql.lines().filter(|line| !line.starts_with("--"));
        lines
            .collect::<Vec<_>>()
            .join(" ")
            .replace("{principal}", &subject.principal)
            .replace("{event_id}", &subject.event_id)
            .replace("{access_key}", &subject.access_key)
            .replace("{from}", &subject.from)
            .replace("{to}", &subject.to)
    }
}
