//! Is JSON read without losing what it said?

use super::*;

#[test]
fn compact_leaves_strings_alone() {
    assert_eq!(
        compact("{ \"a b\" : [ 1 , \"x \\\" y\" ] }\n"),
        r#"{"a b":[1,"x \" y"]}"#
    );
    assert!(matches!(compact(r#"{"a":1}"#), Cow::Borrowed(_)));
}

#[test]
fn tidy_keeps_the_last_value_of_a_repeated_key_at_any_depth() {
    for (text, expected, repeats) in [
        (r#"{"a":1,"b":{"a":1}}"#, r#"{"a":1,"b":{"a":1}}"#, false),
        (r#"{"a":1, "a":2}"#, r#"{"a":2}"#, true),
        (
            r#"[{"x":{"a":1,"b":[],"a":"\""}}]"#,
            r#"[{"x":{"a":"\"","b":[]}}]"#,
            true,
        ),
        (r#"{"\u0061":1,"a":2}"#, r#"{"a":2}"#, true),
        (r#"{"\u0061":1,"b":"a"}"#, r#"{"a":1,"b":"a"}"#, false),
        (r#"{"b":"a","a":"b"}"#, r#"{"b":"a","a":"b"}"#, false),
        (
            r#"["a","a",{"a":["b","b"]}]"#,
            r#"["a","a",{"a":["b","b"]}]"#,
            false,
        ),
    ] {
        let (tidied, repeated) = tidy(text, scan(text));
        assert_eq!((tidied.as_ref(), repeated), (expected, repeats), "{text}");
    }
    let many: Vec<String> = (0..40).map(|n| format!("\"k{}\":1", n % 39)).collect();
    let many = format!("{{{}}}", many.join(","));
    assert!(tidy(&many, scan(&many)).1);
}

#[test]
fn members_keep_order_repeats_and_numbers() -> Result<(), serde_json::Error> {
    let found = members(r#"{"b":1.50,"a":{"x":[]},"b":1e400}"#)?;
    let found: Vec<_> = found.iter().map(|(k, v)| (k.as_ref(), *v)).collect();
    assert_eq!(found, [("b", "1.50"), ("a", r#"{"x":[]}"#), ("b", "1e400")]);
    Ok(())
}

#[test]
fn a_lone_surrogate_is_no_string() {
    assert_eq!(string(r#""\ud800""#), None);
    assert_eq!(string(r#""a\u00e9""#).as_deref(), Some("aé"));
}

#[test]
fn one_record_has_one_canonical_text() {
    let one = r#"{"b":[1.50,{"d":"\u00e9","c":null}],"a":1,"a":2}"#;
    let other = "{ \"a\": 2, \"b\": [ 1.50, {\"c\":null, \"d\":\"é\"} ] }";
    assert_eq!(canonical(one), canonical(other));
    assert_ne!(canonical("[1.50]"), canonical("[1.5]"));
}
