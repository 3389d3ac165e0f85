//! Is every event in the lake once, whatever happens on the way?

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Lab, Result, delivery, gzip, record, records};
use trailwright_ingest::{Options, Source, ingest};

/// Set for a child process: the lake that it ingests into.
const CHILD_LAKE: &str = "TRAILWRIGHT_TEST_LAKE";
const CHILD_SOURCE: &str = "TRAILWRIGHT_TEST_SOURCE";

/// How often the test kills; CI sets more.
const KILLS: &str = "TRAILWRIGHT_TEST_KILLS";

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

#[tokio::test(flavor = "multi_thread")]
async fn ingests_at_the_same_time_agree() -> Result {
    let lab = Lab::new()?;
    for file in 0..40 {
        lab.write(
            &format!("logs/{file}.json.gz"),
            gzip(delivery(file * 90..file * 90 + 100))?,
        )?;
    }
    let mut children = Vec::new();
    for _ in 0..4 {
        children.push(child(&lab)?);
    }
    for mut child in children {
        assert!(child.wait()?.success());
    }
    assert_eq!(lab.records().await?.len(), 39 * 90 + 100);
    assert_eq!(lab.ingest("logs").await?.known_files, 40);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_ends_like_a_clean_run() -> Result {
    if let (Ok(lake), Ok(source)) = (std::env::var(CHILD_LAKE), std::env::var(CHILD_SOURCE)) {
        // This is the process that gets killed.
        ingest(&lake, &[Source::new(source)], &Options::default(), &|_| {}).await?;
        return Ok(());
    }
    let lab = Lab::new()?;
    for file in 0..60 {
        // Overlapping, over several months, with rejects.
        let text = delivery(file * 40_000..file * 40_000 + 60)
            .replace("]}", &format!(",7,{}]}}", record(file)));
        lab.write(&format!("logs/{file}.json.gz"), gzip(text)?)?;
    }
    let clean = Lab::new()?;
    let expected = clean.ingest_from(&lab.path("logs")).await?;

    // How long a run takes from start to end tells when to kill.
    let started = Instant::now();
    assert!(child_into(&lab, "timed")?.wait()?.success());
    let full = started.elapsed();

    let kills: u32 = std::env::var(KILLS)
        .ok()
        .map_or(Ok(40), |kills| kills.parse())?;
    let mut killed = 0;
    let mut run = 0;
    while killed < kills {
        // From right after the start to right before the end, and a new lake now and then.
        run += 1;
        if run % 10 == 1 {
            check(&lab, &clean, expected).await?;
            std::fs::remove_dir_all(lab.path("lake")).ok();
        }
        let wait = full * (run * 37 % 100) / 100;
        let mut child = child(&lab)?;
        std::thread::sleep(wait.max(Duration::from_millis(1)));
        killed += u32::from(child.try_wait()?.is_none());
        // SIGKILL on Unix.
        child.kill().ok();
        child.wait()?;
        if run > kills * 20 {
            return Err("the ingest is always quicker than its killer".into());
        }
    }
    check(&lab, &clean, expected).await
}

/// Completes the killed ingest and compares the lake with that of a clean run.
async fn check(lab: &Lab, clean: &Lab, expected: u64) -> Result {
    lab.ingest("logs").await?;
    let (found, wanted) = (lab.records().await?, clean.records().await?);
    assert_eq!(found.len() as u64, expected);
    assert!(found == wanted, "the events differ");
    let quarantined = |lake: String| async move {
        let lake = trailwright_ingest::Lake::open(&lake, &Default::default()).await?;
        lake.quarantined().await
    };
    assert_eq!(
        quarantined(lab.lake()).await?,
        quarantined(clean.lake()).await?
    );
    Ok(())
}

fn child(lab: &Lab) -> Result<Child> {
    child_into(lab, "lake")
}

/// This test's own program as an ingest of the logs.
fn child_into(lab: &Lab, lake: &str) -> Result<Child> {
    let child = Command::new(std::env::current_exe()?)
        .args([
            "--exact",
            "exactly_once::killed_at_any_moment_it_ends_like_a_clean_run",
        ])
        .env(CHILD_LAKE, lab.path(lake))
        .env(CHILD_SOURCE, lab.path("logs"))
        .stdout(Stdio::null())
        .spawn()?;
    Ok(child)
}

/// On a disk that is full an ingest fails with a word about it, and the lake stays readable.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_the_lake_readable() -> Result {
    let lab = Lab::new()?;
    lab.write("logs/a.json", delivery(0..100))?;
    lab.ingest("logs").await?;
    // Hard to compress, so that the data file is larger than what may be written.
    let mut text = String::new();
    let mut state = 88_172_645_463_325_252_u64;
    for n in 1_000..3_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(
            &record(n).replace("\"test\"", &format!("\"{:x}\"", u128::from(state).pow(2))),
        );
        text.push('\n');
    }
    lab.write("logs/b.json", text)?;
    // No file may grow beyond 16 KiB: to a program that is what a full disk is, an error in the
    // middle of a write.
    let exe = std::env::current_exe()?;
    let run = Command::new("sh")
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"")
        .arg(exe)
        .args([
            "--exact",
            "exactly_once::killed_at_any_moment_it_ends_like_a_clean_run",
            "--nocapture",
        ])
        .env(CHILD_LAKE, lab.path("lake"))
        .env(CHILD_SOURCE, lab.path("logs"))
        .output()?;
    assert!(!run.status.success());
    let told = String::from_utf8_lossy(&run.stderr) + String::from_utf8_lossy(&run.stdout);
    assert!(told.contains("Store {"), "{told}");
    assert_eq!(lab.records().await?.len(), 100);
    // With space again, the rest arrives.
    assert_eq!(lab.ingest("logs").await?.new, 2_000);
    assert_eq!(records(&lab.lake()).await?.len(), 2_100);
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
