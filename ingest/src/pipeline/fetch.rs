//! How do the files come to the workers?
//!
//! One thread lists them, leaves out what the ledger knows, and makes units of work of them: one
//! large file or many small ones. Local files go to the workers as they are. Small remote ones
//! are fetched ahead, many at once, since each takes a round trip; large ones are left to the
//! worker, range by range.

use std::io;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use crossbeam_channel::Sender;
use futures::StreamExt;
use object_store::ObjectStoreExt;
use tokio::sync::mpsc;

use super::Shared;
use crate::Error;
use crate::lake::Ledger;
use crate::source::{Found, LogFile, Place, Source, Walk};

/// A unit of work is given away when it holds so many bytes or files.
const UNIT_BYTES: u64 = 1 << 20;
const UNIT_FILES: usize = 512;

/// Of files that must be fetched a unit holds fewer: its files are fetched at the same time.
const FETCHED_UNIT_FILES: usize = 16;

/// Units that are fetched at the same time.
const FETCHED_UNITS: usize = 4;

/// Larger objects are not fetched ahead.
const MAX_FETCHED: u64 = 2 << 20;

/// Files that are worth a worker's while when it has nothing else to do.
const SMALL_UNIT_BYTES: u64 = 64 << 10;
const SMALL_UNIT_FILES: usize = 16;

/// Some files for a worker.
pub(super) struct Unit {
    /// Its place in the order.
    pub(super) number: u64,
    pub(super) inputs: Vec<Input>,
}

/// Where listed files go next.
pub(super) enum Next {
    Workers(Sender<Unit>),
    Fetching(mpsc::Sender<Unit>),
}

impl Next {
    /// False if nobody is there any more.
    fn give(&self, unit: Unit) -> bool {
        match self {
            Self::Workers(workers) => workers.send(unit).is_ok(),
            Self::Fetching(fetching) => fetching.blocking_send(unit).is_ok(),
        }
    }

    fn is_idle(&self) -> bool {
        match self {
            Self::Workers(workers) => workers.is_empty(),
            Self::Fetching(fetching) => fetching.capacity() == fetching.max_capacity(),
        }
    }

    fn unit_files(&self) -> usize {
        match self {
            Self::Workers(_) => UNIT_FILES,
            Self::Fetching(_) => FETCHED_UNIT_FILES,
        }
    }
}

/// Makes units of files.
struct Units {
    next: Next,
    number: u64,
    inputs: Vec<Input>,
    bytes: u64,
}

impl Units {
    /// False if nobody wants more files.
    fn push(&mut self, file: LogFile) -> bool {
        // A large file has a unit of its own.
        if self.bytes + file.size > UNIT_BYTES && !self.flush() {
            return false;
        }
        self.bytes += file.size;
        let content = Content::InPlace;
        self.inputs.push(Input { file, content });
        let files = self.inputs.len();
        let full = self.bytes >= UNIT_BYTES || files >= self.next.unit_files();
        let wanted = self.bytes >= SMALL_UNIT_BYTES || files >= SMALL_UNIT_FILES;
        match full || (wanted && self.next.is_idle()) {
            true => self.flush(),
            false => true,
        }
    }

    fn flush(&mut self) -> bool {
        if self.inputs.is_empty() {
            return true;
        }
        let unit = Unit {
            number: self.number,
            inputs: std::mem::take(&mut self.inputs),
        };
        self.number += 1;
        self.bytes = 0;
        self.next.give(unit)
    }
}

/// A file for a worker.
pub(super) struct Input {
    pub(super) file: LogFile,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// Still where it lies.
    InPlace,
    /// Fetched already.
    Bytes(Bytes),
    /// It could not be fetched.
    Failed(io::Error),
}

/// Finds the files of `sources` and hands them to the workers.
pub(super) fn list(
    shared: &Shared,
    sources: &[Source],
    mut ledger: Option<Ledger>,
    next: Next,
) -> Result<(), Error> {
    let counts = &shared.listed;
    let mut units = Units {
        next,
        number: 0,
        inputs: Vec::new(),
        bytes: 0,
    };
    let walk = Walk::new(&shared.selection, &shared.storage, &shared.runtime);
    let walked = walk.run(sources, &mut |found| {
        if shared.is_stopped() {
            return Ok(false);
        }
        let count = match found {
            Found::Log(file) => {
                if let Some(ledger) = &mut ledger
                    && shared.runtime.block_on(ledger.knows(&file))?
                {
                    counts.known.fetch_add(1, Ordering::Relaxed);
                    return Ok(true);
                }
                counts.files.fetch_add(1, Ordering::Relaxed);
                counts.bytes.fetch_add(file.size, Ordering::Relaxed);
                return Ok(units.push(file));
            }
            Found::Digest => &counts.digests,
            Found::Other => &counts.others,
            Found::NotSelected => &counts.not_selected,
        };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    });
    // Before an error, too: what was found is as good as ever.
    units.flush();
    counts.done.store(true, Ordering::Relaxed);
    walked
}

/// Fetches files ahead of the workers, and keeps the units in order.
pub(super) async fn fetch(units: mpsc::Receiver<Unit>, workers: Sender<Unit>) {
    let units = futures::stream::unfold(units, |mut units| async {
        units.recv().await.map(|unit| (unit, units))
    });
    let fetched = units
        .map(|unit| async move {
            let inputs = unit.inputs.into_iter().map(fetch_one);
            Unit {
                number: unit.number,
                inputs: futures::future::join_all(inputs).await,
            }
        })
        .buffered(FETCHED_UNITS);
    let mut fetched = std::pin::pin!(fetched);
    while let Some(unit) = fetched.next().await {
        // The workers' queue may be full, and to wait for them is no work for this runtime.
        let workers = workers.clone();
        let sent = tokio::task::spawn_blocking(move || workers.send(unit).is_ok()).await;
        if !sent.unwrap_or_default() {
            return;
        }
    }
}

async fn fetch_one(input: Input) -> Input {
    let file = input.file;
    let content = match &file.place {
        Place::Remote(store, path) if file.size <= MAX_FETCHED => {
            let got = async { store.get(path).await?.bytes().await };
            match got.await {
                Ok(bytes) => Content::Bytes(bytes),
                Err(error) => Content::Failed(error.into()),
            }
        }
        _ => Content::InPlace,
    };
    Input { file, content }
}
