//! How does whoever sits at this machine hear that a policy generation ended? By a notice of the
//! desktop, which the system's own program shows.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::RecvError;

use super::jobs::{Job, Jobs, Status};

/// Time for the program to show a notice.
const TIME: Duration = Duration::from_secs(10);

/// Characters of a notice: names come from logs.
const LONGEST: usize = 400;

/// Shows a notice for each job that ends, one after the other, as long as there are jobs.
pub(crate) fn start_notices(jobs: &Jobs) {
    let mut notices = jobs.notices();
    tokio::spawn(async move {
        loop {
            match notices.recv().await {
                Ok(job) if job.status != Status::InProgress => {
                    let shown = tokio::task::spawn_blocking(move || show(&job)).await;
                    match shown {
                        Ok(Ok(status)) if status.success() => {}
                        Ok(Ok(status)) => tracing::warn!(%status, "a notice was not shown"),
                        Ok(Err(error)) => tracing::warn!(%error, "a notice was not shown"),
                        Err(error) => tracing::warn!(%error, "a notice was not shown"),
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the desktop missed notices");
                }
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn show(job: &Job) -> io::Result<ExitStatus> {
    let (title, text) = words(job);
    let mut program = if cfg!(target_os = "macos") {
        let mut program = Command::new("osascript");
        // The words are arguments, never a part of the script.
        program.args(["-e", "on run argv"]);
        program.args([
            "-e",
            "display notification (item 2 of argv) with title (item 1 of argv)",
        ]);
        program.args(["-e", "end run", &title, &text]);
        program
    } else {
        let mut program = Command::new("notify-send");
        program.args(["--app-name=Trailwright", "--", &title, &markup(&text)]);
        program
    };
    let mut running = program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(ended) = running.try_wait()? {
            return Ok(ended);
        }
        if begun.elapsed() > TIME {
            running.kill()?;
            return running.wait();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Title and text of the notice.
fn words(job: &Job) -> (String, String) {
    let title = match job.status {
        Status::Succeeded => "Policy generated",
        Status::Failed => "Policy generation failed",
        Status::Canceled => "Policy generation canceled",
        Status::InProgress => "Policy generation",
    };
    let mut text = job.order.principal_arn.clone();
    if let Some(error) = &job.job_error {
        text += &format!("\n{}", error.message);
    }
    let text = text.chars().take(LONGEST).collect();
    (title.to_owned(), text)
}

/// The text so that nothing in it is taken for markup, which notices may have.
fn markup(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
