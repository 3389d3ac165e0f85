//! How are events delivered?
//!
//! As CloudTrail does: `AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/` holds files
//! `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMMZ_ID.json.gz` of `{"Records":[...]}`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::calendar::Day;
use super::dice::Dice;

/// Writes files, reusing its buffers.
pub(super) struct Deliverer {
    out: PathBuf,
    /// `None` for files that are not compressed.
    compress: Option<Compress>,
    packed: Vec<u8>,
    folder: PathBuf,
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) plain_bytes: u64,
}

/// Events that go into one file together.
#[derive(Debug, Default)]
pub(super) struct Pending {
    text: Vec<u8>,
    pub(super) records: u32,
}

impl Pending {
    /// Adds an event that `write` writes.
    pub(super) fn push<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let begin: &[u8] = if self.records == 0 {
            b"{\"Records\":["
        } else {
            b","
        };
        self.text.extend_from_slice(begin);
        self.records += 1;
        write(&mut self.text)
    }

    /// The text so far; what `push` added last is at its end.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }
}

/// Where and when a file is delivered.
pub(super) struct Address<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) day: &'a Day,
    pub(super) second: u32,
}

impl Deliverer {
    pub(super) fn new(out: &Path, level: u32) -> Self {
        Self {
            out: out.to_owned(),
            compress: (level > 0).then(|| Compress::new(Compression::new(level), false)),
            packed: Vec::new(),
            folder: PathBuf::new(),
            files: 0,
            bytes: 0,
            plain_bytes: 0,
        }
    }

    /// Delivers what is pending, if anything is.
    pub(super) fn deliver(
        &mut self,
        pending: &mut Pending,
        to: &Address<'_>,
        dice: &mut Dice,
    ) -> anyhow::Result<()> {
        if pending.records == 0 {
            return Ok(());
        }
        pending.text.extend_from_slice(b"]}");
        let Address {
            account,
            region,
            day,
            second,
        } = to;
        let folder = self.out.join(format!(
            "AWSLogs/{account}/CloudTrail/{region}/{}",
            day.folder
        ));
        if folder != self.folder {
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create `{}`", folder.display()))?;
            self.folder = folder;
        }
        let id = dice.text(|dice, out| dice.alphanumeric(out, 16));
        let (hour, minute) = (second / 3600, second / 60 % 60 / 5 * 5);
        let end = if self.compress.is_some() { ".gz" } else { "" };
        let path = self.folder.join(format!(
            "{account}_CloudTrail_{region}_{}{hour:02}{minute:02}Z_{id}.json{end}",
            day.compact
        ));
        let bytes = match &mut self.compress {
            Some(compress) => {
                gzip(compress, &pending.text, &mut self.packed)?;
                &self.packed
            }
            None => &pending.text,
        };
        fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        self.files += 1;
        self.bytes += bytes.len() as u64;
        self.plain_bytes += pending.text.len() as u64;
        pending.text.clear();
        pending.records = 0;
        Ok(())
    }
}

/// One gzip member, as `gzip -n` would write it.
fn gzip(compress: &mut Compress, text: &[u8], packed: &mut Vec<u8>) -> anyhow::Result<()> {
    packed.clear();
    packed.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    compress.reset();
    loop {
        packed.reserve(text.len() / 4 + 4096);
        let read = usize::try_from(compress.total_in())?;
        let rest = text.get(read..).unwrap_or_default();
        match compress.compress_vec(rest, packed, FlushCompress::Finish)? {
            Status::StreamEnd => break,
            Status::Ok | Status::BufError => {}
        }
    }
    packed.extend_from_slice(&crc32fast::hash(text).to_le_bytes());
    // The length of a member is told modulo four gigabytes.
    let length = u64::try_from(text.len())? & u64::from(u32::MAX);
    packed.extend_from_slice(&u32::try_from(length)?.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_packed_can_be_unpacked() -> anyhow::Result<()> {
        let mut compress = Compress::new(Compression::new(1), false);
        let mut packed = Vec::new();
        for size in [0, 10, 100_000] {
            let text = vec![b'a'; size];
            gzip(&mut compress, &text, &mut packed)?;
            let mut back = Vec::new();
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut back)?;
            assert_eq!(back, text);
        }
        Ok(())
    }
}
