//! How far is an ingest? Shown on a terminal only.

use indicatif::{ProgressBar as Bar, ProgressStyle};
use trailwright_ingest::Progress;

const TEMPLATE: &str = "{bar:30} {bytes}/{total_bytes}  {msg}  {bytes_per_sec}  {eta_precise} left";

/// A bar on stderr; nothing where stderr is no terminal.
pub(crate) struct ProgressBar {
    bar: Bar,
}

impl ProgressBar {
    pub(crate) fn new() -> Self {
        let bar = Bar::new(0);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub(crate) fn show(&self, progress: Progress) {
        let Progress {
            files,
            files_done,
            records,
            ..
        } = progress;
        self.bar.set_length(progress.bytes);
        self.bar.set_position(progress.bytes_done);
        self.bar
            .set_message(format!("{files_done}/{files} files, {records} records"));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
