//! Bodies of a sending: what is wrong with bad ones is found and placed.

use serde_json::{Value, json};
use waypost_core::request::SendRequest;
use waypost_core::text::{Body, EncodingChoice};

use crate::json;
use crate::problem::Problem;
use crate::wire::SendBody;

fn read(body: &[u8]) -> Result<SendRequest, Problem> {
    json::parse::<SendBody>(body).and_then(SendBody::into_request)
}

/// A good body with some fields in place of or beside its own.
fn with(fields: &str) -> String {
    format!(r#"{{"to": "+447400123456", "text": "hi", {fields}}}"#)
}

/// Status, code, pointer.
type Expected<'a> = (u16, &'a str, Option<&'a str>);

fn check(body: &[u8], expected: Expected<'_>) -> Problem {
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    let Err(problem) = read(body) else { panic!("taken: {shown}") };
    let document = serde_json::to_value(&problem).unwrap();
    let found = (
        document["status"].as_u64().unwrap() as u16,
        document["code"].as_str().unwrap(),
        document.get("pointer").and_then(Value::as_str),
    );
    assert_eq!(found, expected, "{shown}\n{document}");
    let detail = document["detail"].as_str().unwrap();
    assert!(detail.ends_with(['.', '?']) && detail.len() < 2_000, "{detail}");
    problem
}

#[test]
fn what_is_no_json_is_placed_by_line_and_column() {
    let deep = "[".repeat(10_000);
    for (body, line, column) in [
        ("", 1, 0),
        (" \r\n", 1, 0),
        ("\u{feff}{}", 1, 1),
        ("{", 1, 1),
        ("{\n  \"to\": \"+1\",\n}", 3, 1),
        ("{\"to\" \"+1\"}", 1, 7),
        ("{'to': 1}", 1, 2),
        ("{\"to\": \"+1\"} x", 1, 14),
        ("{\"to\": nul}", 1, 11),
        ("{\"to\": \"\\q\"}", 1, 10),
        ("{\"to\": \"\\ud800\"}", 1, 15),
        ("{\"to\": \"a\nb\"}", 2, 0),
        ("{\"priority\": 1e999}", 1, 18),
        ("{\"priority\": 01}", 1, 15),
        ("to=%2B44&text=hi", 1, 2),
        (deep.as_str(), 1, 128),
    ] {
        let problem = check(body.as_bytes(), (400, "json_malformed", None));
        let place = (problem.member("line"), problem.member("column"));
        assert_eq!(place, (Some(&json!(line)), Some(&json!(column))), "{body:.60}");
    }
}

#[test]
fn what_is_not_utf_8_is_placed_by_its_byte() {
    for (body, offset) in
        [(&b"\xff"[..], 0), (b"{\"to\": \"\xc3\x28\"}", 8), (b"{\"text\": \"\xed\xa0\x80\"}", 10)]
    {
        let problem = check(body, (400, "body_not_utf8", None));
        assert_eq!(problem.member("offset_bytes"), Some(&json!(offset)));
    }
}

#[test]
fn what_does_not_fit_is_placed_by_a_pointer() {
    let recipients = |count: usize| format!(r#"{{"text": "hi", "to": {}}}"#, json!(vec!["+1"; count]));
    let long = |name: &str, bytes: usize| with(&format!(r#""{name}": "{}""#, "x".repeat(bytes)));
    let cases: Vec<(String, &str, Option<&str>)> = vec![
        ("7".into(), "field_type", Some("")),
        ("null".into(), "field_type", Some("")),
        ("\"hi\"".into(), "field_type", Some("")),
        ("[\"+1\", null]".into(), "field_type", Some("")),
        (
            r#"["+1", null, "hi", null, null, null, null, null, null, null, null, null, null]"#.into(),
            "field_type",
            Some(""),
        ),
        ("{}".into(), "field_missing", Some("/to")),
        (r#"{"text": "hi"}"#.into(), "field_missing", Some("/to")),
        (r#"{"to": "+1"}"#.into(), "field_missing", Some("/text")),
        (r#"{"to": "+1", "text": null}"#.into(), "field_missing", Some("/text")),
        (r#"{"to": null, "text": "hi"}"#.into(), "field_type", Some("/to")),
        (r#"{"to": 447400123456, "text": "hi"}"#.into(), "field_type", Some("/to")),
        (r#"{"to": {"number": "+1"}, "text": "hi"}"#.into(), "field_type", Some("/to")),
        (r#"{"to": ["+1", 2], "text": "hi"}"#.into(), "field_type", Some("/to/1")),
        (r#"{"to": ["+1", ["+2"]], "text": "hi"}"#.into(), "field_type", Some("/to/1")),
        (recipients(0), "field_empty", Some("/to")),
        (recipients(101), "too_many_recipients", Some("/to")),
        (r#"{"to": "+1", "to": "+2", "text": "hi"}"#.into(), "field_duplicate", None),
        (with(r#""txet": "hi""#), "field_unknown", Some("/txet")),
        (with(r#""a/b~c": 1"#), "field_unknown", Some("/a~1b~0c")),
        (with(r#""from": 1"#), "field_type", Some("/from")),
        (with(r#""from": ["A"]"#), "field_type", Some("/from")),
        (with(r#""data": "aGk=""#), "text_and_data", Some("/data")),
        (r#"{"to": "+1", "data": "a-_b"}"#.into(), "data_not_base64", Some("/data")),
        (r#"{"to": "+1", "data": "a"}"#.into(), "data_not_base64", Some("/data")),
        (with(r#""encoding": "GSM7""#), "field_value", Some("/encoding")),
        (with(r#""encoding": "utf8""#), "field_value", Some("/encoding")),
        (with(r#""encoding": 7"#), "field_type", Some("/encoding")),
        (with(r#""encoding": {"gsm7": null}"#), "field_type", Some("/encoding")),
        (with(r#""max_segments": 0"#), "field_range", Some("/max_segments")),
        (with(r#""max_segments": 21"#), "field_range", Some("/max_segments")),
        (with(r#""max_segments": 2.5"#), "field_type", Some("/max_segments")),
        (with(r#""max_segments": "3""#), "field_type", Some("/max_segments")),
        (with(r#""max_segments": 99999999999999999999999"#), "field_type", Some("/max_segments")),
        (with(r#""replace_lookalikes": 1"#), "field_type", Some("/replace_lookalikes")),
        (with(r#""replace_lookalikes": "yes""#), "field_type", Some("/replace_lookalikes")),
        (with(r#""valid_for_seconds": 4"#), "field_range", Some("/valid_for_seconds")),
        (with(r#""valid_for_seconds": 604801"#), "field_range", Some("/valid_for_seconds")),
        (with(r#""valid_for_seconds": 18446744073709551615"#), "field_range", Some("/valid_for_seconds")),
        (with(r#""priority": -1"#), "field_range", Some("/priority")),
        (with(r#""priority": 4"#), "field_range", Some("/priority")),
        (with(r#""priority": true"#), "field_type", Some("/priority")),
        (with(r#""tags": "a""#), "field_type", Some("/tags")),
        (with(r#""tags": ["a", null]"#), "field_type", Some("/tags/1")),
        (with(r#""tags": ["a", ""]"#), "field_empty", Some("/tags/1")),
        (with(&format!(r#""tags": ["{}"]"#, "x".repeat(65))), "field_too_long", Some("/tags/0")),
        (with(&format!(r#""tags": {}"#, json!(vec!["a"; 17]))), "field_too_many", Some("/tags")),
        (long("client_ref", 129), "field_too_long", Some("/client_ref")),
        (long("callback_url", 2049), "field_too_long", Some("/callback_url")),
        (with(r#""callback_url": "ftp://example.com/""#), "field_value", Some("/callback_url")),
        (with(r#""callback_url": "//example.com/""#), "field_value", Some("/callback_url")),
        (with(r#""callback_url": "https://a:b@example.com/""#), "field_value", Some("/callback_url")),
        (with(r#""callback_url": "https:///x""#), "field_value", Some("/callback_url")),
        (with(r#""send_at": "2030-01-01T00:00:00Z""#), "scheduling_unsupported", Some("/send_at")),
    ];
    for (body, code, pointer) in &cases {
        check(body.as_bytes(), (422, code, *pointer));
    }
}

#[test]
fn details_name_what_was_meant_and_what_is_taken() {
    for (body, status, code, expected) in [
        (with(r#""txt": "hi""#), 422, "field_unknown", "did you mean `text`?"),
        (with(r#""clientRef": "x""#), 422, "field_unknown", "did you mean `client_ref`?"),
        (with(r#""colour": "red""#), 422, "field_unknown", "The fields are `to`, `from`, `text`"),
        (with(r#""encoding": "gsm""#), 422, "field_value", "did you mean `gsm7`"),
        (with(r#""priority": 9"#), 422, "field_range", "from 0 to 3"),
        (
            r#"{"to": 44, "text": "hi"}"#.to_owned(),
            422,
            "field_type",
            "`/to` is a number; it has to be a string or a list",
        ),
        ("[]".to_owned(), 422, "field_type", "The body is a list; it has to be an object"),
    ] {
        let problem = read(body.as_bytes()).err().unwrap();
        let document = serde_json::to_value(&problem).unwrap();
        assert_eq!((&document["status"], &document["code"]), (&json!(status), &json!(code)));
        assert!(document["detail"].as_str().unwrap().contains(expected), "{document}");
    }
}

#[test]
fn what_the_caller_wrote_is_repeated_only_in_part() {
    let body = with(&format!(r#""{}\u0000": 1"#, "é".repeat(50_000)));
    let problem = read(body.as_bytes()).err().unwrap();
    let document = serde_json::to_value(&problem).unwrap();
    assert!(document["detail"].as_str().unwrap().len() < 1_000);
}

#[test]
fn a_good_body_becomes_a_request() {
    let request = read(br#"{"to": "+447400123456", "text": "hi"}"#).ok().unwrap();
    assert_eq!(request.to, ["+447400123456"]);
    assert_eq!(request.body, Body::Text("hi".to_owned()));
    assert_eq!((request.encoding, request.segments_max), (EncodingChoice::Auto, None));
    assert_eq!((request.valid_for_s, request.priority), (None, 0));
    assert!(!request.replace_lookalikes && request.tags.is_empty());

    let whole = br#" {"to": ["+1", "+2"], "from": "Acme", "data": "AP8", "encoding": "binary",
        "max_segments": 20, "replace_lookalikes": true, "valid_for_seconds": 604800, "priority": 3,
        "tags": ["a"], "client_ref": "r", "callback_url": "HTTPS://example.com/x?y", "text": null} "#;
    let request = read(whole).ok().unwrap();
    assert_eq!(request.to.len(), 2);
    assert_eq!((request.from.as_deref(), request.client_ref.as_deref()), (Some("Acme"), Some("r")));
    assert_eq!(request.body, Body::Binary(vec![0, 255]));
    assert_eq!((request.encoding, request.segments_max), (EncodingChoice::Binary, Some(20)));
    assert_eq!((request.valid_for_s, request.priority), (Some(604_800), 3));
    assert!(request.replace_lookalikes);
}
