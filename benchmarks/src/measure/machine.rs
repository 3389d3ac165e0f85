//! What was measured on, and when?

use std::process::Command;

use serde::{Deserialize, Serialize};

/// The machine and the moment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Processor, as the system calls it.
    pub(super) processor: String,
    /// Cores that may be used.
    pub(super) cores: usize,
    /// Memory in bytes.
    pub(super) memory: u64,
    /// Kernel.
    pub(super) system: String,
    /// UTC, to the minute.
    pub(super) date: String,
    /// What was measured.
    pub(super) commit: String,
    /// Waiting or running processes of the last minute, when it began: more than a few say that
    /// others were at work.
    pub(super) load: String,
}

impl Machine {
    /// This machine, now.
    pub(super) fn here() -> Self {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.starts_with(key));
            let value = line.and_then(|line| line.split_once(':'));
            value
                .map(|(_, value)| value.trim().to_owned())
                .unwrap_or_default()
        };
        let said = |program: &str, args: &[&str]| {
            let output = Command::new(program).args(args).output();
            let text = output.map(|output| output.stdout).unwrap_or_default();
            String::from_utf8_lossy(&text).trim().to_owned()
        };
        let memory = after(&file("/proc/meminfo"), "MemTotal");
        let kilobytes = memory.split(' ').next().and_then(|n| n.parse::<u64>().ok());
        Self {
            processor: after(&file("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: kilobytes.unwrap_or_default() * 1024,
            system: said("uname", &["-sr"]),
            date: jiff::Timestamp::now()
                .strftime("%Y-%m-%d %H:%M UTC")
                .to_string(),
            commit: said("git", &["rev-parse", "--short", "HEAD"]),
            load: file("/proc/loadavg")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }
}
