//! Which records does a text have, whole or broken?

use super::*;

fn show(piece: Piece<'_>) -> String {
    match piece {
        Piece::Record(record, ..) => record.to_owned(),
        Piece::Reject(reject) => {
            let position = reject.position.map_or(String::new(), |p| p.to_string());
            format!("! {} ({position})", reject.reason)
        }
    }
}

fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    records(text.as_bytes(), |piece| pieces.push(show(piece)));
    pieces
}

/// The same, with the text in portions of a few bytes.
fn in_portions(text: &[u8], portion: usize) -> Vec<String> {
    let mut chunks = text.chunks(portion);
    let mut more = |buffer: &mut Vec<u8>, _: usize| {
        let chunk = chunks.next();
        buffer.extend_from_slice(chunk.unwrap_or_default());
        chunk.is_some()
    };
    let mut splitter = Splitter::new();
    let mut pieces = Vec::new();
    while let Some(piece) = splitter.next(&mut more) {
        pieces.push(show(piece));
    }
    pieces
}

#[test]
fn every_shape_gives_its_records() {
    let expected = [r#"{"a":1}"#, r#"{"b":"}]"}"#];
    for text in [
        r#"{"Records":[{"a":1},{"b":"}]"}]}"#,
        "{\"x\": [1, {}], \"Records\" : [\n {\"a\":1} , {\"b\":\"}]\"}], \"y\": 2}\n",
        r#"{"Records":[{"a":1}],"z":{"Records":[{"c":1}]},"Records":[{"b":"}]"}]}"#,
        r#"{"NextToken":"x","Events":[{"a":1},{"b":"}]"}]}"#,
        r#"{"QueryResultRows":[[{"a":1}],[{"b":"}]"}]]}"#,
        r#"[{"a":1},{"b":"}]"}]"#,
        "{\"a\":1}\n{\"b\":\"}]\"}\n",
        "{\"a\":1}{\"b\":\"}]\"}",
        "\u{feff}{\"Records\":[{\"a\":1}]}{\"Records\":[{\"b\":\"}]\"}]}",
    ] {
        assert_eq!(pieces(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_object_costs_itself_only() {
    assert_eq!(
        pieces(r#"{"Records":[1,{"a":1},null,"x",{"b":2}]}"#),
        [
            "! expected an object as record (record 1 at byte 12)",
            r#"{"a":1}"#,
            "! expected an object as record (record 3 at byte 22)",
            "! expected an object as record (record 4 at byte 27)",
            r#"{"b":2}"#,
        ]
    );
}

#[test]
fn a_cut_file_gives_what_is_whole() {
    assert_eq!(
        pieces(r#"{"Records":[{"a":1},{"b":"#),
        [
            r#"{"a":1}"#,
            "! file ends within a record (record 2 at byte 20)"
        ]
    );
    assert_eq!(
        pieces(r#"[{"a":1},"#),
        [
            r#"{"a":1}"#,
            "! file ends within the array of records (record 2 at byte 9)"
        ]
    );
}

#[test]
fn a_bad_line_costs_itself_only() {
    assert_eq!(
        pieces("{\"a\":1}\n{\"b\":\n{\"c\":3}\nnonsense\nand more\n{\"d\":4}"),
        [
            r#"{"a":1}"#,
            "! broken JSON in a record (record 2 at byte 8)",
            r#"{"c":3}"#,
            "! expected a JSON object or array (record 4 at byte 22)",
            r#"{"d":4}"#,
        ]
    );
}

#[test]
fn a_broken_record_costs_itself_only() {
    let text = r#"{"Records":[{"eventVersion":1,"x":{"y":[},{"eventVersion":2},{"eventVersion":3,"z":"}, {"eventVersion":4}]}"#;
    assert_eq!(
        pieces(text),
        [
            "! broken JSON in a record (record 1 at byte 12)",
            r#"{"eventVersion":2}"#,
            "! file ends within a record (record 3 at byte 61)",
            r#"{"eventVersion":4}"#,
        ]
    );
}

#[test]
fn a_million_brackets_cost_no_stack_and_only_themselves() {
    let deep = format!(
        "[{}1{},{{\"a\":1}}]",
        "{\"a\":".repeat(1_000_000),
        "}".repeat(1_000_000)
    );
    assert_eq!(
        pieces(&deep),
        [
            "! nests deeper than 120 levels (record 1 at byte 1)",
            r#"{"a":1}"#
        ]
    );
}

#[test]
fn a_huge_record_costs_itself_only_and_is_never_held_whole() {
    let huge = 100 << 20;
    let mut left = huge;
    let mut begun = false;
    let mut largest = 0;
    let mut more = |buffer: &mut Vec<u8>, wanted: usize| {
        if !begun {
            buffer.extend_from_slice(b"[{\"a\":\"");
            begun = true;
        }
        let now = wanted.min(left);
        left -= now;
        buffer.resize(buffer.len() + now, b'x');
        largest = largest.max(buffer.len());
        if left == 0 {
            buffer.extend_from_slice(b"\"},{\"b\":2}]");
        }
        left > 0
    };
    let mut splitter = Splitter::new();
    let mut pieces = Vec::new();
    while let Some(piece) = splitter.next(&mut more) {
        pieces.push(show(piece));
    }
    assert_eq!(
        pieces,
        [
            "! record of more than 16 MiB (record 1 at byte 1)",
            r#"{"b":2}"#
        ]
    );
    assert!(largest <= 4 * MAX_RECORD_BYTES, "{largest}");
}

proptest::proptest! {
    #[test]
    fn any_bytes_end_without_panic(bytes: Vec<u8>) {
        let mut pieces = 0;
        records(&bytes, |_| pieces += 1);
        proptest::prop_assert!(pieces <= bytes.len() + 1);
    }

    #[test]
    fn portions_do_not_change_the_pieces(
        text in r#"(\{"Records":)?[\[\]{}",:\\ \nR1a]{0,60}"#,
        portion in 1_usize..8,
    ) {
        proptest::prop_assert_eq!(in_portions(text.as_bytes(), portion), pieces(&text));
    }
}
