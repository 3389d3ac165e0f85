//! Does hostile input cost itself only, and bounded memory?

use std::io::Write;

use crate::support::{Lab, Result, delivery, gzip, record};

/// Each of these beside a good delivery: the good one arrives, and the bad one is told.
#[tokio::test(flavor = "multi_thread")]
async fn each_bad_file_costs_itself_only() -> Result {
    let whole = gzip(delivery(100..110))?;
    let deep = format!("{}1{}", "{\"a\":".repeat(1_000_000), "}".repeat(1_000_000));
    let mut lying = gzip(delivery(200..203))?;
    lying.extend_from_slice(b"garbage");
    let cut = whole.get(..whole.len() / 2).unwrap_or_default().to_vec();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("deep.json.gz", gzip(format!("[{deep},{}]", record(1)))?),
        ("open.json.gz", gzip("[".repeat(1_000_000))?),
        ("cut.json.gz", cut),
        ("garbage.json.gz", lying),
        ("empty.json", Vec::new()),
        ("null.json", b"null".to_vec()),
        ("utf16.json", [0xff, 0xfe, b'{', 0].to_vec()),
        ("string.json", br#"{"Records":[{"eventName":"a}]}"#.to_vec()),
        ("csv.json", b"a,b\n1,2\n3,4\n".to_vec()),
    ];
    for (name, bytes) in cases {
        let lab = Lab::new()?;
        lab.write("logs/good.json", delivery(300..305))?;
        lab.write(&format!("logs/{name}"), bytes)?;
        let report = lab.ingest("logs").await?;
        assert!(report.new >= 5, "{name}: {report:?}");
        // Of a file that is cut off within a record both are told.
        let expected = if name == "cut.json.gz" { 2 } else { 1 };
        assert_eq!(report.rejected, expected, "{name}: {:?}", report.rejects);
        // The lake is whole.
        assert_eq!(lab.records().await?.len() as u64, report.new, "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_in_every_known_field_are_kept_as_they_are() -> Result {
    let lab = Lab::new()?;
    let mut expected = std::collections::BTreeMap::new();
    let values = [
        "1e400",
        "[1]",
        "{\"a\":[]}",
        "true",
        "\"\\ud800\"",
        "12345678901234567890123",
        "\"\"",
    ];
    let mut lines = String::new();
    for (n, column) in trailwright_engine::event::COLUMNS.iter().enumerate() {
        let Some(key) = column.key else { continue };
        for (m, value) in values.iter().enumerate() {
            if matches!(key, "eventID") {
                continue;
            }
            let id = format!("w-{n}-{m}");
            // Both names must not be gone.
            let other = if key == "eventName" {
                "eventSource"
            } else {
                "eventName"
            };
            let text = format!("{{\"eventID\":\"{id}\",\"{other}\":\"x\",\"{key}\":{value}}}");
            lines.push_str(&text);
            lines.push('\n');
            expected.insert(id, (key, (*value).to_owned()));
        }
    }
    lab.write("logs/a.json", &lines)?;
    let report = lab.ingest("logs").await?;
    assert_eq!(
        (report.rejected, report.new),
        (0, expected.len() as u64),
        "{:?}",
        report.reasons
    );
    // Compared as text: not every one of these numbers and strings can be a JSON value in memory.
    for batch in crate::support::batches(&lab.lake()).await? {
        for (id, record) in crate::support::texts(&batch)? {
            let (key, value) = &expected[&id];
            assert!(record.contains(&format!("\"{key}\":{value}")), "{record}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_repeated_key_the_last_counts_and_it_is_told() -> Result {
    let lab = Lab::new()?;
    let top = r#"{"eventID":"d","eventName":"A","eventName":"B"}"#;
    let deep = r#"{"eventID":"e","eventName":"A","requestParameters":{"a":[{"k":1,"\u006b":2}]}}"#;
    lab.write("logs/a.json", format!("{top}\n{deep}\n"))?;
    let report = lab.ingest("logs").await?;
    assert_eq!(
        (report.new, report.repeated_keys, report.rejected),
        (2, 2, 0)
    );
    let records = lab.records().await?;
    assert_eq!(records["d"]["eventName"], "B");
    // No reader of the column is left to choose.
    let kept = &records["e"]["requestParameters"];
    assert_eq!(kept.to_string(), r#"{"a":[{"k":2}]}"#);
    let lake = trailwright_ingest::Lake::open(&lab.lake(), &Default::default()).await?;
    let written: Vec<_> = lake
        .quarantined()
        .await?
        .into_iter()
        .map(|entry| entry.raw)
        .collect();
    assert_eq!(written, [Some(top.to_owned()), Some(deep.to_owned())]);
    Ok(())
}

/// 1 GiB of text in few bytes of gzip, and a record of 100 MB: memory stays far below either.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_and_a_huge_record_take_bounded_memory() -> Result {
    let lab = Lab::new()?;
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(format!("[{}", record(1)).as_bytes())?;
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..1024 {
        bomb.write_all(&spaces)?;
    }
    lab.write("logs/bomb.json.gz", bomb.finish()?)?;
    let huge = format!(
        "[{{\"eventName\":\"{}\"}},{}]",
        "x".repeat(100 << 20),
        record(2)
    );
    lab.write("logs/huge.json.gz", gzip(huge)?)?;
    let report = lab.ingest("logs").await?;
    assert_eq!(
        (report.new, report.rejected),
        (2, 3),
        "{:?}",
        report.reasons
    );
    let peak = crate::support::peak_memory()?;
    assert!(peak < 700 << 20, "{peak} bytes");
    Ok(())
}
