//! How do a file's bytes become text to parse?
//!
//! By their content, not by their name: gzip, zstd or neither. The text comes piece by piece,
//! so that a file which inflates without end fills no memory. gzip is read member by member,
//! for a file may hold several, and with its own checks, for what follows the last member or
//! contradicts a checksum is reported and costs nothing that was whole.

use std::io::{self, BufRead, BufReader, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// A file that inflates to more than this must not do so by more than [`MAX_RATIO`].
/// CloudTrail's own files are below 50 MB and inflate by 10 to 20 times.
const RATIO_CHECKED_FROM: u64 = 256 << 20;

/// DEFLATE can inflate by 1,032 times, zstd by far more; logs do not.
const MAX_RATIO: u64 = 100;

/// Bytes that are read from a file at once.
const READ_BYTES: usize = 64 << 10;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// What an inflater keeps from one file to the next.
pub(crate) struct Inflater {
    state: Option<Decompress>,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            state: Some(Decompress::new(false)),
        }
    }

    /// One that holds the place of another.
    pub(crate) fn spare() -> Self {
        Self { state: None }
    }
}

/// The text of one file, inflated as it is asked for.
pub(crate) struct Text<'a, R: Read> {
    body: Body<'a, R>,
    /// Bytes given so far.
    given: u64,
    ended: bool,
}

enum Body<'a, R: Read> {
    Plain(Input<R>),
    Gzip(Gzip<'a, R>),
    Zstd(zstd::stream::read::Decoder<'static, Input<R>>),
}

/// Why the rest of a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The bytes could not be read: another try may succeed.
    #[error("cannot read: {0}")]
    Read(io::Error),
    /// The bytes are not what they should be.
    #[error("{0}")]
    Content(String),
}

impl<'a, R: Read> Text<'a, R> {
    /// Looks at the first bytes of `file` to tell what it is.
    pub(crate) fn open(file: R, inflater: &'a mut Inflater) -> Result<Self, Trouble> {
        let mut input = Input::new(file);
        let start = input.fill_buf().map_err(Trouble::Read)?;
        if start.is_empty() {
            return Err(content("empty file"));
        }
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(content("text in UTF-16: expected UTF-8"));
        }
        let body = if start.starts_with(GZIP_MAGIC) {
            let state = inflater.state.get_or_insert_with(|| Decompress::new(false));
            Body::Gzip(Gzip::new(input, state))
        } else if start.starts_with(ZSTD_MAGIC) {
            let decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(Trouble::Read)?;
            Body::Zstd(decoder)
        } else {
            Body::Plain(input)
        };
        Ok(Self {
            body,
            given: 0,
            ended: false,
        })
    }

    /// Appends about `wanted` bytes to `text`, fewer only at the end. False if there is no more.
    pub(crate) fn read(&mut self, text: &mut Vec<u8>, wanted: usize) -> Result<bool, Trouble> {
        let before = text.len();
        while !self.ended && text.len() - before < wanted {
            let had = text.len();
            let rest = wanted - (had - before);
            let more = match &mut self.body {
                Body::Plain(input) => input.take(rest as u64).read_to_end(text).map(|n| n > 0),
                Body::Gzip(gzip) => gzip.read(text, rest),
                Body::Zstd(zstd) => zstd.take(rest as u64).read_to_end(text).map(|n| n > 0),
            };
            self.given += (text.len() - had) as u64;
            match more {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.ended = true;
                    return Err(self.trouble(error));
                }
            }
            self.check_ratio()?;
        }
        Ok(!self.ended)
    }

    /// Bytes given so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    fn input(&self) -> &Input<R> {
        match &self.body {
            Body::Plain(input) => input,
            Body::Gzip(gzip) => &gzip.input,
            Body::Zstd(zstd) => zstd.get_ref(),
        }
    }

    fn check_ratio(&mut self) -> Result<(), Trouble> {
        let read = self.input().read;
        let bomb = self.given > RATIO_CHECKED_FROM && self.given / MAX_RATIO > read;
        if bomb && !matches!(self.body, Body::Plain(_)) {
            self.ended = true;
            return Err(content(&format!(
                "inflates to more than {MAX_RATIO} times its size: stopped after {} bytes",
                self.given
            )));
        }
        Ok(())
    }

    fn trouble(&self, error: io::Error) -> Trouble {
        if self.input().failed {
            return Trouble::Read(error);
        }
        match &self.body {
            Body::Plain(_) => Trouble::Read(error),
            Body::Gzip(_) => content(&format!("{error} after {} inflated bytes", self.given)),
            Body::Zstd(_) => content(&format!(
                "zstd is damaged or cut off: {error} after {} inflated bytes",
                self.given
            )),
        }
    }
}

fn content(reason: &str) -> Trouble {
    Trouble::Content(reason.to_owned())
}

/// A file's bytes, counted, that remember whether reading itself failed.
struct Input<R> {
    reader: BufReader<R>,
    read: u64,
    failed: bool,
}

impl<R: Read> Input<R> {
    fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(READ_BYTES, reader),
            read: 0,
            failed: false,
        }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.fill_buf()?.first().copied();
        if byte.is_some() {
            self.consume(1);
        }
        Ok(byte)
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        match &read {
            Ok(read) => self.read += *read as u64,
            Err(_) => self.failed = true,
        }
        read
    }
}

impl<R: Read> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let filled = self.reader.fill_buf();
        self.failed |= filled.is_err();
        filled
    }

    fn consume(&mut self, count: usize) {
        self.read += count as u64;
        self.reader.consume(count);
    }
}

/// gzip, member after member.
struct Gzip<'a, R> {
    input: Input<R>,
    state: &'a mut Decompress,
    member: Option<Member>,
    members: usize,
}

struct Member {
    // That of zlib-rs takes four times as long.
    crc: crc32fast::Hasher,
    /// Bytes given, of which the trailer has 32 bits.
    length: u32,
}

impl<'a, R: Read> Gzip<'a, R> {
    fn new(input: Input<R>, state: &'a mut Decompress) -> Self {
        Self {
            input,
            state,
            member: None,
            members: 0,
        }
    }

    /// Appends at most `wanted` bytes. False behind the last member.
    fn read(&mut self, text: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
        if self.member.is_none() && !self.next_member()? {
            return Ok(false);
        }
        let Some(member) = &mut self.member else {
            return Ok(false);
        };
        let had = text.len();
        text.reserve(wanted.min(READ_BYTES));
        let input = self.input.fill_buf()?;
        let at_end = input.is_empty();
        let before = self.state.total_in();
        let result = self
            .state
            .decompress_vec(input, text, FlushDecompress::None);
        let used = usize::try_from(self.state.total_in() - before).unwrap_or_default();
        self.input.consume(used);
        let given = text.get(had..).unwrap_or_default();
        member.crc.update(given);
        member.length = member.length.wrapping_add(given.len() as u32);
        match result {
            Ok(Status::StreamEnd) => self.end_member()?,
            Ok(_) if at_end && text.len() == had => return Err(bad("gzip is cut off")),
            Ok(_) => {}
            Err(error) => return Err(bad(&format!("gzip is damaged: {error}"))),
        }
        Ok(true)
    }

    /// Moves to the next member, over zeros that fill up a block. False if there is none.
    fn next_member(&mut self) -> io::Result<bool> {
        let first = loop {
            match self.input.byte()? {
                None => return Ok(false),
                Some(0) if self.members > 0 => {}
                Some(byte) => break byte,
            }
        };
        let magic = [first, self.input.byte()?.unwrap_or_default()];
        if magic != GZIP_MAGIC {
            return Err(bad("bytes that are no gzip follow the gzip"));
        }
        self.skip_header()?;
        self.state.reset(false);
        self.member = Some(Member {
            crc: crc32fast::Hasher::new(),
            length: 0,
        });
        self.members += 1;
        Ok(true)
    }

    /// RFC 1952, section 2.3, behind the magic.
    fn skip_header(&mut self) -> io::Result<()> {
        let method = self.need()?;
        let flags = self.need()?;
        if method != 8 || flags & 0xe0 != 0 {
            return Err(bad("gzip header of an unknown kind"));
        }
        for _ in 0..6 {
            self.need()?;
        }
        if flags & 4 != 0 {
            let length = u16::from_le_bytes([self.need()?, self.need()?]);
            for _ in 0..length {
                self.need()?;
            }
        }
        for text in [8, 16] {
            if flags & text != 0 {
                while self.need()? != 0 {}
            }
        }
        if flags & 2 != 0 {
            self.need()?;
            self.need()?;
        }
        Ok(())
    }

    fn end_member(&mut self) -> io::Result<()> {
        let Some(member) = self.member.take() else {
            return Ok(());
        };
        let mut trailer = [0; 8];
        for byte in &mut trailer {
            *byte = self.need()?;
        }
        let [c0, c1, c2, c3, l0, l1, l2, l3] = trailer;
        if u32::from_le_bytes([c0, c1, c2, c3]) != member.crc.finalize() {
            return Err(bad("gzip checksum does not match"));
        }
        if u32::from_le_bytes([l0, l1, l2, l3]) != member.length {
            return Err(bad("gzip trailer lies about its length"));
        }
        Ok(())
    }

    fn need(&mut self) -> io::Result<u8> {
        self.input.byte()?.ok_or_else(|| bad("gzip is cut off"))
    }
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
        let mut inflater = Inflater::new();
        let mut text = Vec::new();
        let result = Text::open(bytes, &mut inflater).and_then(|mut file| {
            while file.read(&mut text, 7)? {}
            Ok(())
        });
        (text, result.err().map(|trouble| trouble.to_string()))
    }

    #[test]
    fn every_member_is_read_over_zeros_between_them() {
        let bytes = [gzip(b"one "), vec![0; 3], gzip(b"two"), vec![0; 512]].concat();
        assert_eq!(read(&bytes), (b"one two".to_vec(), None));
    }

    #[test]
    fn zstd_frames_and_plain_text_are_told_by_content() {
        let bytes = [
            zstd::encode_all(&b"one "[..], 1).unwrap(),
            zstd::encode_all(&b"two"[..], 1).unwrap(),
        ]
        .concat();
        assert_eq!(read(&bytes), (b"one two".to_vec(), None));
        assert_eq!(read(b"{}"), (b"{}".to_vec(), None));
    }

    #[test]
    fn what_is_whole_is_given_before_the_damage_is_told() {
        let whole = gzip(b"one two three");
        let garbage = [whole.clone(), b"<html>".to_vec()].concat();
        let (text, trouble) = read(&garbage);
        assert_eq!(text, b"one two three");
        assert_eq!(
            trouble.unwrap(),
            "bytes that are no gzip follow the gzip after 13 inflated bytes"
        );

        let (_, trouble) = read(whole.get(..whole.len() - 9).unwrap());
        assert!(trouble.unwrap().starts_with("gzip is cut off"));

        let mut lying = whole.clone();
        *lying.last_mut().unwrap() = 0x7f;
        let (text, trouble) = read(&lying);
        assert_eq!(text, b"one two three");
        assert!(trouble.unwrap().contains("lies about its length"));

        let mut altered = whole;
        let crc = altered.len() - 6;
        *altered.get_mut(crc).unwrap() ^= 1;
        assert!(read(&altered).1.unwrap().contains("checksum"));
    }

    #[test]
    fn a_bomb_is_stopped() {
        // 512 MiB of spaces, in few bytes.
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let spaces = vec![b' '; 1 << 20];
        for _ in 0..512 {
            encoder.write_all(&spaces).unwrap();
        }
        let bomb = encoder.finish().unwrap();
        let mut inflater = Inflater::new();
        let mut file = Text::open(bomb.as_slice(), &mut inflater).unwrap();
        let mut text = Vec::new();
        let trouble = loop {
            text.clear();
            match file.read(&mut text, 1 << 20) {
                Ok(true) => {}
                other => break other,
            }
        };
        assert!(trouble.unwrap_err().to_string().contains("100 times"));
        assert!(file.given() < 300 << 20);
    }
}
