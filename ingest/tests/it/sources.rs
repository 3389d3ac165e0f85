//! Are logs found wherever they lie, and only those that are asked for?

use crate::support::{Lab, Result, delivery};
use trailwright_engine::time::TimeRange;
use trailwright_ingest::{Options, Selection, Source, ingest};

fn organization(lab: &Lab) -> Result {
    let mut n = 0;
    for account in ["111122223333", "444455556666"] {
        for region in ["eu-west-1", "us-east-1"] {
            for day in ["2026/10/31", "2026/11/01", "2026/11/02"] {
                let path = format!("AWSLogs/o-abcd/{account}/CloudTrail/{region}/{day}/x.json");
                lab.write(&format!("logs/{path}"), delivery(n..n + 1))?;
                n += 1;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_reads_only_what_it_asks_for() -> Result {
    let select = |accounts: &[&str], regions: &[&str], from: Option<&str>, to: Option<&str>| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Selection {
            accounts: texts(accounts),
            regions: texts(regions),
            range: TimeRange::parse(from, to).unwrap_or_default(),
        }
    };
    for (selection, files, not_selected) in [
        (select(&[], &[], None, None), 12, 0),
        (select(&["111122223333"], &[], None, None), 6, 1),
        (select(&[], &["us-east-1"], None, None), 6, 2),
        (select(&[], &[], Some("2026-11-01"), None), 8, 4),
        (
            select(&[], &[], Some("2026-11-01"), Some("2026-11-01")),
            4,
            8,
        ),
        (select(&["1"], &[], None, None), 0, 2),
    ] {
        let lab = Lab::new()?;
        organization(&lab)?;
        let options = Options {
            selection,
            ..Options::default()
        };
        let report = lab.ingest_with("logs", &options).await?;
        assert_eq!(
            (report.files, report.new, report.not_selected),
            (files, files, not_selected)
        );
    }
    Ok(())
}

/// A folder that is ruled out is not even looked into: one that cannot be listed is no trouble.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ruled_out_is_not_listed() -> Result {
    let lab = Lab::new()?;
    organization(&lab)?;
    let gone = lab.path("logs/AWSLogs/o-abcd/444455556666/CloudTrail/eu-west-1/2025");
    // A link in a circle cannot be listed by anybody, not even by root.
    std::os::unix::fs::symlink(&gone, &gone)?;
    let options = Options {
        selection: Selection {
            accounts: vec!["111122223333".to_owned()],
            ..Selection::default()
        },
        ..Options::default()
    };
    assert_eq!(lab.ingest_with("logs", &options).await?.files, 6);
    Ok(())
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn links_in_a_circle_end() -> Result {
    let lab = Lab::new()?;
    organization(&lab)?;
    std::os::unix::fs::symlink(lab.path("logs"), lab.path("logs/AWSLogs/self"))?;
    std::os::unix::fs::symlink(lab.path("logs/AWSLogs/o-abcd"), lab.path("logs/other"))?;
    let report = lab.ingest("logs").await?;
    assert_eq!(report.new, 12);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_and_a_single_file_are_sources() -> Result {
    let lab = Lab::new()?;
    organization(&lab)?;
    lab.write("logs/odd.name", delivery(50..52))?;
    let report = lab
        .ingest("logs/AWSLogs/*/111122223333/*/eu-west-1/2026/11/0*/*.json")
        .await?;
    assert_eq!(report.new, 2);
    assert_eq!(lab.ingest("logs/odd.name").await?.new, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_not_there_is_named() -> Result {
    let lab = Lab::new()?;
    let sources = [Source::new(lab.path("nowhere"))];
    let error = ingest(&lab.lake(), &sources, &Options::default(), &|_| {}).await;
    let text = error
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(text.contains("nowhere"), "{text}");
    Ok(())
}
