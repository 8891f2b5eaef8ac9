//! The scanner of protobuf against `prost`: what it accepts is a message with the same content.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use spanpact_core::scan::protobuf::{scan, trace_ids};
use spanpact_core::scan::{Kind, RawAttribute, RawSpan, Scanned};

/// TracesData, ResourceSpans and ScopeSpans: what is of a known form below is still to be decoded.
#[derive(Clone, PartialEq, Message)]
struct Level {
    #[prost(bytes = "vec", tag = "1")]
    about: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    parts: Vec<Vec<u8>>,
    #[prost(bytes = "vec", tag = "3")]
    schema_url: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(bytes = "vec", repeated, tag = "1")]
    resources: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "3")]
    trace_state: Option<Vec<u8>>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "5")]
    name: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "6")]
    kind: Option<u64>,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(bytes = "vec", repeated, tag = "9")]
    attributes: Vec<Vec<u8>>,
    #[prost(uint64, optional, tag = "10")]
    dropped_attributes: Option<u64>,
    #[prost(bytes = "vec", repeated, tag = "11")]
    events: Vec<Vec<u8>>,
    #[prost(uint64, optional, tag = "12")]
    dropped_events: Option<u64>,
    #[prost(bytes = "vec", repeated, tag = "13")]
    links: Vec<Vec<u8>>,
    #[prost(uint64, optional, tag = "14")]
    dropped_links: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "15")]
    status: Option<Vec<u8>>,
    #[prost(fixed32, optional, tag = "16")]
    flags: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(bytes = "vec", optional, tag = "1")]
    text: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "2")]
    boolean: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    integer: Option<u64>,
    #[prost(fixed64, optional, tag = "4")]
    double: Option<u64>,
}

fuzz_target!(|document: &[u8]| {
    let mut noted = Vec::new();
    let first = trace_ids(document, |id| noted.push(id));
    let mut found = Scanned::default();
    if scan(document, &mut found).is_ok() {
        assert_eq!(first, Ok(()));
        assert_eq!(noted, found.spans.iter().map(|span| span.trace_id).collect::<Vec<_>>());
        compare(document, &found);
    }
});

fn decoded<M: Message + Default>(bytes: &[u8]) -> M {
    M::decode(bytes).expect("a message")
}

fn compare(document: &[u8], found: &Scanned) {
    let (mut groups, mut spans) = (found.groups.iter(), found.spans.iter());
    for resource in decoded::<Request>(document).resources {
        let resource: Level = decoded(&resource);
        for scope in resource.parts {
            let (scope, group): (Level, _) = (decoded(&scope), groups.next().expect("a group for each scope"));
            assert_eq!(group.resource.of(document), resource.about);
            assert_eq!(group.resource_url.of(document), resource.schema_url);
            assert_eq!(group.scope.of(document), scope.about);
            assert_eq!(group.scope_url.of(document), scope.schema_url);
            assert_eq!((group.spans.1 - group.spans.0) as usize, scope.parts.len());
            for bytes in scope.parts {
                let span = spans.next().expect("each span");
                assert_eq!(span.whole.of(document), bytes);
                compare_span(document, found, span, &decoded(&bytes));
            }
        }
    }
    assert!(groups.next().is_none() && spans.next().is_none());
}

fn compare_span(document: &[u8], found: &Scanned, span: &RawSpan, message: &Span) {
    assert_eq!(message.trace_id, span.trace_id.to_be_bytes());
    assert_eq!(message.span_id, span.span_id.to_be_bytes());
    let parent = span.parent_id.to_be_bytes();
    assert_eq!(message.parent_span_id, &parent[..if span.parent_id == 0 { 0 } else { 8 }]);
    assert_eq!((message.start, message.end), (span.start, span.end));
    assert_eq!(span.full, !message.events.is_empty() || !message.links.is_empty());
    assert_eq!(rest(span.rest.of(&found.rests)), *message);
    let attributes = &found.attributes[span.attributes.0 as usize..span.attributes.1 as usize];
    assert_eq!(attributes.len(), message.attributes.len());
    for (attribute, bytes) in attributes.iter().zip(&message.attributes) {
        assert_eq!(attribute.whole.of(document), bytes);
        if attribute.kind != Kind::Other {
            compare_attribute(document, attribute, &decoded(bytes));
        }
    }
}

/// Return a span with the fields that rarely differ.
fn rest(mut bytes: &[u8]) -> Rest {
    let mut rest = Rest::default();
    while let [field, a, b, c, d, more @ ..] = bytes {
        let (value, others) = more.split_at(u32::from_le_bytes([*a, *b, *c, *d]) as usize);
        rest.0.push((*field, value.to_vec()));
        bytes = others;
    }
    assert!(bytes.is_empty());
    rest
}

#[derive(Debug, Default)]
struct Rest(Vec<(u8, Vec<u8>)>);

impl PartialEq<Span> for Rest {
    fn eq(&self, span: &Span) -> bool {
        let texts = [(3, &span.trace_state), (5, &span.name), (15, &span.status)];
        let numbers =
            [(6, span.kind), (10, span.dropped_attributes), (12, span.dropped_events), (14, span.dropped_links)];
        let has = |field: u8| self.0.iter().find(|each| each.0 == field).map(|each| &each.1[..]);
        let varint = |bytes: &[u8]| prost::encoding::decode_varint(&mut &*bytes).expect("a number");
        texts.iter().all(|(field, text)| has(*field) == text.as_deref())
            && numbers.iter().all(|(field, number)| has(*field).map(varint) == *number)
            && has(16) == span.flags.map(u32::to_le_bytes).as_ref().map(|flags| &flags[..])
    }
}

fn compare_attribute(document: &[u8], attribute: &RawAttribute, message: &KeyValue) {
    let (key, bytes) = (attribute.key.of(document), attribute.value.of(document));
    assert_eq!(message.key, key);
    let varint = |bytes: &[u8]| prost::encoding::decode_varint(&mut &*bytes).ok();
    let value = match attribute.kind {
        Kind::Text => AnyValue { text: Some(bytes.to_vec()), ..AnyValue::default() },
        Kind::Boolean => AnyValue { boolean: varint(bytes), ..AnyValue::default() },
        Kind::Integer => AnyValue { integer: varint(bytes), ..AnyValue::default() },
        _ => AnyValue { double: bytes.try_into().ok().map(u64::from_le_bytes), ..AnyValue::default() },
    };
    assert_eq!(decoded::<AnyValue>(&message.value), value);
}
