//! Which lake is served, and what do its trails hold?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trailwright_engine::location::Storage;
use trailwright_engine::time::TimeRange;
use trailwright_sql::{Error, Limits, Scope, Session, is_last_version};

use super::jobs::{Order, Trail};

/// The lake that is served, and what its trails hold.
#[derive(Debug, Clone)]
pub(crate) struct Lake {
    location: String,
    /// Accounts whose events a trail delivered; none are all. Where no trail is known, each stands
    /// for the whole lake: its files do not say which trail delivered them.
    accounts_of_trails: BTreeMap<String, Vec<String>>,
    /// The version of the events that was seen last.
    version: Arc<Mutex<Option<u64>>>,
}

/// A trail that the server was not told of.
#[derive(Debug, thiserror::Error)]
#[error("trail `{arn}` is not known; known are {known}")]
pub(crate) struct UnknownTrail {
    arn: String,
    known: String,
}

impl Lake {
    pub(crate) fn new(location: String, accounts_of_trails: BTreeMap<String, Vec<String>>) -> Self {
        Self {
            location,
            accounts_of_trails,
            version: Arc::default(),
        }
    }

    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// The folder of what was in an account before policies were applied.
    pub(crate) fn records(&self) -> PathBuf {
        Path::new(&self.location).join("applied")
    }

    /// The lake as it is now, cut down to a time range.
    pub(crate) async fn session(&self, range: TimeRange) -> Result<Session, Error> {
        Session::open_range(&self.location, range).await
    }

    /// The same, for queries of somebody who waits on the other end of a connection.
    pub(crate) async fn guarded(&self, range: TimeRange) -> Result<Session, Error> {
        let limits = Limits::guarded();
        Session::open_within(&self.location, &Storage::default(), range, limits).await
    }

    /// The version of the events as it is now. Where nothing has changed that is one look at the disk.
    pub(crate) async fn version(&self) -> Result<u64, Error> {
        let known = *self.seen();
        if let Some(known) = known.filter(|it| is_last_version(&self.location, *it)) {
            return Ok(known);
        }
        let version = self.session(TimeRange::default()).await?.version();
        *self.seen() = Some(version);
        Ok(version)
    }

    fn seen(&self) -> MutexGuard<'_, Option<u64>> {
        self.version.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The trails that the server was told of, with their accounts.
    pub(crate) fn trails(&self) -> &BTreeMap<String, Vec<String>> {
        &self.accounts_of_trails
    }

    /// The part of the lake that an order is about.
    pub(crate) fn scopes_of(&self, order: &Order) -> Result<Vec<Scope>, UnknownTrail> {
        if order.trails.is_empty() && !(order.accounts.is_empty() && order.regions.is_empty()) {
            return Ok(vec![Scope {
                regions: order.regions.clone(),
                accounts: order.accounts.clone(),
            }]);
        }
        self.scopes(&order.trails)
    }

    /// The part of the lake that trails delivered. No trail is all of it.
    pub(crate) fn scopes(&self, trails: &[Trail]) -> Result<Vec<Scope>, UnknownTrail> {
        let known = &self.accounts_of_trails;
        let scope = |trail: &Trail| {
            let arn = &trail.cloud_trail_arn;
            let accounts = match known.get(arn) {
                Some(accounts) => accounts.clone(),
                None if known.is_empty() => Vec::new(),
                None => {
                    let arn = arn.clone();
                    let known: Vec<&str> = known.keys().map(String::as_str).collect();
                    let known = known.join(", ");
                    return Err(UnknownTrail { arn, known });
                }
            };
            let regions = match trail.all_regions {
                Some(true) => Vec::new(),
                _ => trail.regions.clone(),
            };
            Ok(Scope { regions, accounts })
        };
        trails.iter().map(scope).collect()
    }
}
