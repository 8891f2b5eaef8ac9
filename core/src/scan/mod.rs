//! Read OTLP documents in place: say where everything is in their bytes, and decode ids and times alone.
//!
//! A scanner accepts less than spanpact's decoders do, and nothing that they refuse, apart from the bytes of the slices
//! that it hands out: whoever looks a slice up must have had it decoded once. What a scanner does not understand it
//! leaves to Python, as a whole document.

pub mod json;
mod json_cursor;
mod json_fields;
pub mod protobuf;

/// A part of a document, by the index of its first byte and of the byte after its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// The index of the first byte.
    pub start: u32,
    /// The index of the byte after the last one.
    pub end: u32,
}

impl Slice {
    /// Make a slice of a document, which is smaller than 4 GiB.
    #[inline]
    fn new(start: usize, end: usize) -> Self {
        Slice { start: start as u32, end: end as u32 }
    }

    /// Return the bytes of the slice.
    #[inline]
    pub fn of(self, document: &[u8]) -> &[u8] {
        &document[self.start as usize..self.end as usize]
    }
}

/// What the value of an attribute is. Only simple values are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A text: `value` is what is between the quotes in JSON, and UTF-8 in protobuf.
    Text,
    /// An integer, as it is encoded.
    Integer,
    /// A double: a number of JSON, or eight bytes.
    Double,
    /// A boolean, as it is encoded.
    Boolean,
    /// Anything else: it is known by the bytes of the whole attribute.
    Other,
}

/// One attribute. `key` and `value` are empty if `kind` is `Other`.
#[derive(Clone, Copy, Debug)]
pub struct RawAttribute {
    /// The whole KeyValue: a JSON object, or the message without its tag and length.
    pub whole: Slice,
    /// The bytes of the key.
    pub key: Slice,
    /// The bytes of the value.
    pub value: Slice,
    /// What the value is.
    pub kind: Kind,
}

/// One span. Its ids are well formed and not zero.
#[derive(Clone, Debug)]
pub struct RawSpan {
    /// The whole Span: a JSON object, or the message without its tag and length.
    pub whole: Slice,
    /// The trace id.
    pub trace_id: u128,
    /// The span id.
    pub span_id: u64,
    /// The span id of the parent, 0 for none.
    pub parent_id: u64,
    /// The start in nanoseconds.
    pub start: u64,
    /// The end in nanoseconds.
    pub end: u64,
    /// Where `Scanned::rests` has the fields that rarely differ: name, kind, status and the like.
    pub rest: Slice,
    /// The indexes of its attributes in `Scanned::attributes`.
    pub attributes: (u32, u32),
    /// Whether it has events or links.
    pub full: bool,
}

/// The spans of one resource and one scope. A field that is missing is an empty slice.
#[derive(Clone, Copy, Debug)]
pub struct RawGroup {
    /// The resource: a JSON value, or the message without its tag and length.
    pub resource: Slice,
    /// The schema URL of the resource, in JSON with its quotes.
    pub resource_url: Slice,
    /// The scope, like the resource.
    pub scope: Slice,
    /// The schema URL of the scope, like that of the resource.
    pub scope_url: Slice,
    /// The indexes of its spans in `Scanned::spans`.
    pub spans: (u32, u32),
}

/// All that a scanner has found in one document. Reuse it: it keeps its memory.
#[derive(Default)]
pub struct Scanned {
    /// The groups in the order of the document.
    pub groups: Vec<RawGroup>,
    /// The spans in the order of the document.
    pub spans: Vec<RawSpan>,
    /// The attributes of all spans.
    pub attributes: Vec<RawAttribute>,
    /// For each span, the fields that rarely differ: of each its number, its length in four bytes, and its bytes.
    pub rests: Vec<u8>,
}

impl Scanned {
    fn clear(&mut self) {
        self.groups.clear();
        self.spans.clear();
        self.attributes.clear();
        self.rests.clear();
    }

    /// Add a field that rarely differs to the last of `rests`.
    #[inline]
    fn add_rest(&mut self, field: u8, bytes: &[u8]) {
        self.rests.push(field);
        self.rests.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.rests.extend_from_slice(bytes);
    }
}

/// The document is for Python: it is malformed, or it has something that a scanner does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUnderstood(
    /// What was not understood, for tests and for people.
    pub &'static str,
);

/// What a scanner returns.
pub type Result<T> = std::result::Result<T, NotUnderstood>;

#[inline]
fn refuse<T>(what: &'static str) -> Result<T> {
    Err(NotUnderstood(what))
}

/// The largest document, and the largest time: both fit into signed numbers.
const LARGEST: usize = i32::MAX as usize;
const LATEST: u64 = i64::MAX as u64;

/// The fields that a span has at most once, as bits.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    /// Note a field. Refuse one that was there before: decoders differ in what they make of it.
    #[inline]
    fn note(&mut self, field: u8) -> Result<()> {
        let bit = 1 << field;
        if self.0 & bit != 0 {
            return refuse("a field twice");
        }
        self.0 |= bit;
        Ok(())
    }

    #[inline]
    fn has_all(&self, fields: &[u8]) -> bool {
        fields.iter().all(|field| self.0 & 1 << field != 0)
    }
}

/// The fields of a span, by their numbers in protobuf; JSON is read to the same numbers.
mod field {
    pub const TRACE_ID: u8 = 1;
    pub const SPAN_ID: u8 = 2;
    pub const TRACE_STATE: u8 = 3;
    pub const PARENT_SPAN_ID: u8 = 4;
    pub const NAME: u8 = 5;
    pub const KIND: u8 = 6;
    pub const START: u8 = 7;
    pub const END: u8 = 8;
    pub const ATTRIBUTES: u8 = 9;
    pub const DROPPED_ATTRIBUTES: u8 = 10;
    pub const EVENTS: u8 = 11;
    pub const DROPPED_EVENTS: u8 = 12;
    pub const LINKS: u8 = 13;
    pub const DROPPED_LINKS: u8 = 14;
    pub const STATUS: u8 = 15;
    pub const FLAGS: u8 = 16;
    /// Without these a span is left to Python.
    pub const NEEDED: [u8; 4] = [TRACE_ID, SPAN_ID, START, END];
}
