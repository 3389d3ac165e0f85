//! Which files came or went between two versions of `events`?
//!
//! Rewriting files changes no event, and the log says so of each file. If a month lost events,
//! or a new file is already rewritten, the month is taken as a whole.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use deltalake::DeltaTable;
use deltalake::kernel::Action;
use deltalake::logstore::get_actions;
use trailwright_engine::event;

use super::{Month, Span};
use crate::Error;
use crate::lake::Lake;

/// What `events` has beyond a version of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Files of new events, by their month.
    pub(super) new: BTreeMap<Month, Vec<String>>,
    /// Months whose events are to be looked at as a whole.
    pub(super) rebuilt: BTreeSet<Month>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.rebuilt.is_empty()
    }

    /// The same by larger parts of the time. Of a part all is looked at if it is of any of its months.
    pub(super) fn by(self, span: Span) -> Self {
        let rebuilt: BTreeSet<Month> = self.rebuilt.into_iter().map(|it| span.of(it)).collect();
        let mut new: BTreeMap<Month, Vec<String>> = BTreeMap::new();
        for (month, files) in self.new {
            let part = span.of(month);
            if !rebuilt.contains(&part) {
                new.entry(part).or_default().extend(files);
            }
        }
        Self { new, rebuilt }
    }

    /// The months that changed.
    pub(super) fn months(&self) -> BTreeSet<Month> {
        self.new.keys().chain(&self.rebuilt).cloned().collect()
    }

    /// All months of `events`, each as a whole.
    pub(super) fn everything(lake: &Lake, events: &DeltaTable) -> Result<Self, Error> {
        let state = events.snapshot().map_err(|error| lake.failed(error))?;
        let files = state.log_data();
        Ok(Self {
            new: BTreeMap::new(),
            rebuilt: files
                .iter()
                .map(|file| month_of(&file.partition_values_map()))
                .collect(),
        })
    }
}

/// What came since version `covers`; none if the log does not reach back so far.
pub(super) async fn since(
    lake: &Lake,
    events: &DeltaTable,
    covers: u64,
) -> Result<Option<Changes>, Error> {
    let failed = |error| lake.failed(error);
    let state = events.snapshot().map_err(failed)?;
    let version = state.version();
    if covers == version {
        return Ok(Some(Changes::default()));
    }
    if covers > version {
        // Another table took the place of the one that was counted.
        return Ok(None);
    }
    let mut added: Vec<(Month, String)> = Vec::new();
    let mut rebuilt: BTreeSet<Month> = BTreeSet::new();
    let store = events.log_store();
    for version in covers + 1..=version {
        let Some(bytes) = store.read_commit_entry(version).await.map_err(failed)? else {
            return Ok(None);
        };
        for action in get_actions(version, &bytes).map_err(failed)? {
            match action {
                Action::Add(add) if add.data_change => {
                    added.push((month_of(&add.partition_values), add.path));
                }
                Action::Remove(remove) if remove.data_change => match remove.partition_values {
                    Some(values) => {
                        rebuilt.insert(month_of(&values));
                    }
                    None => return Ok(None),
                },
                _ => {}
            }
        }
    }
    let active: HashSet<String> = state
        .log_data()
        .iter()
        .map(|file| file.path().into_owned())
        .collect();
    let mut new: BTreeMap<Month, Vec<String>> = BTreeMap::new();
    for (month, path) in added {
        if active.contains(&path) {
            new.entry(month).or_default().push(path);
        } else {
            rebuilt.insert(month);
        }
    }
    new.retain(|month, _| !rebuilt.contains(month));
    Ok(Some(Changes { new, rebuilt }))
}

pub(super) fn month_of(partition: &HashMap<String, Option<String>>) -> Month {
    let month = partition.get(event::PARTITION_COLUMN).cloned().flatten();
    month.filter(|month| !month.is_empty())
}
