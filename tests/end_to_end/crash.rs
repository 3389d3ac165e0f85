//! Does a lake survive whatever happens to an ingest?

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use trailwright_tests::trail::{Record, delivery, gzip, record};
use trailwright_tests::{Lab, Outcome, json};

use crate::lab;

/// How often an ingest is killed in all.
const KILLS: u32 = 200;

/// How often it is killed before it may end and is compared with one that was left alone.
const KILLS_OF_ONE_LAKE: u32 = 5;

/// Enough for several commits of these logs, so that kills hit all that lies between two.
const SMALL_COMMITS: [&str; 2] = ["--commit-bytes", "150000"];

/// Logs over three months, in files that overlap, with records that are broken, that lack an id,
/// and that claim to be another one.
fn write_logs(lab: &Lab) {
    for file in 0..24_u32 {
        let record = |id: u32| {
            let month = 9 + id % 3;
            record(id).at(&format!("2026-{month:02}-03T{:02}:00:00Z", id % 24))
        };
        let mut records: Vec<Record> = (file * 20..file * 20 + 30).map(record).collect();
        records.push(record(file).with("note", file));
        records.push(record(file).without("eventID").with("n", file));
        let text = delivery(&records).replace("]}", &format!(",7,{{\"a\":{file}}}]}}"));
        lab.write(&format!("logs/{file:02}.json.gz"), gzip(text));
    }
}

fn ingest(lab: &Lab, lake: &str) -> Child {
    let args = ["ingest", lake, "logs", "--no-refresh"]
        .into_iter()
        .chain(SMALL_COMMITS);
    let mut command = lab.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// All that a lake holds: its events by their records, each as often as it is there, and its
/// quarantine.
fn content(lab: &Lab, lake: &str) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let lines = |args: [&str; 3]| {
        let args = args.into_iter().filter(|arg| !arg.is_empty());
        let mut lines = BTreeMap::new();
        for line in lab.trailwright(args).status(0).stdout.lines() {
            *lines.entry(json::canonical(line)).or_default() += 1;
        }
        lines
    };
    (
        lines(["export", lake, ""]),
        lines(["lake", "quarantine", lake]),
    )
}

/// Numbers that look random, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The upper bits are the better ones.
        limit.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

#[test]
fn killed_at_200_moments_it_ends_like_a_run_that_was_left_alone() {
    let lab = lab();
    write_logs(&lab);
    let started = Instant::now();
    assert_eq!(ingest(&lab, "clean").wait().unwrap().code(), Some(2));
    let whole_run = started.elapsed();
    let clean = content(&lab, "clean");
    assert_eq!(clean.0.len(), 23 * 20 + 30 + 24);
    assert!(clean.0.values().all(|count| *count == 1));

    let mut random = Random(88_172_645_463_325_252);
    let (mut killed, mut lakes) = (0, 0);
    while killed < KILLS {
        lakes += 1;
        assert!(
            lakes < KILLS,
            "it is quicker than its killer: {killed} killed"
        );
        let lake = format!("lake-{lakes}");
        for _ in 0..KILLS_OF_ONE_LAKE {
            let mut child = ingest(&lab, &lake);
            std::thread::sleep(random.below(whole_run));
            let alive = child.try_wait().unwrap().is_none();
            // SIGKILL on Unix.
            child.kill().unwrap();
            child.wait().unwrap();
            killed += u32::from(alive);
            if !alive {
                break;
            }
        }
        let code = ingest(&lab, &lake).wait().unwrap().code();
        assert!([Some(0), Some(2)].contains(&code), "{code:?}");
        assert!(content(&lab, &lake) == clean, "{lake} differs");
        std::fs::remove_dir_all(lab.path(&lake)).unwrap();
    }
}

#[test]
fn ingests_at_the_same_time_agree() {
    let lab = lab();
    write_logs(&lab);
    ingest(&lab, "clean").wait().unwrap();
    let together: Vec<Child> = (0..3).map(|_| ingest(&lab, "lake")).collect();
    for mut child in together {
        assert_eq!(child.wait().unwrap().code(), Some(2));
    }
    assert!(content(&lab, "lake") == content(&lab, "clean"));
    let again = lab.trailwright(["ingest", "lake", "logs"]).status(0);
    assert_eq!((again.tally("files"), again.tally("known")), (0, 24));
}

/// A small disk, as long as it lives.
struct Disk<'a>(&'a Lab);

impl<'a> Disk<'a> {
    /// `None` where nobody may mount one.
    fn mount(lab: &'a Lab) -> Option<Self> {
        std::fs::create_dir_all(lab.path("disk")).unwrap();
        let mounted = run(
            lab,
            &["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", "disk"],
        );
        mounted.then_some(Self(lab))
    }

    fn grow(&self) {
        let grown = ["mount", "-o", "remount,size=64m", "disk"];
        assert!(run(self.0, &grown));
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        run(self.0, &["umount", "-l", "disk"]);
    }
}

fn run(lab: &Lab, command: &[&str]) -> bool {
    let mut program = Command::new(command[0]);
    program.args(&command[1..]).current_dir(lab.path(""));
    let output = program.output();
    output.is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_is_told_and_leaves_the_lake_readable() {
    let lab = lab();
    let Some(disk) = Disk::mount(&lab) else {
        eprintln!("NOTE: no disk can be mounted here: a full one was not tried");
        return;
    };
    let mut random = Random(362_436_069);
    let mut noise = move || {
        let word = |_| {
            format!(
                "{:x}",
                random.below(Duration::from_secs(1 << 40)).as_nanos()
            )
        };
        (0..40).map(word).collect::<String>()
    };
    lab.write("few/a.json", delivery(&[record(1), record(2)]));
    let many: Vec<Record> = (10..6_000)
        .map(|id| record(id).with("noise", noise()))
        .collect();
    lab.write("many/a.json", delivery(&many));
    let ingest = |source| lab.trailwright(["ingest", "disk/lake", source]);
    let count = || {
        let query = "SELECT count(*) AS n FROM events";
        let rows = lab.trailwright(["sql", "disk/lake", query, "--output", "ndjson"]);
        rows.status(0).ndjson()[0]["n"].clone()
    };
    assert_eq!(ingest("few").status(0).tally("new"), 2);
    let full: Outcome = ingest("many").status(1);
    full.says("error: ")
        .says("the lake stays at its last commit")
        .says("No space left on device")
        .says("hint: ");
    assert_eq!(count(), 2);
    // What was not committed takes no room for good.
    disk.grow();
    assert_eq!(ingest("many").status(0).tally("new"), many.len());
    assert_eq!(count(), 2 + many.len());
}

#[test]
fn what_is_whole_is_kept_when_the_user_stops_it() {
    for wait in [400, 200, 100, 50, 25, 12] {
        let lab = lab();
        let total = 4_000;
        for file in 0..total {
            lab.write(&format!("logs/{file:04}.json"), delivery(&[record(file)]));
        }
        let args = ["ingest", "lake", "logs", "--threads", "1"];
        let mut command = lab.command(args);
        let child = command.stderr(Stdio::piped()).stdout(Stdio::piped());
        let child = child.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let pid = child.id().to_string();
        assert!(run(&lab, &["kill", "-INT", &pid]));
        let stopped = Outcome::of(child.wait_with_output().unwrap());
        if stopped.stderr.is_empty() || !stopped.stderr.contains("stopped early") {
            // Too early for the program to listen, or too late for it to matter.
            continue;
        }
        let stopped = stopped
            .status(130)
            .says("stopping: what is whole is committed")
            .says("stopped early: run the same command again to go on");
        let rest = lab.trailwright(args).status(0);
        let total = usize::try_from(total).unwrap();
        assert_eq!(stopped.tally("new") + rest.tally("new"), total);
        assert_eq!(lab.value("SELECT count(*) FROM events"), total);
        return;
    }
    panic!("it could never be stopped in between");
}
