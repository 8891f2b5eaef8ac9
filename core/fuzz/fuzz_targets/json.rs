//! The scanner of JSON against `serde_json`: what it accepts is JSON with the same content, part by part.

#![no_main]

use libfuzzer_sys::fuzz_target;
use memchr::memmem::Finder;
use serde_json::{Deserializer, Value};
use spanpact_core::scan::json::{number, scan, trace_ids};
use spanpact_core::scan::{Kind, RawAttribute, RawSpan, Scanned};

/// The fields of `RawSpan::rest` by their numbers in protobuf.
const NAMES: [(u8, &str); 9] = [
    (3, "traceState"),
    (5, "name"),
    (6, "kind"),
    (10, "droppedAttributesCount"),
    (12, "droppedEventsCount"),
    (14, "droppedLinksCount"),
    (15, "status"),
    (16, "flags"),
    (0, ""),
];

fuzz_target!(|document: &[u8]| {
    trace_ids(document, &Finder::new("\"traceId\":"), |_| ());
    let mut found = Scanned::default();
    if scan(document, &mut found).is_ok() {
        match parsed(document) {
            Some(value) => compare(document, &found, &value),
            // Whoever looks up a part decodes it first, and finds the same fault.
            None => assert!(parts(document, &found).iter().any(|part| parsed(part).is_none())),
        }
    }
});

fn parsed(text: &[u8]) -> Option<Value> {
    let mut reader = Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let value = serde::Deserialize::deserialize(&mut reader).ok()?;
    reader.end().ok().map(|()| value)
}

/// Return every part of a document that is looked up by its bytes.
fn parts<'a>(document: &'a [u8], found: &'a Scanned) -> Vec<&'a [u8]> {
    let mut parts: Vec<&[u8]> = found.attributes.iter().map(|each| each.whole.of(document)).collect();
    for group in &found.groups {
        let all = [group.resource, group.resource_url, group.scope, group.scope_url];
        parts.extend(all.map(|part| part.of(document)).iter().filter(|part| !part.is_empty()));
    }
    for span in &found.spans {
        parts.extend(rest(span, found).into_iter().map(|(_, value)| value));
        if span.full {
            parts.push(span.whole.of(document));
        }
    }
    parts
}

fn rest<'a>(span: &RawSpan, found: &'a Scanned) -> Vec<(u8, &'a [u8])> {
    let (mut bytes, mut fields) = (span.rest.of(&found.rests), Vec::new());
    while let [field, a, b, c, d, more @ ..] = bytes {
        let (value, others) = more.split_at(u32::from_le_bytes([*a, *b, *c, *d]) as usize);
        fields.push((*field, value));
        bytes = others;
    }
    assert!(bytes.is_empty());
    fields
}

fn compare(document: &[u8], found: &Scanned, request: &Value) {
    let (mut groups, mut spans) = (found.groups.iter(), found.spans.iter());
    for resource in items(&request["resourceSpans"]) {
        for scope in items(&resource["scopeSpans"]) {
            let group = groups.next().expect("a group for each scope");
            let parts = [
                (group.resource, &resource["resource"]),
                (group.resource_url, &resource["schemaUrl"]),
                (group.scope, &scope["scope"]),
                (group.scope_url, &scope["schemaUrl"]),
            ];
            for (part, value) in parts {
                let bytes = part.of(document);
                assert_eq!(&parsed(bytes).unwrap_or_default(), value, "{:?}", String::from_utf8_lossy(bytes));
            }
            assert_eq!((group.spans.1 - group.spans.0) as usize, items(&scope["spans"]).len());
            for value in items(&scope["spans"]) {
                compare_span(document, found, spans.next().expect("each span"), value);
            }
        }
    }
    assert!(groups.next().is_none() && spans.next().is_none());
}

fn compare_span(document: &[u8], found: &Scanned, span: &RawSpan, value: &Value) {
    assert_eq!(parsed(span.whole.of(document)).as_ref(), Some(value));
    assert_eq!(value["traceId"], format!("{:032x}", span.trace_id));
    assert_eq!(value["spanId"], format!("{:016x}", span.span_id));
    let parent = value.get("parentSpanId").map_or("", |parent| parent.as_str().expect("a text"));
    assert_eq!(parent, if span.parent_id == 0 { String::new() } else { format!("{:016x}", span.parent_id) });
    for (name, time) in [("startTimeUnixNano", span.start), ("endTimeUnixNano", span.end)] {
        assert_eq!(value[name].as_str().and_then(|text| text.parse().ok()), Some(time));
    }
    assert_eq!(span.full, ["events", "links"].iter().any(|name| !items(&value[name]).is_empty()));
    let rest = rest(span, found);
    for (field, bytes) in &rest {
        let name = NAMES.iter().find(|(number, _)| number == field).expect("a known field").1;
        assert_eq!(parsed(bytes).as_ref(), value.get(name), "{name}");
    }
    let others = ["traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "attributes", "events", "links"];
    let fields = value.as_object().expect("an object");
    assert_eq!(rest.len() + others.iter().filter(|name| fields.contains_key(**name)).count(), fields.len());
    let attributes = &found.attributes[span.attributes.0 as usize..span.attributes.1 as usize];
    assert_eq!(attributes.len(), items(&value["attributes"]).len());
    for (attribute, value) in attributes.iter().zip(items(&value["attributes"])) {
        compare_attribute(document, attribute, value);
    }
}

fn compare_attribute(document: &[u8], attribute: &RawAttribute, value: &Value) {
    assert_eq!(parsed(attribute.whole.of(document)).as_ref(), Some(value));
    let name = match attribute.kind {
        Kind::Text => "stringValue",
        Kind::Integer => "intValue",
        Kind::Double => "doubleValue",
        Kind::Boolean => "boolValue",
        Kind::Other => return,
    };
    let quoted = |bytes: &[u8]| parsed(&[b"\"", bytes, b"\""].concat());
    let bytes = attribute.value.of(document);
    let one = if attribute.kind == Kind::Text { quoted(bytes) } else { parsed(bytes) };
    assert_eq!(quoted(attribute.key.of(document)).as_ref(), value.get("key"));
    assert_eq!(one.as_ref(), value["value"].get(name));
    assert_eq!((value.as_object().map(|all| all.len()), value["value"].as_object().map(|all| all.len())), (Some(2), Some(1)));
    if attribute.kind == Kind::Double {
        assert_eq!(number(bytes), one.and_then(|one| one.as_f64()));
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
