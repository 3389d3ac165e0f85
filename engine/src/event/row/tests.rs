//! Does every record come back equal?

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use trailwright_tests::json::canonical;

use super::*;

/// The record that the row of `record` writes.
fn there_and_back(record: &str) -> Result<String, RecordError> {
    let row = Row::from_record(record)?;
    // Through the cells, as the lake carries nothing else.
    Ok(Row::from_cells(row.cells().to_vec()).to_record())
}

#[track_caller]
fn comes_back(record: &str) {
    let back = there_and_back(record).unwrap();
    assert_eq!(canonical(&back), canonical(record));
}

/// One pass over `text` may decline to read it. If it does not, it has read what `serde_json` does.
#[track_caller]
fn one_pass_agrees(text: &str) {
    let Some(outline) = json::outline(text) else {
        return;
    };
    let members = outline.members(text).iter();
    let members: Vec<Member<'_>> = members.map(|(member, _)| member).collect();
    let careful = json::members(text).unwrap();
    let read: Vec<(&str, &str)> = members.iter().map(|m| (m.key.as_ref(), m.value)).collect();
    let expected: Vec<(&str, &str)> = careful.iter().map(|(k, v)| (k.as_ref(), *v)).collect();
    assert_eq!(read, expected, "{text}");
    let keys: HashSet<&str> = read.iter().map(|(key, _)| *key).collect();
    assert!(outline.is_doubtful() || keys.len() == read.len(), "{text}");
    for member in &members {
        assert_eq!(member.string(), json::string(member.value), "{text}");
        let careful = Member::new(member.key.clone(), member.value);
        assert_eq!(
            json::tidy(member.value, member.noted),
            json::tidy(careful.value, careful.noted),
            "{text}"
        );
    }
}

/// JSON text of any shape, with what parsers stumble over.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?",
        string(),
        time(),
        Just(r#""true""#.to_owned()),
        Just(r#""sha256-0""#.to_owned()),
        Just("\"\"".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let space = "[ \n\r\t]{0,2}";
        let array = (prop::collection::vec(inner.clone(), 0..5), space)
            .prop_map(|(values, space)| format!("[{space}{}{space}]", values.join(",")));
        let object =
            (prop::collection::vec((string(), inner), 0..5), space).prop_map(|(members, space)| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("{key}{space}:{space}{value}"))
                    .collect();
                format!("{{{space}{}}}", members.join(","))
            });
        prop_oneof![array, object]
    })
}

/// A JSON string with characters and escapes of all kinds, lone surrogates too.
fn string() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[ -!#-\\[\\]-~]{0,6}",
        "[\u{80}-\u{10ffff}]{0,3}",
        "\\\\[\"\\\\/bfnrt]",
        "\\\\u[0-9a-fA-F]{4}",
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

/// Times, nearly all of them not as CloudTrail writes them.
fn time() -> impl Strategy<Value = String> {
    (
        "(-00)?[0-9]{4}-[01][0-9]-[0-3][0-9]",
        "[T t][0-2][0-9]:[0-5][0-9](:[0-6][0-9])?(\\.[0-9]{1,12})?",
        "Z|z|[+-][01][0-9]:?[0-5][0-9]|",
    )
        .prop_map(|(date, clock, zone)| format!("\"{date}{clock}{zone}\""))
}

/// An identity that says what principals are read from, in any place, once or more often.
fn identity() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "type",
        "arn",
        "accountId",
        "userName",
        "principalId",
        "invokedBy",
        "sessionContext",
        "sessionIssuer",
        "onBehalfOf",
        "userId",
    ]);
    let leaf = prop_oneof![
        1 => value(),
        2 => string(),
        2 => "\"arn:aws:(sts|iam)::[0-9]:(assumed-role|role)/[ab]/[cd]\"",
        1 => Just("\"AWSService\"".to_owned()),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        let member = (key.clone(), " ?", inner);
        prop::collection::vec(member, 0..6).prop_map(|members| {
            let members: Vec<String> = members
                .iter()
                .map(|(key, space, value)| format!("\"{key}\":{space}{value}"))
                .collect();
            format!("{{{}}}", members.join(","))
        })
    })
}

fn owned(cell: Cell<'_>) -> Cell<'static> {
    match cell {
        Cell::Null => Cell::Null,
        Cell::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
        Cell::Flag(flag) => Cell::Flag(flag),
        Cell::Time(micros) => Cell::Time(micros),
    }
}

/// A top-level key: one that a column carries, the name of a column, or anything.
fn key() -> impl Strategy<Value = String> {
    let keys: Vec<String> = COLUMNS
        .iter()
        .flat_map(|column| column.key.into_iter().chain([column.name]))
        .map(|key| format!("\"{key}\""))
        .collect();
    prop_oneof![
        8 => prop::sample::select(keys),
        1 => string().prop_filter("a key is text", |key| json::string(key).is_some()),
    ]
}

/// A record in which every key may have a value of any type, or come twice.
fn record() -> impl Strategy<Value = String> {
    (
        prop::collection::vec((key(), value()), 0..20),
        prop::sample::select(vec!["eventName", "eventSource"]),
        string().prop_filter("a name is text", |name| json::string(name).is_some()),
    )
        .prop_map(|(members, named, name)| {
            let mut members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{key}:{value}"))
                .collect();
            members.push(format!("\"{named}\":{name}"));
            format!("{{{}}}", members.join(", "))
        })
}

/// Usual records take the quick way, or nothing is gained by it.
#[test]
fn a_usual_record_is_read_in_one_pass() {
    for record in [
        r#"{"eventVersion":"1.08","a":[1,-2.5e3,{"b":"\u00e9 \"x\"","c":{}}],"d":null,"e":[]}"#,
        "{ \"eventName\" : \"x\",\n\"responseElements\": null }",
    ] {
        assert!(json::outline(record).is_some(), "{record}");
        one_pass_agrees(record);
    }
    for odd in [
        "",
        "{",
        "[]",
        "{}x",
        r#"{"a":01}"#,
        r#"{"a":1.}"#,
        r#"{"a":-}"#,
        r#"{"a":tru}"#,
        r#"{"a":"\x"}"#,
        r#"{"a":"\u12"}"#,
        "{\"a\":\"\u{1}\"}",
        r#"{"a":1,}"#,
        r#"{"a":[1}]"#,
        r#"{"\u0061":1}"#,
        &format!("{{\"a\":{}1{}}}", "[".repeat(121), "]".repeat(121)),
    ] {
        assert!(json::outline(odd).is_none(), "{odd}");
    }
    let many: Vec<String> = (0..100).map(|n| format!("\"k{}\":1", n % 99)).collect();
    one_pass_agrees(&format!("{{\"a\":{{{}}}}}", many.join(",")));
}

#[test]
fn a_usual_time_is_read_as_any_other() {
    for text in [
        "2026-11-24T09:30:00Z",
        "2024-02-29T23:59:59Z",
        "2023-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00z",
        "2026-01-0/T00:00:00Z",
    ] {
        if let Some(micros) = time::from_usual_text(text) {
            assert_eq!(time::from_text(text), Some(micros), "{text}");
            assert!(time::is_text_of(micros, text), "{text}");
        }
    }
    assert!(time::from_usual_text("2026-11-24T09:30:00Z").is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_record_comes_back_equal(record in record()) {
        comes_back(&record);
    }

    #[test]
    fn one_pass_reads_what_serde_json_reads(
        record in record(),
        cut in any::<prop::sample::Index>(),
        put in "[\\x00-\\x7f]{0,2}",
    ) {
        one_pass_agrees(&record);
        // Whatever becomes of it: one byte out, others in.
        let at = cut.index(record.len());
        if record.is_char_boundary(at) && record.is_char_boundary(at + 1) {
            one_pass_agrees(&format!("{}{put}{}", &record[..at], &record[at + 1..]));
        }
    }

    #[test]
    fn an_identity_is_read_with_its_record_as_it_is_alone_and_with_care(identity in identity()) {
        let read = |name: &str, identity: &str| {
            let record = format!("{{\"{name}\":\"x\",\"userIdentity\":{identity}}}");
            let row = Row::from_record(&record).unwrap();
            row.cells().iter().cloned().map(owned).collect::<Vec<_>>()
        };
        let with_record = read("eventName", &identity);
        // An escape in a key leaves the object around it to the slower way.
        prop_assert_eq!(&with_record, &read("\\u0065ventName", &identity));
        if let Some(members) = identity.strip_prefix('{').filter(|rest| rest.trim() != "}") {
            let with_care = read("eventName", &format!("{{\"\\u0078\":0,{members}"));
            let told = |cells: &[Cell<'_>]| format!("{:?}", &cells[PRINCIPAL..=PRINCIPAL_ACCOUNT]);
            prop_assert_eq!(told(&with_record), told(&with_care));
            for column in [ACCESS_KEY_ID, SESSION_NAME, INVOKED_BY] {
                prop_assert_eq!(&with_record[column], &with_care[column]);
            }
        }
    }

    #[test]
    fn the_same_record_has_the_same_id(record in record()) {
        let row = Row::from_record(&record).unwrap();
        let sorted = json::canonical(&record);
        let again = Row::from_record(&sorted).unwrap();
        prop_assert_eq!(row.text("event_id"), again.text("event_id"));
    }

    #[test]
    fn any_text_is_a_record_or_an_error(text in ".{0,80}") {
        let _ = there_and_back(&text);
    }
}

#[test]
fn numbers_come_back_to_the_digit() {
    let record = r#"{"eventName":"x","requestParameters":{"a":1.50,"b":1e400,"c":-0},"n":1.50,
        "apiVersion":12345678901234567890123,"eventTime":1E2}"#;
    let back = there_and_back(record).unwrap();
    for number in ["1.50", "1e400", "-0", "12345678901234567890123", "1E2"] {
        assert!(back.contains(number), "{number} in {back}");
    }
    comes_back(record);
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for key in ["requestParameters", "userIdentity", "eventID", "unknown"] {
        let record = format!("{{\"{key}\":{deep},\"eventName\":\"x\"}}");
        let back = there_and_back(&record).unwrap();
        assert_eq!(back.len(), record.len(), "{key}");
    }
}

#[test]
fn many_keys_cost_no_square() {
    let members: Vec<String> = (0..200_000).map(|i| format!("\"k{i}\":{i}")).collect();
    let record = format!("{{\"eventName\":\"x\",{}}}", members.join(","));
    comes_back(&record);
}

#[test]
fn of_a_repeated_key_the_last_value_counts() {
    let row = Row::from_record(r#"{"eventName":"a","eventName":"b","x":1,"x":null}"#).unwrap();
    assert_eq!(row.text("event_name"), Some("b"));
    assert_eq!(row.repeated_keys(), 2);
    comes_back(r#"{"eventName":"a","eventName":"b","x":1,"x":null}"#);
}

#[test]
fn an_id_of_ours_is_not_written_back() {
    for id in ["null", "7", "\"\"", "\"sha256-00\"", "\"\\ud800\""] {
        let record = format!("{{\"eventName\":\"x\",\"eventID\":{id}}}");
        let row = Row::from_record(&record).unwrap();
        assert!(row.text("event_id").unwrap().starts_with(OWN_ID), "{id}");
        assert_ne!(row.text("event_id"), Some("sha256-00"));
        comes_back(&record);
    }
}

#[test]
fn what_nobody_could_mean_is_refused() {
    for text in [
        "",
        "7",
        "[]",
        "{",
        "{}",
        r#"{"eventName":7}"#,
        r#"{"a":1}"#,
        r#"{"eventName":"x"} y"#,
        // A key that is no text could not be told from another one.
        r#"{"eventName":"x","\ud800":1}"#,
    ] {
        assert!(Row::from_record(text).is_err(), "{text}");
    }
}
