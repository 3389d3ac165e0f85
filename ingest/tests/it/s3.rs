//! Are S3 and what speaks like it a source and a place for a lake? Against a real server.

use crate::support::{Lab, Result, delivery, gzip};
use deltalake::DeltaTableBuilder;
use trailwright_ingest::{Lake, Options, Selection, Source, Storage, ingest};
use trailwright_tests::s3;
use url::Url;

/// The environment belongs to the whole process: the test runs itself again with it set.
fn with_credentials(test: &str, endpoint: &str, folder: &std::path::Path) -> Result {
    let run = std::process::Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env("TRAILWRIGHT_TEST_S3", folder)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", s3::ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", s3::SECRET_KEY)
        .env("AWS_REGION", "eu-west-1")
        .output()?;
    let told = String::from_utf8_lossy(&run.stderr) + String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{told}");
    Ok(())
}

fn bucket(lab: &Lab) -> Result {
    std::fs::create_dir_all(lab.path("s3/lakes"))?;
    let mut n = 0;
    for account in ["111122223333", "444455556666"] {
        for day in 1..=15 {
            let folder =
                format!("s3/logs/trail/AWSLogs/{account}/CloudTrail/eu-west-1/2026/11/{day:02}");
            for file in 0..3 {
                lab.write(
                    &format!("{folder}/{file}.json.gz"),
                    gzip(delivery(n..n + 10))?,
                )?;
                n += 10;
            }
        }
    }
    lab.write(
        "s3/logs/trail/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/d.json.gz",
        b"x",
    )?;
    // Larger than what is fetched at once.
    let mut large = String::new();
    for n in 10_000..18_000 {
        large.push_str(&crate::support::record(n));
        large.push('\n');
    }
    lab.write("s3/logs/trail/large.json", large)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_lake_may_be_on_s3() -> Result {
    let Some(folder) = std::env::var_os("TRAILWRIGHT_TEST_S3") else {
        let lab = Lab::new()?;
        bucket(&lab)?;
        let endpoint = s3::serve(&lab.path("s3"));
        let folder = lab.folder.path().to_owned();
        return tokio::task::spawn_blocking(move || {
            with_credentials("s3::logs_and_lake_may_be_on_s3", &endpoint, &folder)
        })
        .await?;
    };
    let lake = "s3://lakes/mine";
    let sources = [Source::new("s3://logs/trail")];
    let report = ingest(lake, &sources, &Options::default(), &|_| {}).await?;
    assert_eq!(
        (report.files, report.new, report.rejected),
        (91, 8_900, 0),
        "{:?}",
        report.rejects
    );
    assert_eq!(report.digest_files, 1);

    let again = ingest(lake, &sources, &Options::default(), &|_| {}).await?;
    assert_eq!((again.files, again.known_files, again.new), (0, 91, 0));

    // Two at once, into another lake: conditional puts keep them apart.
    let options = Options::default();
    let (one, two) = tokio::join!(
        ingest("s3://lakes/both", &sources, &options, &|_| {}),
        ingest("s3://lakes/both", &sources, &options, &|_| {}),
    );
    let (one, two) = (one?, two?);
    assert_eq!(one.new + two.new, 8_900, "{one:?} {two:?}");

    let table = DeltaTableBuilder::from_url(Url::parse("s3://lakes/both/events")?)?
        .with_storage_options(std::collections::HashMap::from([(
            "aws_allow_http".to_owned(),
            "true".to_owned(),
        )]))
        .load()
        .await?;
    let rows: usize = table
        .snapshot()?
        .log_data()
        .iter()
        .filter_map(|file| file.num_records())
        .sum();
    assert_eq!(rows, 8_900);

    // What a selection rules out is not read, and one object is a source too.
    let options = Options {
        selection: Selection {
            accounts: vec!["444455556666".to_owned()],
            ..Selection::default()
        },
        ..Options::default()
    };
    let trail = [Source::new("s3://logs/trail/AWSLogs/")];
    let some = ingest("s3://lakes/some", &trail, &options, &|_| {}).await?;
    assert_eq!((some.files, some.new), (45, 450));
    let one = [Source::new("s3://logs/trail/large.json")];
    let one = ingest("s3://lakes/one", &one, &Options::default(), &|_| {}).await?;
    assert_eq!((one.files, one.new), (1, 8_000));

    assert!(
        Lake::open("s3://lakes/none", &Storage::default())
            .await
            .is_err()
    );
    assert!(
        std::path::Path::new(&folder)
            .join("s3/lakes/mine/events/_delta_log")
            .is_dir()
    );
    Ok(())
}
