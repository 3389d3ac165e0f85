//! What goes into the lake next?
//!
//! What is decoded is gathered into a portion. A full portion is arranged into data files on a
//! thread of its own, while the next one is gathered; then it is committed.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use tokio::task::JoinHandle;
use trailwright_engine::event;

use super::Options;
use super::decode::Decoded;
use crate::batch::{self, Batch};
use crate::lake::{self, DataFile, Ledger, Quarantine, ReadFile};
use crate::parse::Reject;
use crate::report::Report;
use crate::{Error, Lake};

/// Files that wait to be written down as read.
const MAX_UNWRITTEN_FILES: usize = 100_000;

/// Batches below this are joined, until together they have that much.
const SMALL_BATCH_BYTES: usize = 4 << 20;
const JOINED_BYTES: usize = 16 << 20;

/// Rejects are written when they hold this much.
const QUARANTINE_BYTES: usize = 16 << 20;

/// Writes what is new into a lake, which is made when there is something to write.
pub(super) struct Writer<'a> {
    location: &'a str,
    options: &'a Options,
    open: Option<(Lake, Ledger)>,
    portion: Portion,
    encoding: Option<Encoding>,
}

/// What goes into the lake together, in this order: rejects, events, files. A crash in between
/// leaves files that are read again, and nothing that is missing.
#[derive(Default)]
struct Portion {
    number: u64,
    events: Vec<RecordBatch>,
    /// Memory that the events take.
    bytes: usize,
    /// Events in small batches, and the memory that they take.
    small: Vec<RecordBatch>,
    small_bytes: usize,
    quarantine: Quarantine,
    read: Vec<ReadFile>,
}

struct Encoding {
    portion: Portion,
    files: JoinHandle<Result<Vec<DataFile>, Error>>,
}

/// A portion whose data files are ready.
pub(super) struct Encoded {
    portion: Portion,
    files: Vec<DataFile>,
}

impl<'a> Writer<'a> {
    pub(super) async fn open(location: &'a str, options: &'a Options) -> Result<Self, Error> {
        let open = match Lake::open_if_there(location, &options.storage).await? {
            Some(lake) => {
                let ledger = lake.ledger().await?;
                Some((lake, ledger))
            }
            None => None,
        };
        Ok(Self {
            location,
            options,
            open,
            portion: Portion {
                number: 1,
                ..Portion::default()
            },
            encoding: None,
        })
    }

    /// The ledger, if the lake is there.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        self.open.as_ref().map(|(_, ledger)| ledger)
    }

    /// The lake and its ledger, which are made if they are not there.
    async fn lake(&mut self) -> Result<(&mut Lake, &mut Ledger), Error> {
        let (lake, ledger) = match self.open.take() {
            Some(open) => self.open.insert(open),
            None => {
                let lake = Lake::open_or_create(self.location, &self.options.storage).await?;
                let ledger = lake.ledger().await?;
                self.open.insert((lake, ledger))
            }
        };
        Ok((lake, ledger))
    }

    /// Adds what a worker decoded.
    pub(super) async fn take(&mut self, part: Decoded, report: &mut Report) -> Result<(), Error> {
        report.files += part.done;
        report.bytes += part.done_bytes;
        report.records += part.records;
        report.digest_files += part.digests;
        report.repeated_keys += part.repeated_keys;
        report.inflated_bytes += part.inflated_bytes;
        for (file, reject) in part.notes {
            self.portion.quarantine.push(&file, &reject);
        }
        for (file, reject) in part.rejects {
            self.portion.quarantine.push(&file, &reject);
            report.reject(&file, reject);
        }
        if let Some(batch) = part.batch {
            let number = self.portion.number;
            let (lake, _) = self.lake().await?;
            let unseen = lake.unseen(&batch, number).await?;
            report.duplicates += (batch.marks.len() - rows(&unseen.events)) as u64;
            report.differing += unseen.differing.len() as u64;
            for place in unseen.differing {
                let (file, reject) = differing(&batch, place);
                self.portion.quarantine.push(&file, &reject);
            }
            self.portion.add(unseen.events)?;
        }
        self.portion.read.extend(part.read);
        if self.portion.bytes + self.portion.small_bytes >= self.options.commit_bytes
            || self.portion.read.len() >= MAX_UNWRITTEN_FILES
            || self.portion.quarantine.bytes() >= QUARANTINE_BYTES
        {
            self.turn_over(report).await?;
        }
        Ok(())
    }

    /// Lets a full portion be arranged, and begins the next one.
    async fn turn_over(&mut self, report: &mut Report) -> Result<(), Error> {
        if self.encoding.is_some() {
            let encoded = self.encoded().await?;
            self.commit(encoded, report).await?;
        }
        let next = Portion {
            number: self.portion.number + 1,
            ..Portion::default()
        };
        self.portion.join_small()?;
        let portion = std::mem::replace(&mut self.portion, next);
        let files = tokio::spawn(lake::encode_apart(portion.events.clone()));
        self.encoding = Some(Encoding { portion, files });
        Ok(())
    }

    /// The portion that is being arranged, when it is ready. Never, if there is none.
    pub(super) async fn encoded(&mut self) -> Result<Encoded, Error> {
        let Some(encoding) = &mut self.encoding else {
            return std::future::pending().await;
        };
        let files = (&mut encoding.files).await;
        let files = files.map_err(|error| Error::Worker(error.into()))?;
        let portion = self.encoding.take().map(|encoding| encoding.portion);
        Ok(Encoded {
            portion: portion.unwrap_or_default(),
            files: files?,
        })
    }

    /// Commits a portion.
    pub(super) async fn commit(
        &mut self,
        encoded: Encoded,
        report: &mut Report,
    ) -> Result<(), Error> {
        let Encoded { portion, files } = encoded;
        let rows_before = rows(&portion.events);
        let (lake, ledger) = self.lake().await?;
        lake.quarantine(&portion.quarantine).await?;
        let appended = lake.append(portion.number, portion.events, files).await?;
        ledger.add(&portion.read).await?;
        report.new += appended.rows;
        // Another ingest was quicker with the others, and maybe with some of the next portion.
        report.duplicates += rows_before as u64 - appended.rows;
        if !appended.foreign.is_empty() {
            self.portion.join_small()?;
            let events = std::mem::take(&mut self.portion.events);
            let before = rows(&events);
            self.portion.events = lake::without(events, &appended.foreign)?;
            report.duplicates += (before - rows(&self.portion.events)) as u64;
        }
        Ok(())
    }

    /// Commits all that is left.
    pub(super) async fn finish(&mut self, report: &mut Report) -> Result<(), Error> {
        if self.encoding.is_some() {
            let encoded = self.encoded().await?;
            self.commit(encoded, report).await?;
        }
        if !self.portion.is_empty() {
            self.turn_over(report).await?;
            let encoded = self.encoded().await?;
            self.commit(encoded, report).await?;
        }
        Ok(())
    }
}

impl Portion {
    /// Adds events that together take the memory of one.
    fn add(&mut self, events: Vec<RecordBatch>) -> Result<(), Error> {
        if rows(&events) == 0 {
            return Ok(());
        }
        let bytes = events.iter().map(RecordBatch::get_array_memory_size).max();
        let bytes = bytes.unwrap_or_default();
        if bytes >= SMALL_BATCH_BYTES {
            self.bytes += bytes;
            self.events.extend(events);
            return Ok(());
        }
        self.small.extend(events);
        self.small_bytes += bytes;
        match self.small_bytes >= JOINED_BYTES {
            true => self.join_small(),
            false => Ok(()),
        }
    }

    /// Makes one batch of the small ones, each of which takes more memory than it needs.
    fn join_small(&mut self) -> Result<(), Error> {
        if !self.small.is_empty() {
            let joined = concat_batches(&batch::schema(), &self.small)?;
            self.small.clear();
            // Of texts, all of the memory goes on, which parts of a batch share.
            self.bytes += std::mem::take(&mut self.small_bytes);
            self.events.push(joined);
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.small.is_empty()
            && self.read.is_empty()
            && self.quarantine.bytes() == 0
    }
}

fn rows(events: &[RecordBatch]) -> usize {
    events.iter().map(RecordBatch::num_rows).sum()
}

/// A record that is not kept, since another one with its id is, for the quarantine.
fn differing(batch: &Batch, place: usize) -> (String, Reject) {
    let event = batch.events.slice(place, 1);
    let rows = event::rows(&event);
    let row = rows.ok().and_then(|rows| rows.into_iter().next());
    let (file, record) = row.map_or_else(Default::default, |row| {
        let file = row.text("log_file").unwrap_or_default().to_owned();
        (file, row.to_record())
    });
    let reason = "differs from the record that is kept under its eventID".to_owned();
    let position = batch.positions.get(place).copied();
    let reject = match position {
        Some(position) => Reject::new(position, reason, record.as_bytes()),
        None => Reject::of_file(reason),
    };
    (file, reject)
}
