//! How do a file's bytes become text to parse?

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// The largest a file may be once inflated. CloudTrail's own are below 50 MB; a gzip bomb
/// has no end.
const MAX_INFLATED: u64 = 1 << 30;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What could be had of a file, and what was wrong with the rest.
#[derive(Debug, Default)]
pub(crate) struct Inflated {
    pub(crate) trouble: Option<String>,
}

/// Reads the file at `path` into `text`, inflating it if it is gzip by its content. What was
/// inflated before an error is kept: the records in it are whole.
pub(crate) fn read(path: &Path, text: &mut Vec<u8>) -> Inflated {
    text.clear();
    let mut raw = Vec::new();
    if let Err(error) = File::open(path).and_then(|mut file| file.read_to_end(&mut raw)) {
        return trouble(format!("cannot read: {error}"));
    }
    if raw.is_empty() {
        return trouble("empty file".to_owned());
    }
    if !raw.starts_with(&GZIP_MAGIC) {
        let named_gzip = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("gz"));
        let looks_json = matches!(first_sign(&raw), Some(b'{' | b'['));
        *text = raw;
        return match named_gzip && !looks_json {
            true => {
                text.clear();
                trouble("expected gzip, got neither gzip nor JSON".to_owned())
            }
            false => Inflated::default(),
        };
    }
    let mut decoder = MultiGzDecoder::new(raw.as_slice()).take(MAX_INFLATED + 1);
    let result = decoder.read_to_end(text);
    if text.len() as u64 > MAX_INFLATED {
        text.clear();
        return trouble(format!("inflates to more than {MAX_INFLATED} bytes"));
    }
    match result {
        Ok(_) => Inflated::default(),
        Err(error) => trouble(format!(
            "gzip is damaged or cut off after {} inflated bytes: {error}",
            text.len()
        )),
    }
}

fn first_sign(bytes: &[u8]) -> Option<u8> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes
        .iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace())
}

fn trouble(reason: String) -> Inflated {
    Inflated {
        trouble: Some(reason),
    }
}
