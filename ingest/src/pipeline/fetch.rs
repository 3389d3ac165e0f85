//! How do the files come to the workers?
//!
//! One thread lists them and leaves out what the ledger knows. Local files go to the workers
//! as they are. Small remote ones are fetched ahead, many at once, since each takes a round
//! trip; large ones are left to the worker, range by range.

use std::io;
use std::sync::Arc;
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

/// Objects that are fetched at the same time.
const FETCHES: usize = 48;

/// Larger objects are not fetched ahead.
const MAX_FETCHED: u64 = 2 << 20;

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
    shared: &Arc<Shared>,
    sources: &[Source],
    mut ledger: Option<Ledger>,
    inputs: &Sender<Input>,
    to_fetch: &mpsc::Sender<LogFile>,
) -> Result<(), Error> {
    let counts = &shared.listed;
    let walk = Walk::new(&shared.selection, &shared.storage, &shared.runtime);
    walk.run(sources, &mut |found| {
        if shared.stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let file = match found {
            Found::Log(file) => file,
            Found::Digest => {
                counts.digests.fetch_add(1, Ordering::Relaxed);
                return Ok(true);
            }
            Found::Other => {
                counts.others.fetch_add(1, Ordering::Relaxed);
                return Ok(true);
            }
            Found::NotSelected => {
                counts.not_selected.fetch_add(1, Ordering::Relaxed);
                return Ok(true);
            }
        };
        if let Some(ledger) = &mut ledger
            && shared.runtime.block_on(ledger.knows(&file))?
        {
            counts.known.fetch_add(1, Ordering::Relaxed);
            return Ok(true);
        }
        counts.files.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_add(file.size, Ordering::Relaxed);
        Ok(match file.place {
            Place::Remote(..) if file.size <= MAX_FETCHED => to_fetch.blocking_send(file).is_ok(),
            _ => {
                let content = Content::InPlace;
                inputs.send(Input { file, content }).is_ok()
            }
        })
    })?;
    counts.done.store(true, Ordering::Relaxed);
    Ok(())
}

/// Fetches files ahead of the workers.
pub(super) async fn fetch(files: mpsc::Receiver<LogFile>, inputs: Sender<Input>) {
    let files = futures::stream::unfold(files, |mut files| async {
        files.recv().await.map(|file| (file, files))
    });
    let fetched = files
        .map(|file| async {
            let content = match &file.place {
                Place::Remote(store, path) => {
                    let got = async { store.get(path).await?.bytes().await };
                    match got.await {
                        Ok(bytes) => Content::Bytes(bytes),
                        Err(error) => Content::Failed(error.into()),
                    }
                }
                _ => Content::InPlace,
            };
            Input { file, content }
        })
        .buffer_unordered(FETCHES);
    let mut fetched = std::pin::pin!(fetched);
    while let Some(input) = fetched.next().await {
        // The workers' queue may be full, and to wait for them is no work for this runtime.
        let inputs = inputs.clone();
        let sent = tokio::task::spawn_blocking(move || inputs.send(input).is_ok()).await;
        if !sent.unwrap_or_default() {
            return;
        }
    }
}
