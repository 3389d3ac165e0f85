//! `trailwright principals LAKE`

use clap::Args;
use miette::Result;
use trailwright_sql::Session;

use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::Output;

/// List who is in a lake: events, refusals, first and last seen, the busiest first.
#[derive(Debug, Args)]
pub(crate) struct Principals {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    range: RangeArgs,
    /// Form of the answer
    #[arg(long, short, value_enum, default_value_t)]
    output: Output,
}

const QUERY: &str = "SELECT * FROM principals ORDER BY events DESC, principal, principal_type";

impl Principals {
    pub(crate) async fn run(self) -> Result<Exit> {
        let (storage, range) = (self.storage.storage(), self.range.parse()?);
        let session = Session::open_at(&self.lake, &storage, range).await?;
        let answer = session.sql_stream(QUERY).await?;
        self.output.write(answer).await?;
        Ok(Exit::Success)
    }
}
