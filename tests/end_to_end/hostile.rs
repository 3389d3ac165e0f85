//! Does bad input cost itself only?

use trailwright_tests::trail::{delivery, gzip, record};

use crate::lab;

/// Ingests `bytes` as file `name` beside a good one. The file must give `new` events and be
/// rejected with `reason` at `place`.
#[track_caller]
fn rejects(name: &str, bytes: impl AsRef<[u8]>, new: usize, place: &str, reason: &str) {
    let lab = lab();
    lab.write(&format!("logs/{name}"), bytes);
    lab.write("logs/good.json", delivery(&[record(100)]));
    let done = lab.trailwright(["ingest", "lake", "logs"]).status(2);
    assert_eq!(done.tally("files"), 2, "{done}");
    assert_eq!(done.tally("new"), new + 1, "{done}");
    let done = done.says(&format!("rejected: logs/{name}{place}: {reason}"));
    assert!(done.tally("rejected") > 0);
    assert_eq!(lab.value("SELECT count(*) FROM events"), new + 1);
}

#[test]
fn an_empty_file() {
    rejects("bad.json", "", 0, "", "empty file");
    rejects("bad.json.gz", "", 0, "", "empty file");
}

#[test]
fn a_file_that_is_no_gzip() {
    let place = ", record 1 at byte 0";
    let reason = "expected a JSON object or array";
    rejects("bad.json.gz", "<html>no such key</html>", 0, place, reason);
}

#[test]
fn a_file_that_is_no_json() {
    let place = ", record 1 at byte 0";
    let reason = "expected a JSON object or array";
    rejects("bad.json", "<html>\n<b>no</b>", 0, place, reason);
    rejects(
        "bad.json.gz",
        gzip("eventName,eventSource\n"),
        0,
        place,
        reason,
    );
}

#[test]
fn a_gzip_that_is_cut_off() {
    // Long texts that do not compress, so that the first records come before the cut.
    let noise = |id: u32| -> String {
        (0..20_000_u32)
            .map(|i| char::from(b'a' + (i.wrapping_mul(2_654_435_761 + id) >> 27) as u8 % 26))
            .collect()
    };
    let records: Vec<_> = (1..=8).map(|i| record(i).with("n", noise(i))).collect();
    let whole = gzip(delivery(&records));
    let half = &whole[..whole.len() / 2];
    let lab = lab();
    lab.write("logs/bad.json.gz", half);
    let done = lab.trailwright(["ingest", "lake", "logs"]).status(2);
    let new = done.tally("new");
    assert!((1..8).contains(&new), "{done}");
    done.says("rejected: logs/bad.json.gz: gzip is cut off after");
    assert_eq!(lab.value("SELECT count(*) FROM events"), new);
}

#[test]
fn a_gzip_whose_checksum_is_wrong() {
    let mut bytes = gzip(delivery(&[record(1)]));
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    rejects(
        "bad.json.gz",
        bytes,
        1,
        "",
        "gzip checksum does not match after",
    );
}

#[test]
fn json_that_is_cut_off() {
    let whole = delivery(&[record(1), record(2)]);
    let second = whole.rfind("{\"awsRegion\"").unwrap();
    let cut = &whole[..whole.len() - 20];
    let place = format!(", record 2 at byte {second}");
    rejects("bad.json", cut, 1, &place, "file ends within a record");
}

#[test]
fn a_record_that_is_no_object() {
    for odd in ["7", "null", "\"text\"", "true"] {
        let text = format!("{{\"Records\":[{odd},{}]}}", record(1).text());
        let place = ", record 1 at byte 12";
        rejects("bad.json", text, 1, place, "expected an object as record");
    }
}

#[test]
fn a_record_that_is_no_json() {
    for odd in [
        r#"{"eventName" "x"}"#,
        r#"{"eventName":tru}"#,
        r#"{"eventName":"x",}"#,
    ] {
        let text = format!("{{\"Records\":[{odd},{}]}}", record(1).text());
        let place = ", record 1 at byte 12";
        rejects("bad.json", text, 1, place, "expected a JSON object: ");
    }
}

#[test]
fn a_record_that_is_not_cloudtrails() {
    for (odd, reason) in [
        (
            r#"{"a":1}"#,
            "expected a CloudTrail record: got an object without",
        ),
        (
            r#"{"detail-type":"x"}"#,
            "EventBridge event without a CloudTrail record: `x`",
        ),
    ] {
        let text = format!("[{odd},{}]", record(1).text());
        rejects("bad.json", text, 1, ", record 1 at byte 1", reason);
    }
}

#[test]
fn invalid_utf_8() {
    let mut bytes = format!("[{},", record(1).text()).into_bytes();
    let start = bytes.len();
    bytes.extend(b"{\"eventName\":\"\xff\xfe\"},");
    bytes.extend(format!("{}]", record(2).text()).bytes());
    let place = format!(", record 2 at byte {start}");
    rejects("bad.json", bytes, 2, &place, "invalid UTF-8 in a record");
}

#[test]
fn a_bad_line_among_json_lines() {
    let text = format!("{}\n{{\"a\":\n{}\n", record(1).text(), record(2).text());
    let place = format!(", record 2 at byte {}", record(1).text().len() + 1);
    rejects("bad.jsonl", text, 2, &place, "file ends within a record");
}

#[test]
fn a_folder_that_ends_like_a_log_and_a_link_that_leads_nowhere() {
    let lab = lab();
    lab.write("logs/folder.json/a.json", delivery(&[record(1)]));
    assert_eq!(lab.ingest("logs").tally("new"), 1);
}

#[test]
fn depth_without_end() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let odd = record(1).text().replace("\"a.txt\"", &deep);
    let lab = lab();
    lab.write("logs/deep.json", format!("[{odd},{}]", record(2).text()));
    let done = lab.trailwright(["ingest", "lake", "logs"]).status(2);
    assert_eq!((done.tally("new"), done.tally("rejected")), (1, 1));
    done.says("record 1 at byte 1: nests deeper than 120 levels");
}

#[test]
fn text_that_no_terminal_or_format_likes() {
    let name = "a\"b',|\\\n\t\u{0}\u{202e}é😀{}%s$(x)`";
    let lab = lab();
    lab.write(
        "logs/a.json",
        delivery(&[record(1).with("eventName", name)]),
    );
    lab.ingest("logs");
    assert_eq!(lab.value("SELECT event_name FROM events"), name);
}

#[test]
fn rejects_are_counted_by_their_reason() {
    let lab = lab();
    lab.write("logs/a.json", format!("[1,2,{{}},{}]", record(1).text()));
    lab.trailwright(["ingest", "lake", "logs"])
        .status(2)
        .says("  2  expected an object as record")
        .says("  1  expected a CloudTrail record");
}
