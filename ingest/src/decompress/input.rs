//! Where is a file read, and how far?

use std::io::{self, BufRead, Read};

/// Bytes that are read from a file at once.
pub(super) const READ_BYTES: usize = 256 << 10;

/// A file's bytes, counted, that remember whether reading itself failed. As many are there at once as
/// there is room for, even if they come one by one.
pub(super) struct Input<'a, R> {
    reader: R,
    buffer: &'a mut Vec<u8>,
    /// Where in the buffer the next byte is.
    at: usize,
    taken: u64,
    /// Whether nothing follows what is in the buffer.
    ended: bool,
    /// What follows it instead.
    error: Option<io::Error>,
    failed: bool,
}

impl<'a, R: Read> Input<'a, R> {
    pub(super) fn new(reader: R, buffer: &'a mut Vec<u8>) -> Self {
        buffer.clear();
        Self {
            reader,
            buffer,
            at: 0,
            taken: 0,
            ended: false,
            error: None,
            failed: false,
        }
    }

    /// Bytes taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether reading failed, so that another try may succeed.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    pub(super) fn byte(&mut self) -> io::Result<Option<u8>> {
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
        self.taken += count as u64;
        self.at += count;
    }
}
