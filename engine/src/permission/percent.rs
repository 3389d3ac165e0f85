//! Text as it stands in a URL.

use percent_encoding::percent_decode_str;

/// Text without percent signs for the bytes of its UTF-8.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// An ARN as it stands in the path of a URL.
pub(super) fn encoded_arn(arn: &str) -> String {
    arn.replace(':', "%3A").replace('/', "%2F")
}
