//! How do a file's bytes become text to parse?
//!
//! By their content, not by their name: gzip, zstd or neither. The text comes piece by piece,
//! so that a file which inflates without end fills no memory. gzip is read member by member,
//! for a file may hold several, and with its own checks, for what follows the last member or
//! contradicts a checksum is reported and costs nothing that was whole. The last member, or the only
//! one, is inflated at once where it is small, as nearly all of CloudTrail's files are: that takes half
//! the time. What is not as it should be then is looked at again piece by piece, which tells why.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

/// A file that inflates to more than this must not do so by more than [`MAX_RATIO`].
/// CloudTrail's own files are below 50 MB and inflate by 10 to 20 times.
const RATIO_CHECKED_FROM: u64 = 256 << 20;

/// DEFLATE can inflate by 1,032 times, zstd by far more; logs do not.
const MAX_RATIO: u64 = 100;

/// Bytes that are read from a file at once.
const READ_BYTES: usize = 256 << 10;

/// Bytes that are inflated at once, piece by piece.
const PIECE_BYTES: usize = 64 << 10;

/// A member that says that it inflates to more is inflated piece by piece.
const WHOLE_BYTES: u32 = 1 << 20;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// How every member begins: the magic, and the one method that there is.
const MEMBER_START: &[u8] = &[0x1f, 0x8b, 8];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// What an inflater keeps from one file to the next.
pub(crate) struct Inflater {
    state: Option<State>,
    buffer: Vec<u8>,
}

struct State {
    pieces: Decompress,
    whole: libdeflater::Decompressor,
}

impl State {
    fn new() -> Self {
        Self {
            pieces: Decompress::new(false),
            whole: libdeflater::Decompressor::new(),
        }
    }
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            state: Some(State::new()),
            buffer: Vec::with_capacity(READ_BYTES),
        }
    }

    /// One that holds the place of another.
    pub(crate) fn spare() -> Self {
        Self {
            state: None,
            buffer: Vec::new(),
        }
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
    Plain(Input<'a, R>),
    Gzip(Gzip<'a, R>),
    Zstd(zstd::stream::read::Decoder<'static, Input<'a, R>>),
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
        let mut input = Input::new(file, &mut inflater.buffer);
        let start = input.fill_buf().map_err(Trouble::Read)?;
        if start.is_empty() {
            return Err(content("empty file"));
        }
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(content("text in UTF-16: expected UTF-8"));
        }
        let body = if start.starts_with(GZIP_MAGIC) {
            let state = inflater.state.get_or_insert_with(State::new);
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

    fn input(&self) -> &Input<'a, R> {
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

/// A file's bytes, counted, that remember whether reading itself failed. As many are there at once as
/// there is room for, even if they come one by one.
struct Input<'a, R> {
    reader: R,
    buffer: &'a mut Vec<u8>,
    /// Where in the buffer the next byte is.
    at: usize,
    /// Bytes taken so far.
    read: u64,
    /// Whether nothing follows what is in the buffer.
    ended: bool,
    /// What follows it instead.
    error: Option<io::Error>,
    failed: bool,
}

impl<'a, R: Read> Input<'a, R> {
    fn new(reader: R, buffer: &'a mut Vec<u8>) -> Self {
        buffer.clear();
        Self {
            reader,
            buffer,
            at: 0,
            read: 0,
            ended: false,
            error: None,
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

impl<R: Read> Read for Input<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Input<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() && !self.ended {
            self.buffer.clear();
            self.at = 0;
            let mut reader = (&mut self.reader).take(READ_BYTES as u64);
            let read = reader.read_to_end(self.buffer);
            self.ended = !matches!(read, Ok(READ_BYTES));
            self.error = read.err();
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        match self.error.take_if(|_| rest.is_empty()) {
            None => Ok(rest),
            Some(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    fn consume(&mut self, count: usize) {
        self.read += count as u64;
        self.at += count;
    }
}

/// gzip, member after member.
struct Gzip<'a, R> {
    input: Input<'a, R>,
    state: &'a mut State,
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
    fn new(input: Input<'a, R>, state: &'a mut State) -> Self {
        Self {
            input,
            state,
            member: None,
            members: 0,
        }
    }

    /// Appends about `wanted` bytes at most. False behind the last member.
    fn read(&mut self, text: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
        if self.member.is_none() {
            if !self.next_member()? {
                return Ok(false);
            }
            if self.whole_member(text)? {
                return Ok(true);
            }
        }
        self.piece(text, wanted)?;
        Ok(true)
    }

    /// Appends at most `wanted` bytes of the member.
    fn piece(&mut self, text: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
        let Some(member) = &mut self.member else {
            return Ok(());
        };
        let had = text.len();
        text.reserve(wanted.min(PIECE_BYTES));
        let input = self.input.fill_buf()?;
        let at_end = input.is_empty();
        let state = &mut self.state.pieces;
        let before = state.total_in();
        let result = state.decompress_vec(input, text, FlushDecompress::None);
        let used = usize::try_from(state.total_in() - before).unwrap_or_default();
        self.input.consume(used);
        let given = text.get(had..).unwrap_or_default();
        member.crc.update(given);
        member.length = member.length.wrapping_add(given.len() as u32);
        match result {
            Ok(Status::StreamEnd) => self.end_member(),
            Ok(_) if at_end && text.len() == had => Err(bad("gzip is cut off")),
            Ok(_) => Ok(()),
            Err(error) => Err(bad(&format!("gzip is damaged: {error}"))),
        }
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
        self.state.pieces.reset(false);
        self.member = Some(Member {
            crc: crc32fast::Hasher::new(),
            length: 0,
        });
        self.members += 1;
        Ok(true)
    }

    /// Appends the member whose header was read, if it is whole, small, the last one, and ends with what
    /// was read of the file. Nothing happens otherwise.
    fn whole_member(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        let rest = self.input.fill_buf()?;
        let Some((body, trailer)) = rest.split_last_chunk::<8>() else {
            return Ok(false);
        };
        let (crc, length) = told_by(*trailer);
        // The inflater does not say where the member ended. If that was before these bytes did, and what
        // they end with is right for it nevertheless, others follow, or bytes that somebody made so.
        if length > WHOLE_BYTES || memmem::find(body, MEMBER_START).is_some() {
            return Ok(false);
        }
        let had = text.len();
        let length = usize::try_from(length).unwrap_or_default();
        text.resize(had + length, 0);
        let room = text.get_mut(had..).unwrap_or_default();
        let inflated = self.state.whole.deflate_decompress(body, room);
        if inflated != Ok(length) || crc32fast::hash(room) != crc {
            text.truncate(had);
            return Ok(false);
        }
        let used = rest.len();
        self.input.consume(used);
        self.member = None;
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
        let (crc, length) = told_by(trailer);
        if crc != member.crc.finalize() {
            return Err(bad("gzip checksum does not match"));
        }
        if length != member.length {
            return Err(bad("gzip trailer lies about its length"));
        }
        Ok(())
    }

    fn need(&mut self) -> io::Result<u8> {
        self.input.byte()?.ok_or_else(|| bad("gzip is cut off"))
    }
}

/// The checksum and the length, modulo four gigabytes, that a member's trailer tells.
fn told_by(trailer: [u8; 8]) -> (u32, u32) {
    let [c0, c1, c2, c3, l0, l1, l2, l3] = trailer;
    (
        u32::from_le_bytes([c0, c1, c2, c3]),
        u32::from_le_bytes([l0, l1, l2, l3]),
    )
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::io::Write;

    use proptest::prelude::*;

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
    fn a_member_between_two_that_are_the_same_is_read() {
        let bytes = [gzip(b"one "), gzip(b"two "), gzip(b"one ")].concat();
        assert_eq!(read(&bytes), (b"one two one ".to_vec(), None));
    }

    fn with_gzip(
        bytes: &[u8],
        run: impl FnOnce(&mut Gzip<'_, &[u8]>) -> io::Result<()>,
    ) -> Option<String> {
        let mut inflater = Inflater::new();
        let input = Input::new(bytes, &mut inflater.buffer);
        let mut gzip = Gzip::new(input, inflater.state.as_mut().unwrap());
        run(&mut gzip).err().map(|error| error.to_string())
    }

    fn while_true(mut more: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
        while more()? {}
        Ok(())
    }

    proptest! {
        #[test]
        fn at_once_is_like_piece_by_piece(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4),
            level in 0..10_u32,
            repeats in 1..200_usize,
            mark in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
            behind in prop::collection::vec(any::<u8>(), 0..12),
            cut in 0..12_usize,
        ) {
            let mut bytes: Vec<u8> = Vec::new();
            for text in &texts {
                let level = flate2::Compression::new(level);
                let mut encoder = flate2::write::GzEncoder::new(&mut bytes, level);
                encoder.write_all(&text.repeat(repeats)).unwrap();
                encoder.finish().unwrap();
            }
            bytes.extend(behind);
            bytes.truncate(bytes.len() - cut);
            if let Some((place, value)) = mark {
                *place.get_mut(&mut bytes) = value;
            }
            let (mut at_once, mut in_pieces) = (Vec::new(), Vec::new());
            let one = with_gzip(&bytes, |gzip| while_true(|| gzip.read(&mut at_once, 7)));
            let other = with_gzip(&bytes, |gzip| while_true(|| {
                let more = gzip.member.is_some() || gzip.next_member()?;
                gzip.piece(&mut in_pieces, 7)?;
                Ok(more)
            }));
            prop_assert_eq!((one, at_once), (other, in_pieces));
        }
    }

    #[test]
    fn what_comes_byte_by_byte_is_told_by_its_content_too() {
        struct OneByOne<'a>(&'a [u8]);
        impl Read for OneByOne<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(buffer.get_mut(..1).unwrap())
            }
        }
        let bytes = gzip(b"text");
        let mut inflater = Inflater::new();
        let mut text = Vec::new();
        let mut file = Text::open(OneByOne(&bytes), &mut inflater).unwrap();
        assert!(!file.read(&mut text, 100).unwrap());
        assert_eq!(text, b"text");
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
