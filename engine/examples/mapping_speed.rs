//! How many events a second does the mapping handle on one core?
//!
//! `cargo run --release -p trailwright-engine --example mapping_speed -- FILE...`, with files of
//! CloudTrail records. Prints the rate and what parsing the same request texts with serde_json
//! alone costs beside it.

#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::Value;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper};

/// How long each measure runs.
const TIME: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn Error>> {
    let mut records = Vec::new();
    for file in std::env::args().skip(1) {
        gather(
            serde_json::from_slice(&std::fs::read(&file)?)?,
            &mut records,
        );
    }
    let rows: Vec<Row<'_>> = records
        .iter()
        .filter_map(|record| Row::from_record(record).ok())
        .collect();
    let calls: Vec<Call<'_>> = rows.iter().map(Call::of).collect();
    let begun = Instant::now();
    let start = on_core(begun);
    let mapper = Mapper::bundled();
    if let Some(call) = calls.first() {
        black_box(mapper.needs(call));
    }
    let loading = on_core(begun) - start;
    let mapping = rate(&calls, |call| {
        black_box(mapper.needs(call));
    });
    let parsing = rate(&calls, |call| {
        let parse = |text: &str| serde_json::from_str::<Value>(text);
        black_box(call.request_parameters.map(parse));
    });
    println!("{} events", calls.len());
    println!("loading  {loading:>9.2?} until the first event is mapped");
    println!("mapping  {mapping:>9.0} events a second");
    println!("parsing  {parsing:>9.0} requests a second, serde_json::Value");
    println!(
        "ratio    {:>9.2} of the time that parsing takes",
        parsing / mapping
    );
    Ok(())
}

/// The records in a log file, an array, or one record.
fn gather(value: Value, records: &mut Vec<String>) {
    match value {
        Value::Array(elements) => elements.into_iter().for_each(|it| gather(it, records)),
        Value::Object(mut object) => match object.remove("Records") {
            Some(inner) => gather(inner, records),
            None => records.push(Value::Object(object).to_string()),
        },
        _ => {}
    }
}

/// How often a second of its own time on a core `work` is done, over all of `calls` in turn.
fn rate(calls: &[Call<'_>], mut work: impl FnMut(&Call<'_>)) -> f64 {
    calls.iter().for_each(&mut work);
    let begun = Instant::now();
    let start = on_core(begun);
    let mut done = 0_u32;
    while begun.elapsed() < TIME {
        calls.iter().for_each(&mut work);
        done += u32::try_from(calls.len()).unwrap_or(u32::MAX);
    }
    f64::from(done) / (on_core(begun) - start).as_secs_f64()
}

/// How long the thread has been on a core, without the time that others took; where Linux does
/// not tell, how long it is since `begun`.
fn on_core(begun: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = told
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}
