//! Does the built program do what it says, on real logs and on hostile ones?

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod answers;
mod apply;
mod browser;
mod console;
mod crash;
mod diff;
mod elsewhere;
mod exit_status;
mod explain;
mod export;
mod functions;
mod hostile;
mod ingest;
mod policy;
mod policy_answers;
mod policy_batch;
mod policy_conditions;
mod policy_forms;
mod policy_size;
mod principals;
mod prompt;
mod pruning;
mod query;
mod readme;
mod reference;
mod rollup;
mod s3;
mod safety;
mod server;
mod sql;
mod validate;
mod verify;

use trailwright_tests::{Lab, fixture};

/// A new folder to run the program in.
fn lab() -> Lab {
    Lab::new(env!("CARGO_BIN_EXE_trailwright"))
}

/// A new folder with the bundled logs called `name` in its lake.
fn lab_with(name: &str) -> Lab {
    let lab = lab();
    lab.ingest(fixture::folder(name));
    lab
}
