//! How do a file's bytes become text to parse?
//!
//! By their content, not by their name: gzip, zstd or neither. The text comes piece by piece,
//! so that a file which inflates without end fills no memory.

mod gzip;
mod input;

use std::io::{self, BufRead, Read};

use gzip::{GZIP_MAGIC, Gzip};
use input::{Input, READ_BYTES};

/// A file that inflates to more than this must not do so by more than [`MAX_RATIO`].
/// CloudTrail's own files are below 50 MB and inflate by 10 to 20 times.
const RATIO_CHECKED_FROM: u64 = 256 << 20;

/// DEFLATE can inflate by 1,032 times, zstd by far more; logs do not.
const MAX_RATIO: u64 = 100;

const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// What an inflater keeps from one file to the next.
pub(crate) struct Inflater {
    state: Option<gzip::State>,
    buffer: Vec<u8>,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            state: Some(gzip::State::new()),
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
            let state = inflater.state.get_or_insert_with(gzip::State::new);
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
            Body::Gzip(gzip) => gzip.input(),
            Body::Zstd(zstd) => zstd.get_ref(),
        }
    }

    fn check_ratio(&mut self) -> Result<(), Trouble> {
        let read = self.input().taken();
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
        if self.input().failed() {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::io::Write;

    use super::*;

    pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    pub(super) fn read(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
        let mut inflater = Inflater::new();
        let mut text = Vec::new();
        let result = Text::open(bytes, &mut inflater).and_then(|mut file| {
            while file.read(&mut text, 7)? {}
            Ok(())
        });
        (text, result.err().map(|trouble| trouble.to_string()))
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
