//! Does every shape in which CloudTrail is met give its events, and does what is none say why?

use crate::support::{Lab, Result, delivery, gzip, record};
use serde_json::Value;
use trailwright_ingest::{Lake, Storage};

/// Wraps a record.
type Shape<'a> = &'a dyn Fn(&str) -> String;

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_gives_the_record_as_it_was() -> Result {
    let shapes: [(&str, Shape); 12] = [
        ("records", &|r| format!("{{\"Records\":[{r}]}}")),
        ("array", &|r| format!("[{r}]")),
        ("object", &|r| r.to_owned()),
        ("lines", &|r| format!("\n{r}\n")),
        ("bom", &|r| format!("\u{feff}{{\"Records\":[{r}]}}")),
        ("eventbridge", &|r| {
            format!("{{\"detail-type\":\"x\",\"detail\":{r}}}")
        }),
        ("sqs", &|r| {
            let sns = format!("{{\"Type\":\"Notification\",\"Message\":{}}}", quoted(r));
            format!("{{\"Messages\":[{{\"Body\":{}}}]}}", quoted(&sns))
        }),
        ("lookup", &|r| {
            format!(
                "{{\"Events\":[{{\"EventId\":\"x\",\"CloudTrailEvent\":{}}}]}}",
                quoted(r)
            )
        }),
        ("lake-query", &|r| {
            format!(
                "{{\"QueryResultRows\":[[{{\"eventJson\":{}}}]]}}",
                quoted(r)
            )
        }),
        ("athena-lines", &|r| {
            format!("{{\"eventjson\":{}}}\n", quoted(r))
        }),
        ("spaced", &|r| {
            format!("{{ \"x\" : 1 ,\n\"Records\" : [ {r} ] }}")
        }),
        ("twice", &|r| {
            format!("{{\"Records\":[]}}{{\"Records\":[{r}]}}")
        }),
    ];
    let lab = Lab::new()?;
    let mut expected = std::collections::BTreeMap::new();
    for (n, (name, shape)) in (0..).zip(shapes) {
        let text = shape(&record(n));
        let value: Value = serde_json::from_str(&record(n))?;
        expected.insert(
            value["eventID"].as_str().unwrap_or_default().to_owned(),
            value,
        );
        let plain = text.as_bytes();
        match n % 3 {
            0 => lab.write(&format!("logs/{name}.json"), plain)?,
            1 => lab.write(&format!("logs/{name}.json.gz"), gzip(plain)?)?,
            _ => lab.write(
                &format!("logs/{name}.json.zst"),
                zstd::encode_all(plain, 1)?,
            )?,
        };
    }
    let report = lab.ingest("logs").await?;
    assert_eq!(
        (report.new, report.rejected),
        (12, 0),
        "{:?}",
        report.reasons
    );
    assert_eq!(lab.records().await?, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn insights_and_every_event_version_are_kept() -> Result {
    let lab = Lab::new()?;
    let insight = r#"{"eventVersion":"1.07","eventTime":"2026-11-01T00:00:00Z","awsRegion":"us-east-1","eventID":"i1","eventType":"AwsCloudTrailInsight","recipientAccountId":"111122223333","insightDetails":{"state":"Start","eventSource":"s3.amazonaws.com","eventName":"PutObject"},"eventCategory":"Insight"}"#;
    let network = r#"{"eventVersion":"1.09","eventTime":"2026-11-01T00:00:00Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventID":"n1","eventCategory":"NetworkActivity","vpcEndpointId":"vpce-1","eventType":"AwsVpceEvent"}"#;
    lab.write(
        "logs/i.json",
        format!("{{\"Records\":[{insight},{network}]}}"),
    )?;
    for version in ["1.0", "1.01", "1.05", "1.08", "1.11", "9.99"] {
        let n: u64 = version.replace('.', "").parse()?;
        let text = record(n).replace("\"1.08\"", &format!("\"{version}\""));
        lab.write(&format!("logs/v{version}.json"), text)?;
    }
    let report = lab.ingest("logs").await?;
    assert_eq!(
        (report.new, report.rejected),
        (8, 0),
        "{:?}",
        report.reasons
    );
    let records = lab.records().await?;
    assert_eq!(records["i1"], serde_json::from_str::<Value>(insight)?);
    assert_eq!(records["n1"], serde_json::from_str::<Value>(network)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn digests_are_reported_and_no_rejects() -> Result {
    let lab = Lab::new()?;
    let digest = r#"{"awsAccountId":"1","digestStartTime":"x","digestEndTime":"y","digestS3Object":"z","logFiles":[]}"#;
    lab.write("logs/moved.json", digest)?;
    lab.write(
        "logs/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/d.json.gz",
        gzip(digest)?,
    )?;
    lab.write("logs/AWSLogs/111122223333/Config/eu-west-1/c.json.gz", b"x")?;
    lab.write("logs/a.json", delivery(0..2))?;
    let report = lab.ingest("logs").await?;
    assert_eq!(
        (
            report.new,
            report.rejected,
            report.digest_files,
            report.other_files
        ),
        (2, 0, 2, 1)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_kept_with_its_place_and_reason() -> Result {
    let lab = Lab::new()?;
    lab.write(
        "logs/a.json",
        format!("{{\"Records\":[{},{{\"a\":1}},7]}}", record(1)),
    )?;
    lab.write("logs/b.json.gz", b"not gzip at all")?;
    lab.write("logs/c.json", b"{\"eventName\":\"\xff\"}")?;
    let report = lab.ingest("logs").await?;
    assert_eq!((report.new, report.rejected), (1, 4));

    let lake = Lake::open(&lab.lake(), &Storage::default()).await?;
    let kept: Vec<String> = lake
        .quarantined()
        .await?
        .into_iter()
        .map(|entry| {
            let file = entry.file.rsplit('/').next().unwrap_or_default().to_owned();
            let raw = entry.raw.or(entry.raw_base64).unwrap_or_default();
            let reason = entry
                .reason
                .split(':')
                .next()
                .unwrap_or_default()
                .to_owned();
            format!(
                "{file} {:?} {:?} {reason} {raw}",
                entry.record,
                entry.byte.is_some()
            )
        })
        .collect();
    expect_test::expect![[r#"
        [
            "a.json Some(2) true expected a CloudTrail record {\"a\":1}",
            "a.json Some(3) true expected an object as record 7",
            "b.json.gz Some(1) true expected a JSON object or array not gzip at all",
            "c.json Some(1) true invalid UTF-8 in a record eyJldmVudE5hbWUiOiL/In0=",
        ]
    "#]]
    .assert_debug_eq(&kept);
    // The same again adds nothing to it.
    let again = lab
        .ingest_with(
            "logs",
            &trailwright_ingest::Options {
                reread: true,
                ..Default::default()
            },
        )
        .await?;
    assert_eq!(again.rejected, 4);
    assert_eq!(lake.quarantined().await?.len(), 4);
    Ok(())
}
