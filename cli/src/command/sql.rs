//! `trailwright sql LAKE QUERY`

use clap::Args;
use miette::Result;
use trailwright_sql::Session;

use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::Output;

/// Ask a lake with SQL. Tables: events, permissions, activity, principals.
#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    #[command(flatten)]
    storage: StorageArgs,
    /// A query
    query: String,
    #[command(flatten)]
    range: RangeArgs,
    /// Form of the answer
    #[arg(long, short, value_enum, default_value_t)]
    output: Output,
}

impl Sql {
    pub(crate) async fn run(self) -> Result<Exit> {
        let (storage, range) = (self.storage.storage(), self.range.parse()?);
        let session = Session::open_at(&self.lake, &storage, range).await?;
        let answer = session.sql_stream(&self.query).await?;
        self.output.write(answer).await?;
        Ok(Exit::Success)
    }
}
