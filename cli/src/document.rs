//! Which policy document does a file hold?

use std::io::Read;

use miette::Diagnostic;
use trailwright_engine::PolicyDocument;
use trailwright_engine::policy::PolicyError;
use trailwright_engine::validate::MAX_BYTES;

/// A file that holds no policy.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum BadDocument {
    #[error("cannot read `{file}`")]
    Unreadable {
        file: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{file}` has more than {limit} bytes: it is no policy")]
    TooLarge { file: String, limit: usize },
    #[error("`{file}` is no text in UTF-8")]
    NoText { file: String },
    #[error("{file}:{}:{}: {}, at {}", .error.line, .error.column, .error.message, .error.path)]
    #[diagnostic(help("`trailwright validate {file}` lists everything that is wrong with it"))]
    NoPolicy { file: String, error: PolicyError },
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read(file: &str) -> Result<String, BadDocument> {
    read_up_to(MAX_BYTES, file)
}

/// The same, where a file may have more bytes than a policy.
pub(crate) fn read_up_to(most: usize, file: &str) -> Result<String, BadDocument> {
    let failed = |source| BadDocument::Unreadable {
        file: file.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    // One byte more than is looked into tells that there is more.
    let limit = most as u64 + 1;
    let read = if file == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes)
    } else {
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened.take(limit).read_to_end(&mut bytes)
    };
    read.map_err(failed)?;
    let file = file.to_owned();
    if bytes.len() > most {
        return Err(BadDocument::TooLarge { file, limit: most });
    }
    String::from_utf8(bytes).map_err(|_| BadDocument::NoText { file })
}

/// The text of a file, and the policy that it is.
pub(crate) fn parse(file: &str) -> Result<(String, PolicyDocument), BadDocument> {
    let text = read(file)?;
    let document = parse_text(file, &text)?;
    Ok((text, document))
}

/// The policy that the text of a file is.
pub(crate) fn parse_text(file: &str, text: &str) -> Result<PolicyDocument, BadDocument> {
    text.parse().map_err(|error| BadDocument::NoPolicy {
        file: file.to_owned(),
        error,
    })
}
