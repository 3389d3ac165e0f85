//! What did the user decide, on the command line and in a file?

use std::path::Path;

use miette::{Diagnostic, Result};
use trailwright_engine::answers::{Addition, Answers};

use super::WrongWriting;

/// Answers that cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum BadAnswers {
    #[error("cannot read `{file}`")]
    Unreadable {
        file: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{file}` holds no answers: {reason}")]
    #[diagnostic(help(
        "as TOML: add = [\"sqs:SendMessage\"] and below [set] BucketName = \"logs\"; as JSON the same"
    ))]
    Form { file: String, reason: String },
}

/// The answers of a file and of the command line together.
pub(super) fn read(file: Option<&Path>, add: &[String], set: &[String]) -> Result<Answers> {
    let mut answers = file.map(read_file).transpose()?.unwrap_or_default();
    let additions = add.iter().map(|it| Addition::parse(it));
    answers.add.extend(additions);
    for text in set {
        answers.set(text).map_err(WrongWriting::Answers)?;
    }
    Ok(answers)
}

fn read_file(path: &Path) -> Result<Answers, BadAnswers> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| BadAnswers::Unreadable {
        file: file.clone(),
        source,
    })?;
    let answers = match text.trim_start().starts_with('{') {
        true => serde_json::from_str(&text).map_err(|error| error.to_string()),
        false => toml::from_str(&text).map_err(|error| error.to_string()),
    };
    answers.map_err(|reason| BadAnswers::Form {
        file,
        reason: reason.trim_end().to_owned(),
    })
}
