//! How far is an ingest? Shown on a terminal only.

use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{HumanCount, ProgressBar as Bar, ProgressStyle};
use trailwright_ingest::Progress;

const TEMPLATE: &str = "{bar:30} {bytes}/{total_bytes}  {msg}  {bytes_per_sec}  {eta_precise} left";

/// While files are still being listed, nobody knows how long it takes.
const LISTING: &str = "{spinner} {bytes} of {total_bytes} listed so far  {msg}  {bytes_per_sec}";

/// A bar on stderr; nothing where stderr is no terminal.
pub(crate) struct ProgressBar {
    bar: Bar,
    all_listed: AtomicBool,
}

impl ProgressBar {
    pub(crate) fn new() -> Self {
        let bar = Bar::new(0);
        set_style(&bar, LISTING);
        Self {
            bar,
            all_listed: AtomicBool::new(false),
        }
    }

    pub(crate) fn show(&self, progress: Progress) {
        let Progress {
            files,
            files_done,
            records,
            ..
        } = progress;
        if progress.all_listed && !self.all_listed.swap(true, Ordering::Relaxed) {
            set_style(&self.bar, TEMPLATE);
        }
        self.bar.set_length(progress.bytes);
        self.bar.set_position(progress.bytes_done);
        let seconds = self.bar.elapsed().as_secs_f64().max(0.001);
        // Precise enough for people.
        let each_second = HumanCount((records as f64 / seconds) as u64);
        let (files, files_done, records) = (
            HumanCount(files),
            HumanCount(files_done),
            HumanCount(records),
        );
        self.bar.set_message(format!(
            "{files_done}/{files} files, {records} records, {each_second}/s"
        ));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn set_style(bar: &Bar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
