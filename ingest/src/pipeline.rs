//! How do files become a commit?
//!
//! Worker threads read, inflate and decode; one task removes duplicates, gathers what is new
//! and commits it in portions. Channels between them hold a few batches, so a slow disk slows
//! the readers down instead of filling the memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use arrow::array::RecordBatch;
use tokio::sync::mpsc;
use trailwright_engine::event::Row;

use crate::batch::{Batch, BatchBuilder};
use crate::parse::{self, Piece, Reject};
use crate::report::{Progress, Report};
use crate::source::{LogFile, Source};
use crate::{Error, Lake, decompress};

/// A worker hands its rows over when they hold this much text.
const BATCH_BYTES: usize = 8 << 20;

/// New events are committed when they hold this much memory.
const COMMIT_BYTES: usize = 256 << 20;

/// How an ingest is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that read and decode files.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}

/// What a worker tells of one file, or of a part of it.
#[derive(Default)]
struct Decoded {
    batch: Option<Batch>,
    records: u64,
    repeated_keys: u64,
    inflated_bytes: u64,
    rejects: Vec<(String, Reject)>,
    /// Size of each file that is done with.
    done: Vec<u64>,
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
    let listing = Source::list(sources)?;
    let mut lake = Lake::open_or_create(location).await?;
    let mut report = Report {
        digest_files: listing.digests,
        other_files: listing.others,
        ..Report::default()
    };
    let mut progress = Progress {
        files: listing.files.len() as u64,
        bytes: listing.files.iter().map(|file| file.size).sum(),
        ..Progress::default()
    };
    on_progress(progress);

    let mut decoded = start_workers(listing.files, options.threads.max(1))?;
    let mut pending: Vec<RecordBatch> = Vec::new();
    while let Some(part) = decoded.recv().await {
        let part = part?;
        progress.files_done += part.done.len() as u64;
        progress.bytes_done += part.done.iter().sum::<u64>();
        progress.records += part.records;
        report.records += part.records;
        report.repeated_keys += part.repeated_keys;
        report.inflated_bytes += part.inflated_bytes;
        for (file, reject) in part.rejects {
            report.reject(&file, reject);
        }
        if let Some(batch) = part.batch {
            let found = batch.ids.len();
            let new = lake.unseen(batch).await?;
            report.duplicates += (found - new.num_rows()) as u64;
            if new.num_rows() > 0 {
                pending.push(new);
            }
        }
        if memory(&pending) >= COMMIT_BYTES {
            commit(&mut lake, &mut pending, &mut report).await?;
        }
        on_progress(progress);
    }
    commit(&mut lake, &mut pending, &mut report).await?;
    report.files = progress.files_done;
    report.bytes = progress.bytes_done;
    report.elapsed = started.elapsed();
    Ok(report)
}

fn memory(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::get_array_memory_size).sum()
}

async fn commit(
    lake: &mut Lake,
    pending: &mut Vec<RecordBatch>,
    report: &mut Report,
) -> Result<(), Error> {
    let new: usize = pending.iter().map(RecordBatch::num_rows).sum();
    if new > 0 {
        lake.append(pending).await?;
        report.new += new as u64;
        pending.clear();
    }
    Ok(())
}

/// Starts the threads that decode `files`. They end when the files do, or when nobody listens.
fn start_workers(
    files: Vec<LogFile>,
    threads: usize,
) -> Result<mpsc::Receiver<Result<Decoded, Error>>, Error> {
    let (sender, receiver) = mpsc::channel(threads * 2);
    let files = Arc::new(files);
    let next = Arc::new(AtomicUsize::new(0));
    for worker in 0..threads {
        let (sender, files, next) = (sender.clone(), Arc::clone(&files), Arc::clone(&next));
        std::thread::Builder::new()
            .name(format!("decode-{worker}"))
            .spawn(move || {
                let mut worker = Worker::new(&sender);
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if worker.decode(file).is_none() {
                        return;
                    }
                }
                let _ = worker.hand_over();
            })
            .map_err(Error::Worker)?;
    }
    Ok(receiver)
}

/// Decodes files one after the other, reusing its buffers.
struct Worker<'a> {
    sender: &'a mpsc::Sender<Result<Decoded, Error>>,
    text: Vec<u8>,
    rows: BatchBuilder,
    part: Decoded,
}

impl<'a> Worker<'a> {
    fn new(sender: &'a mpsc::Sender<Result<Decoded, Error>>) -> Self {
        Self {
            sender,
            text: Vec::new(),
            rows: BatchBuilder::new(),
            part: Decoded::default(),
        }
    }

    /// Decodes a file. `None` if nobody wants the result any more.
    fn decode(&mut self, file: &LogFile) -> Option<()> {
        let name = file.path.to_string_lossy();
        let mut text = std::mem::take(&mut self.text);
        let trouble = decompress::read(&file.path, &mut text);
        self.part.inflated_bytes += text.len() as u64;

        for piece in parse::records(&text) {
            match piece {
                Piece::Record(record, position) => {
                    self.part.records += 1;
                    match Row::from_record(record) {
                        Ok(mut row) => {
                            row.set("log_file", name.as_ref().into());
                            self.part.repeated_keys += u64::from(row.repeated_keys() > 0);
                            self.rows.push(&row);
                        }
                        Err(error) => {
                            let reason = with_causes(&error);
                            self.reject(
                                &name,
                                Reject {
                                    position: Some(position),
                                    reason,
                                },
                            );
                        }
                    }
                }
                Piece::Reject(reject) => {
                    self.part.records += 1;
                    self.reject(&name, reject);
                }
            }
            if self.rows.bytes() >= BATCH_BYTES {
                self.hand_over()?;
            }
        }
        if let Some(reason) = trouble.trouble {
            self.reject(
                &name,
                Reject {
                    position: None,
                    reason,
                },
            );
        }
        self.part.done.push(file.size);
        self.text = text;
        Some(())
    }

    fn reject(&mut self, file: &str, reject: Reject) {
        self.part.rejects.push((file.to_owned(), reject));
    }

    /// Sends what was decoded. `None` if nobody listens any more.
    fn hand_over(&mut self) -> Option<()> {
        let mut part = std::mem::take(&mut self.part);
        let sent = match self.rows.is_empty() {
            true => Ok(part),
            false => self.rows.finish().map_err(Error::from).map(|batch| {
                part.batch = Some(batch);
                part
            }),
        };
        self.sender.blocking_send(sent).ok()
    }
}

/// An error's text with those of its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
