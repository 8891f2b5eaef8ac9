//! Documents made of the bytes of an input: a few traces of a few spans, so that many are alike.

use prost::Message;
use spanpact_core::answers::Encoding;

/// A document, its spans, and the log records that come with it. `renewed`: the numbers of shapes begin anew.
pub struct Made {
    /// How it is encoded.
    pub encoding: Encoding,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its spans.
    pub spans: Vec<Span>,
    /// Its log records.
    pub records: Vec<Record>,
    /// Whether a generation of shapes begins.
    pub renewed: bool,
}

/// A span.
#[derive(Clone, Debug)]
pub struct Span {
    /// The number of its trace.
    pub trace: u8,
    /// Its id, not 0.
    pub span_id: u64,
    /// The id of its parent, 0 for none.
    pub parent_id: u64,
    /// The start in nanoseconds.
    pub start: u64,
    /// The end in nanoseconds.
    pub end: u64,
    /// A digit of its name.
    pub name: u8,
    /// Whether a text of it has a sign that the screen knows.
    pub leaks: bool,
    /// Whether a double of it is above the bound.
    pub large: bool,
    /// A digit of the value that is compared, if it has one.
    pub value: Option<u8>,
    /// A digit of its resource.
    pub resource: u8,
    /// A number that makes texts differ.
    pub number: u8,
}

/// A log record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The number of its trace.
    pub trace: u8,
    /// The id of its span.
    pub span_id: u64,
    /// The number of its shape.
    pub shape: u8,
}

/// Make documents: four bytes a span; some end a document, or add a log record of the span.
pub fn documents(bytes: &[u8]) -> Vec<Made> {
    let mut documents = Vec::new();
    let (mut spans, mut records) = (Vec::new(), Vec::new());
    for chunk in bytes.chunks_exact(4) {
        let &[one, two, three, four] = chunk else { continue };
        let start = 1000 + u64::from(three & 15) * 10;
        let span = Span {
            trace: one & 31,
            span_id: 1 + u64::from(two & 7),
            parent_id: u64::from(two >> 4 & 7),
            start,
            end: start + u64::from(three >> 4) * 10,
            name: b'0' + (four & 1),
            leaks: four & 14 == 14,
            large: four & 16 != 0,
            value: (four & 32 != 0).then_some(b'0' + (four >> 6)),
            resource: b'0' + (two >> 7),
            number: one,
        };
        if two & 8 != 0 && four & 2 != 0 {
            records.push(Record { trace: span.trace, span_id: span.span_id, shape: four & 1 });
        }
        spans.push(span);
        if one & 64 != 0 {
            let encoding = if one & 32 != 0 { Encoding::Json } else { Encoding::Protobuf };
            documents.push(document(
                std::mem::take(&mut spans),
                std::mem::take(&mut records),
                encoding,
                one & 128 != 0,
            ));
        }
    }
    documents.push(document(spans, records, Encoding::Json, false));
    documents
}

fn document(spans: Vec<Span>, records: Vec<Record>, encoding: Encoding, renewed: bool) -> Made {
    let bytes = match encoding {
        Encoding::Json => json(&spans).into_bytes(),
        Encoding::Protobuf => protobuf(&spans),
    };
    Made { encoding, bytes, spans, records, renewed }
}

impl Span {
    fn text(&self) -> String {
        format!("{}{}", if self.leaks { "x@" } else { "plain" }, self.number)
    }

    fn double(&self) -> f64 {
        if self.large {
            12.5
        } else {
            3.5
        }
    }
}

fn json(spans: &[Span]) -> String {
    let groups = spans.chunk_by(|one, other| one.resource == other.resource).map(|group| {
        let members = group.iter().map(json_span).collect::<Vec<_>>().join(",");
        let resource =
            format!(r#"{{"key":"r","value":{{"stringValue":"resource-{}"}}}}"#, char::from(group[0].resource));
        format!(r#"{{"resource":{{"attributes":[{resource}]}},"scopeSpans":[{{"scope":{{}},"spans":[{members}]}}]}}"#)
    });
    format!(r#"{{"resourceSpans":[{}]}}"#, groups.collect::<Vec<_>>().join(","))
}

fn json_span(span: &Span) -> String {
    let parent = if span.parent_id == 0 { String::new() } else { format!("{:016x}", span.parent_id) };
    let value = span.value.map(char::from);
    let value = value.map_or(String::new(), |v| format!(r#",{{"key":"v","value":{{"stringValue":"value-{v}"}}}}"#));
    format!(
        r#"{{"traceId":"{:032x}","spanId":"{:016x}","parentSpanId":"{parent}","name":"name-{}","kind":1,
        "startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[{{"key":"t","value":{{"stringValue":"{}"}}}},
        {{"key":"d","value":{{"doubleValue":{}}}}},{{"key":"b","value":{{"boolValue":true}}}}{value}]}}"#,
        u128::from(span.trace) + 1,
        span.span_id,
        char::from(span.name),
        span.start,
        span.end,
        span.text(),
        span.double(),
    )
}

#[derive(Clone, PartialEq, Message)]
struct WireRequest {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<WireResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct WireResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<WireResource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<WireScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct WireResource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<WireKeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct WireScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<WireSpan>,
}

#[derive(Clone, PartialEq, Message)]
struct WireSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<WireKeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct WireKeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<WireValue>,
}

#[derive(Clone, PartialEq, Message)]
struct WireValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(bool, optional, tag = "2")]
    boolean: Option<bool>,
    #[prost(double, optional, tag = "4")]
    double: Option<f64>,
}

fn protobuf(spans: &[Span]) -> Vec<u8> {
    let groups = spans.chunk_by(|one, other| one.resource == other.resource).map(|group| WireResourceSpans {
        resource: Some(WireResource {
            attributes: vec![text("r", format!("resource-{}", char::from(group[0].resource)))],
        }),
        scope_spans: vec![WireScopeSpans { spans: group.iter().map(wire_span).collect() }],
    });
    WireRequest { resource_spans: groups.collect() }.encode_to_vec()
}

fn wire_span(span: &Span) -> WireSpan {
    let value = span.value.map(|value| text("v", format!("value-{}", char::from(value))));
    let double = WireValue { double: Some(span.double()), ..WireValue::default() };
    let boolean = WireValue { boolean: Some(true), ..WireValue::default() };
    let attributes = [
        Some(text("t", span.text())),
        Some(WireKeyValue { key: "d".into(), value: Some(double) }),
        Some(WireKeyValue { key: "b".into(), value: Some(boolean) }),
        value,
    ];
    WireSpan {
        trace_id: (u128::from(span.trace) + 1).to_be_bytes().to_vec(),
        span_id: span.span_id.to_be_bytes().to_vec(),
        parent_span_id: if span.parent_id == 0 { Vec::new() } else { span.parent_id.to_be_bytes().to_vec() },
        name: format!("name-{}", char::from(span.name)),
        kind: 1,
        start: span.start,
        end: span.end,
        attributes: attributes.into_iter().flatten().collect(),
    }
}

fn text(key: &str, text: String) -> WireKeyValue {
    WireKeyValue { key: key.into(), value: Some(WireValue { text: Some(text), ..WireValue::default() }) }
}
