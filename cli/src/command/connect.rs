//! `trailwright connect LAKE`

use std::borrow::Cow;
use std::io::Write;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Result};
use percent_encoding::percent_decode_str;
use trailwright_engine::time::TimeRange;
use trailwright_sql::Session;

use crate::args::StorageArgs;
use crate::exit::Exit;
use crate::output::Stdout;

/// Print how other engines open a lake. It is a pair of Delta tables, without anything that a
/// reader would need to know of it.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    /// Only for this engine
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Print the data files of the current version instead, one a line
    #[arg(long, conflicts_with = "engine")]
    files: bool,
    #[command(flatten)]
    storage: StorageArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Duckdb,
    Spark,
    Athena,
    Python,
}

impl Connect {
    pub(crate) async fn run(self) -> Result<Exit> {
        let storage = self.storage.storage();
        let session = Session::open_at(&self.lake, &storage, TimeRange::default()).await?;
        let mut out = Stdout::new();
        if self.files {
            for file in session.data_files()? {
                writeln!(out, "{file}").into_diagnostic()?;
            }
            return Ok(Exit::Success);
        }
        let tables = session.locations()?;
        let engines = [
            (Engine::Duckdb, duckdb as fn(&[(String, String)]) -> String),
            (Engine::Spark, spark),
            (Engine::Athena, athena),
            (Engine::Python, python),
        ];
        let wanted = engines
            .into_iter()
            .filter(|(engine, _)| self.engine.is_none_or(|only| only == *engine));
        let texts: Vec<String> = wanted.map(|(_, text)| text(&tables)).collect();
        write!(out, "{}", texts.join("\n")).into_diagnostic()?;
        Ok(Exit::Success)
    }
}

/// The path that a `file:` URL names, or the URL of another kind.
fn path_of(url: &str) -> Cow<'_, str> {
    match url.strip_prefix("file://") {
        Some(path) => percent_decode_str(path).decode_utf8_lossy(),
        None => Cow::Borrowed(url),
    }
}

/// A text in single quotes, as SQL writes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn duckdb(tables: &[(String, String)]) -> String {
    let mut text = "-- DuckDB\nINSTALL delta; LOAD delta;\n".to_owned();
    for (name, url) in tables {
        let place = quoted(&path_of(url));
        text.push_str(&format!(
            "CREATE VIEW {name} AS SELECT * FROM delta_scan({place});\n"
        ));
    }
    text.push_str(
        "-- without the extension: read_parquet([...]) of what trailwright connect LAKE --files prints\n",
    );
    text
}

fn spark(tables: &[(String, String)]) -> String {
    let mut text = "-- Spark SQL, with delta-spark\n".to_owned();
    for (name, url) in tables {
        let place = quoted(url);
        text.push_str(&format!(
            "CREATE TABLE {name} USING DELTA LOCATION {place};\n"
        ));
    }
    text
}

fn athena(tables: &[(String, String)]) -> String {
    let mut text = "-- Athena, engine version 3\n".to_owned();
    for (name, url) in tables {
        if !url.starts_with("s3") {
            text.push_str("-- once the lake is on S3, with its place there:\n");
        }
        let place = match url.starts_with("s3") {
            true => quoted(&url.replacen("s3a://", "s3://", 1)),
            false => quoted(&format!("s3://BUCKET/PREFIX/{name}/")),
        };
        text.push_str(&format!(
            "CREATE EXTERNAL TABLE {name} LOCATION {place} TBLPROPERTIES ('table_type' = 'DELTA');\n"
        ));
    }
    text
}

fn python(tables: &[(String, String)]) -> String {
    let mut text =
        "# Python, with the package deltalake\nfrom deltalake import DeltaTable\n".to_owned();
    for (name, url) in tables {
        let place = path_of(url);
        let place = place.replace('\\', "\\\\").replace('"', "\\\"");
        text.push_str(&format!(
            "{name} = DeltaTable(\"{place}\").to_pyarrow_dataset()\n"
        ));
    }
    text
}
