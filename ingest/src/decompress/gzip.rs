//! How is gzip inflated so that nothing in it goes unseen?
//!
//! Member by member, for a file may hold several, and with its own checks, for what follows the last
//! member or contradicts a checksum is reported and costs nothing that was whole. The last member, or
//! the only one, is inflated at once where it is small, as nearly all of CloudTrail's files are: that
//! takes half the time. What is not as it should be then is looked at again piece by piece, which tells
//! why.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use super::input::Input;

/// Bytes that are inflated at once, piece by piece.
const PIECE_BYTES: usize = 64 << 10;

/// A member that says that it inflates to more is inflated piece by piece.
const WHOLE_BYTES: u32 = 4 << 20;

pub(super) const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// How every member begins: the magic, and the one method that there is.
const MEMBER_START: &[u8] = &[0x1f, 0x8b, 8];
/// What is kept from one file to the next.
pub(super) struct State {
    pieces: Decompress,
    whole: libdeflater::Decompressor,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            pieces: Decompress::new(false),
            whole: libdeflater::Decompressor::new(),
        }
    }
}

/// gzip, member after member.
pub(super) struct Gzip<'a, R> {
    input: Input<'a, R>,
    state: &'a mut State,
    /// The one that is inflated piece by piece.
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
    pub(super) fn new(input: Input<'a, R>, state: &'a mut State) -> Self {
        Self {
            input,
            state,
            member: None,
            members: 0,
        }
    }

    pub(super) fn input(&self) -> &Input<'a, R> {
        &self.input
    }

    /// Appends about `wanted` bytes at most. False behind the last member.
    pub(super) fn read(&mut self, text: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
        if self.member.is_none() {
            if !self.next_member()? {
                return Ok(false);
            }
            if self.whole_member(text)? {
                return Ok(true);
            }
            self.begin_pieces();
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
            // The inflater's own words differ with the room that it has, and help nobody.
            Err(_) => Err(bad("gzip is damaged")),
        }
    }

    /// Moves to the next member's body, over zeros that fill up a block. False if there is none.
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
        self.members += 1;
        Ok(true)
    }

    fn begin_pieces(&mut self) {
        self.state.pieces.reset(false);
        self.member = Some(Member {
            crc: crc32fast::Hasher::new(),
            length: 0,
        });
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

    use super::super::Inflater;
    use super::super::tests::{gzip, read};
    use super::*;

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
                if gzip.member.is_none() && more {
                    gzip.begin_pieces();
                }
                gzip.piece(&mut in_pieces, 7)?;
                Ok(more)
            }));
            prop_assert_eq!((one, at_once), (other, in_pieces));
        }
    }
}
