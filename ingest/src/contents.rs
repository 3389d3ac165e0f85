//! Which records does one file hold, for those who want to look at them and keep nothing?

use trailwright_engine::event::{RecordError, Row};

use crate::decompress::{Inflater, Text};
use crate::parse::{Piece, Reject, records};
use crate::unwrap::{Wrapped, unwrap};

/// Bytes that are inflated at once.
const PIECE_BYTES: usize = 1 << 20;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The records, each as JSON text, taken out of what they were wrapped in.
    pub records: Vec<String>,
    /// What is no record.
    pub rejects: Vec<Reject>,
}

impl Contents {
    /// Reads `bytes`, which may be compressed, as an ingest does.
    pub fn of(bytes: &[u8]) -> Self {
        let mut contents = Self::default();
        let mut inflater = Inflater::new();
        let mut text = Vec::new();
        let read = Text::open(bytes, &mut inflater).and_then(|mut file| {
            while file.read(&mut text, PIECE_BYTES)? {}
            Ok(())
        });
        records(&text, |piece| match piece {
            Piece::Reject(reject) => contents.rejects.push(reject),
            Piece::Record(object, position, _) => match Row::from_record(object) {
                Ok(_) => contents.records.push(object.to_owned()),
                Err(RecordError::NotCloudTrail) => match unwrap(object) {
                    Wrapped::Objects(objects) => contents.records.extend(objects),
                    Wrapped::Digest => {
                        let reason = "a digest, which has no events in it".to_owned();
                        contents.rejects.push(Reject::new(position, reason, &[]));
                    }
                    Wrapped::Nothing(reason) => {
                        contents.rejects.push(Reject::new(position, reason, &[]));
                    }
                },
                Err(error) => {
                    let reason = error.to_string();
                    contents.rejects.push(Reject::new(position, reason, &[]));
                }
            },
        });
        if let Err(trouble) = read {
            contents.rejects.push(Reject::of_file(trouble.to_string()));
        }
        contents
    }
}
