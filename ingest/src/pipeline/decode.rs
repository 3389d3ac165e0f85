//! How does a file become rows?

use trailwright_engine::event::{RecordError, Row};

use super::fetch::{Content, Input, Unit};
use super::{BATCH_BYTES, Shared};
use crate::batch::{Batch, BatchBuilder};
use crate::decompress::{Inflater, Text, Trouble};
use crate::lake::ReadFile;
use crate::parse::{Piece, Position, Reject, Splitter};
use crate::source::Place;
use crate::unwrap::{Wrapped, unwrap};

/// Something that could not be taken in as it was, with the file that it came from.
type FileReject = (String, Reject);

/// What a worker tells of some files, or of a part of one.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) batch: Option<Batch>,
    pub(super) records: u64,
    pub(super) repeated_keys: u64,
    pub(super) digests: u64,
    pub(super) inflated_bytes: u64,
    pub(super) rejects: Vec<FileReject>,
    /// What was taken in, and not exactly as it was written.
    pub(super) notes: Vec<FileReject>,
    /// Files whose last rows are in this part or in one before it.
    pub(super) read: Vec<ReadFile>,
    /// Number and bytes of the files that are done with, read or not.
    pub(super) done: u64,
    pub(super) done_bytes: u64,
}

/// Why a worker does not go on.
enum Halt {
    /// Nobody wants what it decodes.
    NobodyListens,
    /// The user wants to stop.
    Stopped,
}

/// Decodes units of files one after the other, reusing its buffers.
pub(super) struct Worker<'a> {
    shared: &'a Shared,
    inflater: Inflater,
    splitter: Splitter,
    rows: BatchBuilder,
    unit: u64,
    part: Decoded,
    rejected_bytes: usize,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.shared.decoded.leave();
    }
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            inflater: Inflater::new(),
            splitter: Splitter::new(),
            rows: BatchBuilder::new(),
            unit: 0,
            part: Decoded::default(),
            rejected_bytes: 0,
        }
    }

    /// Decodes what comes until nothing does, or nobody wants it any more.
    pub(super) fn run(&mut self, units: &crossbeam_channel::Receiver<Unit>) {
        for unit in units {
            self.unit = unit.number;
            let done = self.decode_all(unit.inputs);
            let whole = done.is_ok();
            if let Err(Halt::NobodyListens) = done {
                return;
            }
            if self.hand_over().is_err() {
                return;
            }
            self.shared.decoded.end(self.unit, whole);
            if !whole {
                return;
            }
        }
    }

    fn decode_all(&mut self, inputs: Vec<Input>) -> Result<(), Halt> {
        for input in inputs {
            if self.shared.is_stopped() {
                return Err(Halt::Stopped);
            }
            self.decode(input)?;
        }
        Ok(())
    }

    fn decode(&mut self, input: Input) -> Result<(), Halt> {
        let Input { file, content } = input;
        let before = self.part.records;
        let handed_over = &mut 0;
        let trouble = match content {
            Content::Failed(error) => Some(Trouble::Read(error)),
            Content::Bytes(bytes) => self.text(&file.name, bytes.as_ref(), handed_over)?,
            Content::InPlace => match file.open(&self.shared.runtime) {
                Ok(reader) => self.text(&file.name, reader, handed_over)?,
                Err(error) => Some(Trouble::Read(error)),
            },
        };
        let unread = matches!(trouble, Some(Trouble::Read(_)));
        if let Some(trouble) = trouble {
            self.reject(&file.name, Reject::of_file(trouble.to_string()));
        }
        self.part.done += 1;
        self.part.done_bytes += file.size;
        if !unread && !matches!(file.place, Place::Stdin) {
            self.part.read.push(ReadFile {
                records: (self.part.records + *handed_over).saturating_sub(before),
                name: file.name,
                size: file.size,
                version: file.version,
            });
        }
        match self.is_full() {
            true => self.hand_over(),
            false => Ok(()),
        }
    }

    /// Decodes the text of one file. What was wrong with it as a whole, if anything was.
    fn text<R: std::io::Read>(
        &mut self,
        file: &str,
        reader: R,
        handed_over: &mut u64,
    ) -> Result<Option<Trouble>, Halt> {
        let mut inflater = std::mem::replace(&mut self.inflater, Inflater::spare());
        let mut splitter = std::mem::replace(&mut self.splitter, Splitter::new());
        splitter.reset();
        let mut trouble = None;
        let mut halt = Ok(());
        match Text::open(reader, &mut inflater) {
            Err(error) => trouble = Some(error),
            Ok(mut text) => {
                let mut more = |buffer: &mut Vec<u8>, wanted: usize| {
                    text.read(buffer, wanted).unwrap_or_else(|error| {
                        trouble = Some(error);
                        false
                    })
                };
                while let Some(piece) = splitter.next(&mut more) {
                    self.piece(file, piece);
                    if self.is_full() {
                        *handed_over += self.part.records;
                        halt = self.hand_over();
                        if halt.is_ok() && self.shared.is_stopped() {
                            halt = Err(Halt::Stopped);
                        }
                        if halt.is_err() {
                            break;
                        }
                    }
                }
                self.part.inflated_bytes += text.given();
            }
        }
        self.inflater = inflater;
        self.splitter = splitter;
        halt.map(|()| trouble)
    }

    fn piece(&mut self, file: &str, piece: Piece<'_>) {
        let (record, position, outline) = match piece {
            Piece::Record(record, position, outline) => (record, position, outline),
            Piece::Reject(reject) => {
                self.part.records += 1;
                return self.reject(file, reject);
            }
        };
        let row = match &outline {
            Some(outline) => Row::from_outline(record, outline),
            None => Row::from_record(record),
        };
        match row {
            Ok(row) => self.row(file, record, position, row),
            Err(RecordError::NotCloudTrail) => self.unwrap(file, record, position),
            Err(error) => self.no_record(file, record, position, &error),
        }
    }

    fn row<'r>(&mut self, file: &'r str, text: &str, position: Position, mut row: Row<'r>) {
        self.part.records += 1;
        if row.repeated_keys() > 0 {
            self.part.repeated_keys += 1;
            let reason = "repeats a key: the last value is kept".to_owned();
            let note = Reject::new(position, reason, text.as_bytes());
            self.rejected_bytes += note.raw.len() + 64;
            self.part.notes.push((file.to_owned(), note));
        }
        row.set_log_file(file);
        self.rows.push(&row, position);
    }

    /// Looks for records in an object that is none.
    fn unwrap(&mut self, file: &str, object: &str, position: Position) {
        match unwrap(object) {
            Wrapped::Digest => self.part.digests += 1,
            Wrapped::Objects(objects) => {
                for object in objects {
                    match Row::from_record(&object) {
                        Ok(row) => self.row(file, &object, position, row),
                        Err(error) => self.no_record(file, &object, position, &error),
                    }
                }
            }
            Wrapped::Nothing(reason) => {
                self.part.records += 1;
                self.reject(file, Reject::new(position, reason, object.as_bytes()));
            }
        }
    }

    fn no_record(&mut self, file: &str, text: &str, position: Position, error: &RecordError) {
        self.part.records += 1;
        let reason = with_causes(error);
        self.reject(file, Reject::new(position, reason, text.as_bytes()));
    }

    fn reject(&mut self, file: &str, reject: Reject) {
        self.rejected_bytes += reject.raw.len() + 64;
        self.part.rejects.push((file.to_owned(), reject));
    }

    fn is_full(&self) -> bool {
        self.rows.bytes() >= BATCH_BYTES
            || self.rejected_bytes >= BATCH_BYTES
            || self.part.read.len() >= 4096
    }

    /// Gives away what was decoded.
    fn hand_over(&mut self) -> Result<(), Halt> {
        let mut part = std::mem::take(&mut self.part);
        let bytes = self.rows.bytes() + std::mem::take(&mut self.rejected_bytes);
        if !self.rows.is_empty() {
            match self.rows.finish() {
                Ok(batch) => part.batch = Some(batch),
                Err(error) => {
                    self.shared.decoded.fail(error.into());
                    return Err(Halt::NobodyListens);
                }
            }
        }
        let given = self.shared.decoded.give(self.unit, part, bytes);
        given.ok_or(Halt::NobodyListens)
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

#[cfg(test)]
mod tests;
