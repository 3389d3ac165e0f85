//! How do files become commits?
//!
//! One thread lists files, workers inflate and decode them, one task removes duplicates,
//! gathers what is new and commits it in portions. Channels between them hold a few batches,
//! so a slow disk slows the readers down instead of filling the memory.

mod decode;
mod fetch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use arrow::array::RecordBatch;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::lake::{Ledger, Quarantine, ReadFile};
use crate::report::{Progress, Report};
use crate::source::{Selection, Source, Storage};
use crate::{Error, Lake};
use decode::{Decoded, Worker};

/// A worker hands its rows over when they hold this much text.
const BATCH_BYTES: usize = 8 << 20;

/// New events are committed when they hold this much memory.
const COMMIT_BYTES: usize = 160 << 20;

/// Files that wait to be written down as read.
const MAX_UNWRITTEN_FILES: usize = 100_000;

/// Rejects are written when they hold this much.
const QUARANTINE_BYTES: usize = 16 << 20;

/// Files that wait for a worker.
const QUEUED_FILES: usize = 256;

/// How an ingest is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that read and decode files.
    pub threads: usize,
    /// Which files are read.
    pub selection: Selection,
    /// How S3 and its like are reached.
    pub storage: Storage,
    /// Whether files that the ledger knows are read again.
    pub reread: bool,
    /// Set to true from outside to stop: what is whole is committed.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(2, usize::from),
            selection: Selection::default(),
            storage: Storage::default(),
            reread: false,
            stop: Arc::default(),
        }
    }
}

/// What all threads of an ingest look at.
struct Shared {
    selection: Selection,
    storage: Storage,
    runtime: Handle,
    stop: Arc<AtomicBool>,
    listed: Listed,
}

/// What the listing found so far.
#[derive(Default)]
struct Listed {
    files: AtomicU64,
    bytes: AtomicU64,
    known: AtomicU64,
    digests: AtomicU64,
    others: AtomicU64,
    not_selected: AtomicU64,
    done: AtomicBool,
}

/// Reads every log file of `sources` into the lake at `location`. What the lake has already is
/// left out, so that the same sources may be given again.
pub async fn ingest(
    location: &str,
    sources: &[Source],
    options: &Options,
    on_progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, Error> {
    let started = Instant::now();
    let mut lake = Lake::open_or_create(location, &options.storage).await?;
    let ledger = lake.ledger().await?;
    let shared = Arc::new(Shared {
        selection: options.selection.clone(),
        storage: options.storage.clone(),
        runtime: Handle::current(),
        stop: Arc::clone(&options.stop),
        listed: Listed::default(),
    });
    let known = (!options.reread).then(|| ledger.clone());
    let mut decoded = start(&shared, sources, known, options.threads.max(1))?;

    let mut portion = Portion::new(ledger);
    let mut report = Report::default();
    let mut failure = None;
    while let Some(part) = decoded.recv().await {
        match part {
            Ok(part) => portion.take(part, &mut lake, &mut report).await?,
            // What was read before is as good as ever.
            Err(error) => failure = Some(error),
        }
        if portion.is_full() {
            portion.commit(&mut lake, &mut report).await?;
        }
        on_progress(progress(&shared.listed, &report));
    }
    portion.commit(&mut lake, &mut report).await?;
    if let Some(error) = failure {
        return Err(error);
    }

    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    report.known_files = count(&shared.listed.known);
    report.digest_files += count(&shared.listed.digests);
    report.other_files = count(&shared.listed.others);
    report.not_selected = count(&shared.listed.not_selected);
    report.interrupted = shared.stop.load(Ordering::Relaxed);
    report.elapsed = started.elapsed();
    let nothing = report.files + report.known_files + report.digest_files + report.not_selected;
    if nothing == 0 && !report.interrupted {
        let names: Vec<String> = sources.iter().map(|source| format!("`{source}`")).collect();
        return Err(Error::NoFiles {
            sources: names.join(", "),
        });
    }
    Ok(report)
}

fn progress(listed: &Listed, report: &Report) -> Progress {
    Progress {
        files: listed.files.load(Ordering::Relaxed),
        files_done: report.files,
        bytes: listed.bytes.load(Ordering::Relaxed),
        bytes_done: report.bytes,
        all_listed: listed.done.load(Ordering::Relaxed),
        records: report.records,
    }
}

/// What goes into the lake next, in this order: rejects, events, files. A crash in between
/// leaves files that are read again, and nothing that is missing.
struct Portion {
    ledger: Ledger,
    events: Vec<RecordBatch>,
    quarantine: Quarantine,
    read: Vec<ReadFile>,
}

impl Portion {
    fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            events: Vec::new(),
            quarantine: Quarantine::default(),
            read: Vec::new(),
        }
    }

    async fn take(
        &mut self,
        part: Decoded,
        lake: &mut Lake,
        report: &mut Report,
    ) -> Result<(), Error> {
        report.files += part.done;
        report.bytes += part.done_bytes;
        report.records += part.records;
        report.digest_files += part.digests;
        report.repeated_keys += part.repeated_keys;
        report.inflated_bytes += part.inflated_bytes;
        for reject in part.rejects {
            self.quarantine.push(&reject);
            let (file, reject) = reject;
            report.reject(&file, reject);
        }
        if let Some(batch) = part.batch {
            let new = lake.unseen(&batch).await?;
            report.duplicates += (batch.ids.len() - new.num_rows()) as u64;
            if new.num_rows() > 0 {
                self.events.push(new);
            }
        }
        self.read.extend(part.read);
        Ok(())
    }

    fn is_full(&self) -> bool {
        let memory = self.events.iter().map(RecordBatch::get_array_memory_size);
        memory.sum::<usize>() >= COMMIT_BYTES
            || self.read.len() >= MAX_UNWRITTEN_FILES
            || self.quarantine.bytes() >= QUARANTINE_BYTES
    }

    async fn commit(&mut self, lake: &mut Lake, report: &mut Report) -> Result<(), Error> {
        let events = std::mem::take(&mut self.events);
        let rows: usize = events.iter().map(RecordBatch::num_rows).sum();
        lake.quarantine(&self.quarantine).await?;
        let new = lake.append(events).await?;
        report.new += new;
        // Another ingest was quicker with the others.
        report.duplicates += rows as u64 - new;
        self.ledger.add(&self.read).await?;
        self.read.clear();
        self.quarantine = Quarantine::default();
        Ok(())
    }
}

/// Starts the threads that list and decode. They end when the files do, or when nobody listens.
fn start(
    shared: &Arc<Shared>,
    sources: &[Source],
    ledger: Option<Ledger>,
    threads: usize,
) -> Result<mpsc::Receiver<Result<Decoded, Error>>, Error> {
    let (sender, receiver) = mpsc::channel(threads * 2);
    let (inputs, queue) = crossbeam_channel::bounded(QUEUED_FILES);
    let (to_fetch, fetches) = mpsc::channel(QUEUED_FILES);
    shared.runtime.spawn(fetch::fetch(fetches, inputs.clone()));
    for worker in 0..threads {
        let (shared, sender, queue) = (Arc::clone(shared), sender.clone(), queue.clone());
        spawn(format!("decode-{worker}"), move || {
            Worker::new(&shared, &sender).run(&queue);
        })?;
    }
    let (shared, sources) = (Arc::clone(shared), sources.to_vec());
    spawn("list".to_owned(), move || {
        if let Err(error) = fetch::list(&shared, &sources, ledger, &inputs, &to_fetch) {
            // Nobody may listen any more.
            let _ = sender.blocking_send(Err(error));
        }
    })?;
    Ok(receiver)
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let thread = std::thread::Builder::new().name(name);
    thread.spawn(work).map_err(Error::Worker)?;
    Ok(())
}
