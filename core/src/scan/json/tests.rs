use super::*;

const IDS: &str = r#""traceId":"0000000000000000000000000000000a","spanId":"000000000000000b""#;
const TIMES: &str = r#""startTimeUnixNano":"5","endTimeUnixNano":"9""#;

fn request(span: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"resource":{{}},"scopeSpans":[{{"scope":{{}},"spans":[{span}]}}]}}]}}"#)
}

fn scanned(document: &str) -> Result<Scanned> {
    let mut found = Scanned::default();
    scan(document.as_bytes(), &mut found).map(|()| found)
}

fn with(more: &str) -> String {
    request(&format!("{{{IDS},{TIMES}{more}}}"))
}

#[test]
fn a_span_has_ids_times_and_a_rest() {
    let document = with(r#","name":"GET","kind":2,"events":[]"#);
    let found = scanned(&document).expect("understood");
    let span = &found.spans[0];
    assert_eq!((span.trace_id, span.span_id, span.parent_id), (10, 11, 0));
    assert_eq!((span.start, span.end, span.full), (5, 9, false));
    assert_eq!(span.rest.of(&found.rests), b"\x05\x05\0\0\0\"GET\"\x06\x01\0\0\x002");
}

#[test]
fn blanks_change_nothing_but_the_places() {
    let document = with(r#","attributes":[{"key":"k","value":{"intValue":"1"}}]"#);
    let spaced = document.replace(':', " : ").replace(',', " ,\n").replace('}', " }");
    let (one, other) = (scanned(&document).expect("plain"), scanned(&spaced).expect("spaced"));
    assert_eq!(one.rests, other.rests);
    let attribute = other.attributes[0];
    assert_eq!(attribute.kind, Kind::Integer);
    assert_eq!(attribute.value.of(spaced.as_bytes()), one.attributes[0].value.of(document.as_bytes()));
}

#[test]
fn attributes_are_simple_or_not() {
    let pairs = [
        (r#"{"key":"k","value":{"stringValue":"a\"b"}}"#, Kind::Text),
        (r#"{"key":"k","value":{"doubleValue":1.5}}"#, Kind::Double),
        (r#"{"key":"k","value":{"boolValue":true}}"#, Kind::Boolean),
        (r#"{"value":{"boolValue":true},"key":"k"}"#, Kind::Other),
        (r#"{"key":"k","value":{"boolValue":true,"intValue":"1"}}"#, Kind::Other),
        (r#"{"key":"k","value":{"arrayValue":{"values":[{"key":"k"}]}}}"#, Kind::Other),
        (r#"{"key":"k"}"#, Kind::Other),
        (r#"{"key":"k","value":null}"#, Kind::Other),
        (r#"{}"#, Kind::Other),
    ];
    for (text, kind) in pairs {
        let document = with(&format!(r#","attributes":[{text}]"#));
        let found = scanned(&document).expect(text);
        assert_eq!(found.attributes[0].kind, kind, "{text}");
        assert_eq!(found.attributes[0].whole.of(document.as_bytes()), text.as_bytes());
    }
}

#[test]
fn a_schema_url_may_come_late() {
    let document = with("").replace("]}]}", r#"]}],"schemaUrl":"u"}"#);
    let found = scanned(&document).expect("understood");
    assert_eq!(found.groups[0].resource_url.of(document.as_bytes()), br#""u""#);
}

#[test]
fn what_decoders_treat_specially_is_refused() {
    for more in [
        r#","name":"a","name":"b""#,
        r#","other":1"#,
        r#","parentSpanId":null"#,
        r#","attributes":null"#,
        r#","parentSpanId":"0000000000000000""#,
        r#","events":null"#,
        ",",
        r#","attributes":[{"key":1}"#,
    ] {
        assert!(scanned(&with(more)).is_err(), "{more}");
    }
    let zeros = with("").replace("000b", "0000");
    for document in [&zeros, "", "{}", "[]", r#"{"resourceSpans":[]} {}"#, r#"{"resourceSpans":[],"a":1}"#] {
        assert!(scanned(document).is_err(), "{document}");
    }
}

#[test]
fn trace_ids_are_found_by_their_name() {
    let document =
        r#""traceId":"0000000000000000000000000000000A" "traceId" : "1" "traceId": "00000000000000000000000000000002""#;
    let mut ids = Vec::new();
    trace_ids(document.as_bytes(), &Finder::new("\"traceId\":"), |id| ids.push(id));
    assert_eq!(ids, [10, 2]);
}

#[test]
fn every_prefix_is_refused() {
    let document = with(r#","attributes":[{"key":"k","value":{"stringValue":"v"}}]"#);
    for end in 0..document.len() {
        assert!(scanned(&document[..end]).is_err(), "{end}");
    }
}
