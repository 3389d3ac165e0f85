//! Does the upkeep of a lake change nothing but its files?

use crate::support::{Lab, Result, batches, delivery, gzip, record};
use arrow::array::AsArray;
use arrow::compute::{max, min};
use arrow::datatypes::TimestampMicrosecondType;
use trailwright_engine::event::SORT_COLUMNS;
use trailwright_ingest::{Lake, Options, Source, Storage, TARGET_BYTES, ingest};

async fn open(lab: &Lab) -> Result<Lake> {
    Ok(Lake::open(&lab.lake(), &Storage::default()).await?)
}

async fn many_small_files(lab: &Lab) -> Result {
    for file in 0..6 {
        lab.write(
            &format!("logs/{file}.json"),
            delivery(file * 100..file * 100 + 100),
        )?;
        lab.ingest("logs").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn optimize_merges_small_files_and_keeps_every_event_in_order() -> Result {
    let lab = Lab::new()?;
    many_small_files(&lab).await?;
    let before = lab.records().await?;
    assert_eq!(batches(&lab.lake()).await?.len(), 6);

    let done = open(&lab).await?.optimize(TARGET_BYTES).await?;
    assert_eq!(
        (done.files_removed, done.files_added, done.events_removed),
        // Of the events and of the ledger.
        (6 + 6, 1 + 1, 0)
    );
    assert_eq!(lab.ingest("logs").await?.known_files, 6);
    assert_eq!(lab.records().await?, before);
    let batches = batches(&lab.lake()).await?;
    assert_eq!(batches.len(), 1);
    let columns = SORT_COLUMNS
        .iter()
        .take(3)
        .map(|name| batches[0].column_by_name(name));
    let columns: Vec<_> = columns
        .flatten()
        .map(|column| column.as_string::<i32>())
        .collect();
    let row = |i: usize| -> Vec<&str> { columns.iter().map(|column| column.value(i)).collect() };
    assert!((1..600).all(|i| row(i - 1) <= row(i)));

    // What is done is not done again, and what is known stays known.
    assert_eq!(
        open(&lab).await?.optimize(TARGET_BYTES).await?,
        Default::default()
    );
    let again = lab
        .ingest_with(
            "logs",
            &Options {
                reread: true,
                ..Options::default()
            },
        )
        .await?;
    assert_eq!((again.new, again.duplicates), (0, 600));
    Ok(())
}

/// A day that is added then overlaps with few data files, however many there are.
#[tokio::test(flavor = "multi_thread")]
async fn optimize_merges_neighbours_in_time() -> Result {
    let lab = Lab::new()?;
    let day = 86_400;
    // Not in the order of their days.
    for n in 0..8 {
        let start = (n * 3 % 8) * day;
        lab.write(&format!("logs/{n}.json"), delivery(start..start + 200))?;
        lab.ingest("logs").await?;
    }
    let size = open(&lab).await?.info().await?.bytes / 8;
    open(&lab).await?.optimize(2 * size + size / 4).await?;
    let mut days = Vec::new();
    for batch in batches(&lab.lake()).await? {
        let times = batch.column_by_name("event_time").ok_or("no time")?;
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let day = |micros: Option<i64>| micros.map(|micros| micros / 1_000_000 / 86_400);
        days.push((day(min(times)), day(max(times))));
    }
    days.sort_unstable();
    assert!((2..8).contains(&days.len()), "{days:?}");
    assert!(days.is_sorted_by(|one, next| one.1 < next.0), "{days:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn optimize_beside_an_ingest_loses_and_doubles_nothing() -> Result {
    let lab = Lab::new()?;
    many_small_files(&lab).await?;
    for file in 0..30 {
        lab.write(
            &format!("more/{file}.json.gz"),
            gzip(delivery(file * 50..file * 50 + 60))?,
        )?;
    }
    let upkeep = async {
        for _ in 0..5 {
            open(&lab).await?.optimize(TARGET_BYTES).await?;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    let location = lab.lake();
    let ingests = async {
        for file in 0..30 {
            let source = [Source::new(lab.path(&format!("more/{file}.json.gz")))];
            ingest(&location, &source, &Options::default(), &|_| {}).await?;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    let (upkeep, ingests) = tokio::join!(upkeep, ingests);
    upkeep?;
    ingests?;
    assert_eq!(lab.records().await?.len(), 29 * 50 + 60);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn retain_drops_what_is_older_and_only_that() -> Result {
    let lab = Lab::new()?;
    let untimed = record(9_999).replace("eventTime", "eventTimeX");
    lab.write("logs/a.json", delivery(0..100))?;
    lab.write("logs/b.json", format!("[{untimed},{}]", record(10_000_000)))?;
    lab.ingest("logs").await?;
    let cutoff = (1_700_000_000 + 60) * 1_000_000;
    let done = open(&lab).await?.retain(cutoff).await?;
    assert_eq!(done.events_removed, 60);
    let left = lab.records().await?;
    assert_eq!(left.len(), 42);
    assert!(left.contains_key("00000000-0000-4000-8000-000000000060"));
    assert!(!left.contains_key("00000000-0000-4000-8000-000000000059"));
    assert_eq!(open(&lab).await?.retain(cutoff).await?.events_removed, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_deletes_only_what_no_version_needs() -> Result {
    let lab = Lab::new()?;
    many_small_files(&lab).await?;
    let mut lake = open(&lab).await?;
    lake.optimize(TARGET_BYTES).await?;
    assert_eq!(lake.vacuum(7, false).await?, Vec::<String>::new());
    assert_eq!(lake.vacuum(0, true).await?.len(), 12);
    assert_eq!(lake.vacuum(0, false).await?.len(), 12);
    assert_eq!(lab.records().await?.len(), 600);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn info_tells_days_and_gaps_of_each_account_and_region() -> Result {
    let lab = Lab::new()?;
    let day = 86_400;
    let lines = [0, day, 4 * day, 6 * day].map(record).join("\n");
    let other = record(77).replace("eu-west-1", "us-east-1");
    lab.write("logs/a.json", format!("{lines}\n{other}\nnonsense\n"))?;
    lab.ingest("logs").await?;
    let info = open(&lab).await?.info().await?;
    assert_eq!(
        (info.events, info.log_files, info.quarantined, info.version),
        (5, 1, 1, 1)
    );
    let told: Vec<String> = info
        .coverage
        .iter()
        .map(|c| {
            format!(
                "{:?} {:?} {:?} {:?} {} {:?}",
                c.account, c.region, c.first, c.last, c.events, c.gaps
            )
        })
        .collect();
    expect_test::expect![[r#"
        [
            "Some(\"111122223333\") Some(\"eu-west-1\") Some(\"2023-11-14\") Some(\"2023-11-20\") 4 [(\"2023-11-16\", \"2023-11-17\"), (\"2023-11-19\", \"2023-11-19\")]",
            "Some(\"111122223333\") Some(\"us-east-1\") Some(\"2023-11-14\") Some(\"2023-11-14\") 1 []",
        ]
    "#]]
    .assert_debug_eq(&told);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lake_is_said_to_be_none() -> Result {
    let lab = Lab::new()?;
    let error = open(&lab).await.err().map(|error| error.to_string());
    assert!(error.is_some_and(|error| error.starts_with("no lake at")));
    assert!(!lab.path("lake").exists());
    Ok(())
}
