//! How is the engine used from Rust? `cargo run --example embed -- FOLDER LAKE PRINCIPAL`

use trailwright::ingest::{Options, Source, ingest};
use trailwright::{Reference, Session, generate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [logs, lake, principal] = args.as_slice() else {
        return Err("usage: embed FOLDER LAKE PRINCIPAL".into());
    };
    ingest(lake, &[Source::new(logs)], &Options::default(), &|_| {}).await?;

    let session = Session::open(lake).await?;
    let query = "SELECT service, sum(calls) AS calls FROM activity GROUP BY 1 ORDER BY 2 DESC";
    let batches = session.sql(query).await?;
    println!("{}", arrow::util::pretty::pretty_format_batches(&batches)?);

    let activity = session.activity(principal).await?;
    let policy = generate(&activity, Reference::bundled());
    println!("{}", policy.document.to_json());
    Ok(())
}
