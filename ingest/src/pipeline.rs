//! How do files become commits?
//!
//! One thread lists files, workers inflate and decode them, one task removes duplicates,
//! gathers what is new and commits it in portions, in the order in which the files were listed.
//! All between them is bounded, so a slow disk slows the readers down instead of filling the
//! memory.

mod decode;
mod fetch;
mod order;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use trailwright_engine::location::Storage;

use crate::Error;
use crate::lake::Ledger;
use crate::report::{Progress, Report};
use crate::source::{Selection, Source};
use decode::{Decoded, Worker};
use order::Order;
use writer::Writer;

/// A worker hands its rows over when they hold this much text.
const BATCH_BYTES: usize = 8 << 20;

/// Units of work that wait for a worker.
const QUEUED_UNITS: usize = 16;

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
    /// New events are committed when they hold about this many bytes of memory.
    pub commit_bytes: usize,
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
            commit_bytes: 160 << 20,
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
    decoded: Order<Decoded>,
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
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
    let mut writer = Writer::open(location, options).await?;
    let threads = options.threads.max(1);
    let shared = Arc::new(Shared {
        selection: options.selection.clone(),
        storage: options.storage.clone(),
        runtime: Handle::current(),
        stop: Arc::clone(&options.stop),
        listed: Listed::default(),
        decoded: Order::new(threads),
    });
    let known = writer.ledger().filter(|_| !options.reread).cloned();
    // If it fails here, the threads learn that nobody listens to them.
    let _listener = Listener(&shared.decoded);
    start(&shared, sources, known, threads)?;

    let mut report = Report::default();
    loop {
        tokio::select! {
            encoded = writer.encoded() => writer.commit(encoded?, &mut report).await?,
            part = shared.decoded.take() => match part {
                Some(part) => writer.take(part, &mut report).await?,
                None => break,
            },
        }
        on_progress(progress(&shared.listed, &report));
    }
    writer.finish(&mut report).await?;
    // What was read before is as good as ever.
    if let Some(error) = shared.decoded.failure() {
        return Err(error);
    }

    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    report.known_files = count(&shared.listed.known);
    report.digest_files += count(&shared.listed.digests);
    report.other_files = count(&shared.listed.others);
    report.not_selected = count(&shared.listed.not_selected);
    report.interrupted = shared.is_stopped();
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

/// Tells those who give when nobody takes any more.
struct Listener<'a>(&'a Order<Decoded>);

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
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

/// Starts the threads that list and decode. They end when the files do, or when nobody listens.
fn start(
    shared: &Arc<Shared>,
    sources: &[Source],
    ledger: Option<Ledger>,
    threads: usize,
) -> Result<(), Error> {
    let (to_workers, queue) = crossbeam_channel::bounded(QUEUED_UNITS);
    for worker in 0..threads {
        let queue = queue.clone();
        spawn(shared, format!("decode-{worker}"), move |shared| {
            Worker::new(shared).run(&queue);
        })?;
    }
    // Workers get their units in order: all of them go through the fetching, or none.
    let remote = sources
        .iter()
        .any(|source| matches!(source, Source::Url(_)));
    let next = match remote {
        false => fetch::Next::Workers(to_workers),
        true => {
            let (to_fetch, units) = mpsc::channel(1);
            shared.runtime.spawn(fetch::fetch(units, to_workers));
            fetch::Next::Fetching(to_fetch)
        }
    };
    let sources = sources.to_vec();
    spawn(shared, "list".to_owned(), move |shared| {
        if let Err(error) = fetch::list(shared, &sources, ledger, next) {
            shared.decoded.fail(error);
        }
    })
}

fn spawn(
    shared: &Arc<Shared>,
    name: String,
    work: impl FnOnce(&Shared) + Send + 'static,
) -> Result<(), Error> {
    /// Tells if the thread dies: what it did not do must not be taken for done.
    struct Alive(Arc<Shared>);

    impl Drop for Alive {
        fn drop(&mut self) {
            if std::thread::panicking() {
                let died = std::io::Error::other("it ended before its work");
                self.0.decoded.fail(Error::Worker(died));
            }
        }
    }

    let alive = Alive(Arc::clone(shared));
    let thread = std::thread::Builder::new().name(name);
    let started = thread.spawn(move || work(&alive.0));
    started.map_err(Error::Worker)?;
    Ok(())
}
