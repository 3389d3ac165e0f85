//! Does every record come back equal?

use std::collections::BTreeMap;

use trailwright_tests::trail::{delivery, record};
use trailwright_tests::{fixture, json};

use crate::{lab, lab_with};

#[test]
fn every_record_of_the_samples_comes_back_equal() {
    for name in fixture::WHOLE {
        let lab = lab_with(name);
        let expected = fixture::count(&fixture::folder(name)).events;
        let out = lab.trailwright(["export", "lake"]).status(0).stdout;
        let found: BTreeMap<String, String> = out
            .lines()
            .map(|line| (fixture::id_of(line), json::canonical(line)))
            .collect();
        assert_eq!(out.lines().count(), found.len(), "{name}: each once");
        for (id, records) in &expected {
            let back = &found[id];
            assert!(
                records.contains(back),
                "{name}: {back}\nis none of {records:#?}"
            );
        }
        assert_eq!(found.len(), expected.len(), "{name}");
    }
}

#[test]
fn what_no_column_holds_comes_back_to_the_digit() {
    let odd = r#"{"eventName":"x","eventSource":null,"readOnly":"true","eventTime":"24.11.2026",
        "n":1.50,"huge":1e400,"long":12345678901234567890123,"zero":-0,"requestParameters":
        {"price":1.50,"e":1E+2,"lone":"\ud800","nul":"\u0000"},"errorCode":7,"userIdentity":"me",
        "resources":null,"extra":{"a":[]},"null_keys":null,"eventID":"\u00e9"}"#;
    let lab = lab();
    lab.write("logs/a.json", format!("[{odd}]"));
    lab.ingest("logs");
    let out = lab.trailwright(["export", "lake"]).status(0).stdout;
    assert_eq!(json::canonical(&out), json::canonical(odd));
    for number in ["1.50", "1e400", "12345678901234567890123", "-0", "1E+2"] {
        assert!(out.contains(number), "{number} in {out}");
    }
}

#[test]
fn an_export_is_a_delivery_again() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for (format, file) in [("json", "out.json"), ("ndjson", "out.ndjson")] {
        let out = lab.trailwright(["export", "lake", "--format", format]);
        lab.write(file, out.status(0).stdout);
        let again = lab.trailwright(["ingest", "again", file]).status(0);
        assert_eq!(again.tally("rejected"), 0);
        let rest = lab.trailwright(["sql", "again", "SELECT count(*) AS n FROM events", "-ojson"]);
        assert_eq!(rest.json()[0]["n"], 20);
    }
}

#[test]
fn an_export_keeps_to_its_range() {
    let lab = lab();
    let days = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"];
    let records: Vec<_> = (1..).zip(days).map(|(id, at)| record(id).at(at)).collect();
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let out = lab.trailwright(["export", "lake", "--to", "2026-11-01"]);
    assert_eq!(out.status(0).ndjson()[0]["eventTime"], days[0]);
    let none = ["export", "lake", "--from", "2027-01", "--format", "json"];
    let none = lab.trailwright(none).status(0).json();
    assert_eq!(none["Records"], serde_json::json!([]));
    lab.trailwright(["export", "lake", "--from", "2027-01"])
        .status(0)
        .stdout("");
}
