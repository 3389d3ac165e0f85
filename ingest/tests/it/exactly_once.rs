//! Is every event in the lake once?

use crate::support::{Lab, Result, delivery, gzip, record};
use trailwright_ingest::{Options, Source, ingest};

#[tokio::test(flavor = "multi_thread")]
async fn known_files_are_not_opened_again() -> Result {
    let lab = Lab::new()?;
    lab.write(
        "logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2023/11/14/a.json.gz",
        gzip(delivery(0..9))?,
    )?;
    lab.write("logs/flat.json", delivery(9..12))?;
    assert_eq!(lab.ingest("logs").await?.new, 12);
    let again = lab.ingest("logs").await?;
    assert_eq!((again.files, again.known_files, again.new), (0, 2, 0));
    // A file that changed is another file, and one more is one more.
    lab.write("logs/flat.json", delivery(9..14))?;
    lab.write("logs/more.json", delivery(13..15))?;
    let more = lab.ingest("logs").await?;
    assert_eq!(
        (more.files, more.known_files, more.new, more.duplicates),
        (2, 1, 3, 4)
    );
    let reread = Options {
        reread: true,
        ..Options::default()
    };
    let again = lab.ingest_with("logs", &reread).await?;
    assert_eq!((again.files, again.new, again.duplicates), (3, 0, 16));
    assert_eq!(lab.records().await?.len(), 15);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_ledger_a_lake_takes_nothing_twice() -> Result {
    let lab = Lab::new()?;
    lab.write("logs/a.json", delivery(0..500))?;
    lab.write("logs/no-id.json", record(900).replace("eventID", "eventXX"))?;
    assert_eq!(lab.ingest("logs").await?.new, 501);
    std::fs::remove_dir_all(lab.path("lake/files"))?;
    let again = lab.ingest("logs").await?;
    assert_eq!((again.files, again.new, again.duplicates), (2, 0, 501));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_twice_in_one_run_is_there_once() -> Result {
    let lab = Lab::new()?;
    for file in 0..8 {
        lab.write(
            &format!("logs/{file}.json"),
            delivery(file * 50..file * 50 + 100),
        )?;
    }
    let report = lab.ingest("logs").await?;
    assert_eq!(
        (report.records, report.new, report.duplicates),
        (800, 450, 350)
    );
    assert_eq!(lab.records().await?.len(), 450);
    Ok(())
}

/// Of two records that claim to be one event the files' order decides, never the threads.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_differing_records_is_kept_and_the_others_are_told() -> Result {
    let lab = Lab::new()?;
    for file in 0..20 {
        // The first one is the largest, so that others are done before it.
        let filler = delivery(file * 1_000 + 100..file * 1_000 + 200 - 4 * file);
        let claim = record(1).replace("\"k1\"", &format!("\"from-{file:02}\""));
        lab.write(
            &format!("logs/{file:02}.json"),
            filler.replace("]}", &format!(",{claim}]}}")),
        )?;
    }
    let id = "00000000-0000-4000-8000-000000000001";
    for threads in [1, 2, 8] {
        let options = Options {
            threads,
            commit_bytes: 200_000,
            ..Options::default()
        };
        std::fs::remove_dir_all(lab.path("lake")).ok();
        let report = lab.ingest_with("logs", &options).await?;
        assert_eq!((report.duplicates, report.differing), (19, 19));
        let kept = &lab.records().await?[id];
        assert_eq!(kept["requestParameters"]["key"], "from-00");
    }
    // What the lake has is compared with as well.
    lab.write("more/a.json", record(1))?;
    lab.write("more/b.json", delivery(105..106))?;
    let more = lab.ingest("more").await?;
    assert_eq!((more.new, more.duplicates, more.differing), (0, 2, 1));
    let lake = trailwright_ingest::Lake::open(&lab.lake(), &Default::default()).await?;
    let quarantined = lake.quarantined().await?;
    assert_eq!(quarantined.len(), 20);
    let last = quarantined
        .iter()
        .find(|entry| entry.file.ends_with("more/a.json"));
    let last = last.ok_or("not in quarantine")?;
    assert_eq!((last.record, last.byte), (Some(1), Some(0)));
    assert!(last.raw.as_ref().is_some_and(|raw| raw.contains("\"k1\"")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_whole_is_committed_when_stopped() -> Result {
    let lab = Lab::new()?;
    for file in 0..3_000 {
        lab.write(
            &format!("logs/{file}.json"),
            delivery(file * 3..file * 3 + 3),
        )?;
    }
    let options = Options {
        threads: 1,
        ..Options::default()
    };
    let stop = std::sync::Arc::clone(&options.stop);
    let sources = [Source::new(lab.path("logs"))];
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let stopped = ingest(&lab.lake(), &sources, &options, &|_| {}).await?;
    assert!(stopped.interrupted && stopped.files < 3_000, "{stopped:?}");
    let rest = lab.ingest("logs").await?;
    assert_eq!(stopped.new + rest.new, 9_000);
    Ok(())
}
