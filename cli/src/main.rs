//! The program `trailwright`: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    trailwright::main()
}
