//! Throw-away.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]
use std::io::Read;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper, Needs};
fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut all = Vec::new();
    for record in value["Records"].as_array().unwrap() {
        let record = record.to_string();
        let row = Row::from_record(&record).unwrap();
        let needs = match Mapper::bundled().needs(&Call::of(&row)) {
            Needs::Permissions(p) => p.iter().map(|p| serde_json::json!({"action": p.action, "resource": p.resource, "origin": p.origin.as_str(), "conditions": p.conditions})).collect::<Vec<_>>().into(),
            Needs::Nothing { .. } => serde_json::json!([{"action":"nothing","resource":""}]),
            Needs::Unknown => serde_json::json!([{"action":"unknown","resource":""}]),
        };
        all.push(serde_json::json!({"needs": needs}));
    }
    println!("{}", serde_json::Value::Array(all));
}
