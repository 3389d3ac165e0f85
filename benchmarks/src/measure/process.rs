//! How long does a program run, and in how much memory?

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// How often the memory of a program is looked at. Its highest value only grows, so that what
/// is missed is what it takes in its last moment.
const LOOK: Duration = Duration::from_millis(4);

/// What a program did.
pub(super) struct Run {
    pub(super) seconds: f64,
    /// The most memory that it had, in bytes.
    pub(super) memory: u64,
    pub(super) stdout: String,
}

/// Runs a program to its end, which must be a good one and not later than `limit`.
pub(super) fn run(command: &mut Command, limit: Duration) -> anyhow::Result<Run> {
    let name = format!("{command:?}");
    let name: String = name.chars().take(200).collect();
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    let stdout = child.stdout.take().map(gather);
    let stderr = child.stderr.take().map(gather);
    let mut memory = 0;
    let status = loop {
        memory = memory.max(highest_memory(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("{name} was stopped after {} s", limit.as_secs());
        }
        thread::sleep(LOOK);
    };
    let seconds = started.elapsed().as_secs_f64();
    let text = |gathered: Option<thread::JoinHandle<String>>| {
        gathered
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default()
    };
    let (stdout, stderr) = (text(stdout), text(stderr));
    if !status.success() {
        let end: Vec<&str> = stderr.lines().rev().take(5).collect();
        let end: Vec<&str> = end.into_iter().rev().collect();
        bail!("{name} ended with {status}: {}", end.join("\n"));
    }
    Ok(Run {
        seconds,
        memory,
        stdout,
    })
}

fn gather(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What could be read before an error is worth showing.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The most memory that a running process has had, in bytes.
pub(super) fn highest_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}
