//! What does a lake know of a principal, and which policy follows? One way to it, for the terminal
//! and for the server.

pub(crate) mod fit;

use miette::Diagnostic;
use trailwright_engine::coverage::Coverage;
use trailwright_engine::dossier::{Dossier, Seen};
use trailwright_engine::facts::Circumstance;
use trailwright_engine::generate::{DoesNotFit, Options, Target};
use trailwright_engine::time::{TimeRange, to_text};
use trailwright_engine::{Activity, Reference, principal};
use trailwright_sql::{Error, Scope, Session};

/// What the lake has of a principal.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) principal: String,
    pub(crate) activity: Vec<Activity>,
    /// Only where conditions were asked for.
    pub(crate) circumstances: Vec<Circumstance>,
    pub(crate) coverage: Coverage,
}

/// Why there is no policy to write.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum NoPolicy {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lake(#[from] Error),
    #[error("cannot write a policy for `{principal}`: {reason}")]
    #[diagnostic(help("`trailwright principals` lists the roles and users"))]
    TakesNone {
        principal: String,
        reason: &'static str,
    },
    #[error("the lake has no events{range}: that is no sign that nothing was used")]
    #[diagnostic(help("{hint}"))]
    EmptyRange { range: String, hint: String },
    #[error("`{principal}` used no permission that is known: there is no policy to write")]
    #[diagnostic(help(
        "widen --from and --to, or see what it did: SELECT * FROM activity WHERE principal = '{principal}'"
    ))]
    NothingUsed { principal: String },
    #[error(transparent)]
    #[diagnostic(transparent)]
    TooLarge(#[from] TooLarge),
}

/// A policy that is larger than IAM takes.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{error}")]
#[diagnostic(help("{hint}"))]
pub(crate) struct TooLarge {
    pub(crate) error: DoesNotFit,
    hint: String,
}

impl Known {
    /// Asks the lake, in parts of it or, without any part, in all of it.
    pub(crate) async fn of(
        session: &Session,
        principal: &str,
        scopes: &[Scope],
        options: &Options,
    ) -> Result<Self, NoPolicy> {
        let coverage = session.coverage_in(scopes).await?;
        if coverage.events == 0 {
            return Err(empty(session, scopes).await?);
        }
        Self::covered(session, principal, scopes, options, coverage).await
    }

    /// The same, where it is known what the lake has.
    pub(crate) async fn covered(
        session: &Session,
        principal: &str,
        scopes: &[Scope],
        options: &Options,
        coverage: Coverage,
    ) -> Result<Self, NoPolicy> {
        // Asked first, as it says which names were perhaps meant.
        let activity = session.activity_in(principal, scopes).await?;
        if let Err(reason) = principal::takes_policy(principal) {
            let principal = principal.to_owned();
            return Err(NoPolicy::TakesNone { principal, reason });
        }
        let circumstances = match options.needs_circumstances() {
            false => Vec::new(),
            true => session.circumstances_in(principal, scopes).await?,
        };
        Ok(Self {
            principal: principal.to_owned(),
            activity,
            circumstances,
            coverage,
        })
    }

    /// The policy that follows, with all that is to be said of it. `threshold` is that of a compact
    /// one, in case that helps.
    pub(crate) fn dossier(
        &self,
        options: &Options,
        target: Target,
        threshold: usize,
    ) -> Result<Dossier, TooLarge> {
        let seen = Seen {
            principal: &self.principal,
            activity: &self.activity,
            circumstances: &self.circumstances,
            coverage: &self.coverage,
        };
        let dossier = Dossier::of(&seen, options, target, Reference::bundled());
        dossier.map_err(|error| TooLarge {
            hint: fit::hint(&error, &seen, options, target, threshold),
            error,
        })
    }
}

/// The error for a range without events, with the days that the lake has.
pub(crate) async fn empty(session: &Session, scopes: &[Scope]) -> Result<NoPolicy, Error> {
    let whole = session.whole().await?.coverage_in(scopes).await?;
    let hint = match (whole.from, whole.to, scopes) {
        (Some(from), Some(to), _) => format!("it has events from {from} to {to}"),
        (_, _, []) => "it is empty: fill it with `trailwright ingest`".to_owned(),
        _ => "it has none of those accounts and regions at all".to_owned(),
    };
    let range = in_words(session.time_range());
    let range = match scopes {
        [] => range,
        _ => format!("{range} in those accounts and regions"),
    };
    Ok(NoPolicy::EmptyRange { range, hint })
}

/// ` from A before B`, as far as there are ends.
pub(crate) fn in_words(range: TimeRange) -> String {
    let part = |word: &str, at: Option<i64>| {
        at.map_or(String::new(), |at| format!(" {word} {}", to_text(at)))
    };
    format!("{}{}", part("from", range.from), part("before", range.to))
}
