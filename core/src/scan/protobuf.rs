//! Scan OTLP protobuf: a TracesData message, or an ExportTraceServiceRequest, which has the same wire format.

use super::{field, refuse, Kind, RawAttribute, RawGroup, RawSpan, Result, Scanned, Seen, Slice, LARGEST, LATEST};

/// Find everything in a document. Refuses what is not understood: then `found` holds nothing of use.
pub fn scan(document: &[u8], found: &mut Scanned) -> Result<()> {
    found.clear();
    if document.len() > LARGEST {
        return refuse("a large document");
    }
    let mut fields = Fields::new(document, Slice::new(0, document.len()));
    while let Some(next) = fields.next()? {
        match (next.number, next.wire) {
            (1, Wire::Bytes) => resource(document, next.value, found)?,
            _ => return refuse("an unknown field of a request"),
        }
    }
    Ok(())
}

/// Call this with the id of each span's trace, one after another. Refuses bytes that are not such a message.
pub fn trace_ids(document: &[u8], mut note: impl FnMut(u128)) -> Result<()> {
    if document.len() > LARGEST {
        return refuse("a large document");
    }
    let mut requests = Fields::new(document, Slice::new(0, document.len()));
    while let Some(resource) = requests.next_bytes(1)? {
        let mut scopes = Fields::new(document, resource);
        while let Some(scope) = scopes.next_bytes(2)? {
            let mut spans = Fields::new(document, scope);
            while let Some(span) = spans.next_bytes(2)? {
                if let Some(id) = Fields::new(document, span).next_bytes(field::TRACE_ID)? {
                    note(trace_id(id.of(document))?);
                }
            }
        }
    }
    Ok(())
}

fn resource(document: &[u8], message: Slice, found: &mut Scanned) -> Result<()> {
    let (mut resource, mut url) = (Slice::default(), Slice::default());
    let (begin, mut seen) = (found.groups.len(), Seen::default());
    let mut fields = Fields::new(document, message);
    while let Some(next) = fields.next()? {
        match (next.number, next.wire) {
            (1, Wire::Bytes) => {
                seen.note(1)?;
                resource = next.value;
            }
            (2, Wire::Bytes) => scope(document, next.value, found)?,
            (3, Wire::Bytes) => {
                seen.note(3)?;
                url = next.value;
            }
            _ => return refuse("an unknown field of a resource"),
        }
    }
    for group in &mut found.groups[begin..] {
        group.resource = resource;
        group.resource_url = url;
    }
    // Nobody decodes the resource of no group.
    if begin == found.groups.len() {
        return refuse("a resource without a scope");
    }
    Ok(())
}

fn scope(document: &[u8], message: Slice, found: &mut Scanned) -> Result<()> {
    let (mut scope, mut url) = (Slice::default(), Slice::default());
    let (begin, mut seen) = (found.spans.len() as u32, Seen::default());
    let mut fields = Fields::new(document, message);
    while let Some(next) = fields.next()? {
        match (next.number, next.wire) {
            (1, Wire::Bytes) => {
                seen.note(1)?;
                scope = next.value;
            }
            (2, Wire::Bytes) => span(document, next.value, found)?,
            (3, Wire::Bytes) => {
                seen.note(3)?;
                url = next.value;
            }
            _ => return refuse("an unknown field of a scope"),
        }
    }
    let none = Slice::default();
    let spans = (begin, found.spans.len() as u32);
    found.groups.push(RawGroup { resource: none, resource_url: none, scope, scope_url: url, spans });
    Ok(())
}

#[inline]
fn span(document: &[u8], message: Slice, found: &mut Scanned) -> Result<()> {
    let (mut trace, mut span_id, mut parent_id, mut start, mut end) = (0, 0, 0, 0, 0);
    let (rest, attributes) = (found.rests.len(), found.attributes.len() as u32);
    let (mut seen, mut full) = (Seen::default(), false);
    let mut fields = Fields::new(document, message);
    while let Some(next) = fields.next()? {
        let number = next.number;
        if !matches!(number, field::ATTRIBUTES | field::EVENTS | field::LINKS) {
            seen.note(number.min(31))?;
        }
        let bytes = next.value.of(document);
        match (number, next.wire) {
            (field::TRACE_ID, Wire::Bytes) => trace = trace_id(bytes)?,
            (field::SPAN_ID, Wire::Bytes) => span_id = short_id(bytes)?,
            (field::PARENT_SPAN_ID, Wire::Bytes) if bytes.is_empty() => {}
            (field::PARENT_SPAN_ID, Wire::Bytes) => parent_id = short_id(bytes)?,
            (field::START, Wire::Eight) => start = word(bytes),
            (field::END, Wire::Eight) => end = word(bytes),
            (field::ATTRIBUTES, Wire::Bytes) => found.attributes.push(attribute(document, next.value)),
            (field::EVENTS | field::LINKS, Wire::Bytes) => full = true,
            (field::NAME | field::TRACE_STATE | field::STATUS, Wire::Bytes)
            | (field::KIND | field::DROPPED_ATTRIBUTES | field::DROPPED_EVENTS | field::DROPPED_LINKS, Wire::Varint)
            | (field::FLAGS, Wire::Four) => found.add_rest(number, bytes),
            _ => return refuse("an unknown field of a span"),
        }
    }
    if !seen.has_all(&field::NEEDED) || start > LATEST || end > LATEST {
        return refuse("a span without ids or times");
    }
    found.spans.push(RawSpan {
        whole: message,
        trace_id: trace,
        span_id,
        parent_id,
        start,
        end,
        rest: Slice::new(rest, found.rests.len()),
        attributes: (attributes, found.attributes.len() as u32),
        full,
    });
    Ok(())
}

/// Return an attribute. It is simple if it has a key, then a value with one field, and nothing else.
#[inline]
fn attribute(document: &[u8], message: Slice) -> RawAttribute {
    let other = RawAttribute { whole: message, key: Slice::default(), value: Slice::default(), kind: Kind::Other };
    usual_attribute(document, message).or_else(|| simple_attribute(document, message)).unwrap_or(other)
}

/// Return a simple attribute whose lengths take one byte each. This is the fast way of `simple_attribute`.
#[inline]
fn usual_attribute(document: &[u8], message: Slice) -> Option<RawAttribute> {
    let bytes = message.of(document);
    let &[0x0a, key @ 0..=127, ..] = bytes else { return None };
    let any = 2 + usize::from(key);
    let &[0x12, size @ 0..=127, tag, ref value @ ..] = bytes.get(any..)? else { return None };
    if usize::from(size) != value.len() + 1 {
        return None;
    }
    let (kind, head) = match (tag, value) {
        (0x0a, &[length @ 0..=127, ref text @ ..]) if usize::from(length) == text.len() => (Kind::Text, 1),
        (0x10, &[0..=127]) => (Kind::Boolean, 0),
        (0x18, &[0..=127] | &[128..=255, 0..=127]) => (Kind::Integer, 0),
        (0x21, &[_, _, _, _, _, _, _, _]) => (Kind::Double, 0),
        _ => return None,
    };
    let begin = message.start as usize;
    let key = Slice::new(begin + 2, begin + any);
    Some(RawAttribute { whole: message, key, value: Slice::new(begin + any + 3 + head, begin + bytes.len()), kind })
}

#[inline]
fn simple_attribute(document: &[u8], message: Slice) -> Option<RawAttribute> {
    let mut fields = Fields::new(document, message);
    let key = fields.next().ok()?.filter(|first| (first.number, first.wire) == (1, Wire::Bytes))?.value;
    let any = fields.next().ok()?.filter(|second| (second.number, second.wire) == (2, Wire::Bytes))?.value;
    let mut values = Fields::new(document, any);
    let only = values.next().ok()??;
    let kind = match (only.number, only.wire) {
        (1, Wire::Bytes) => Kind::Text,
        (2, Wire::Varint) => Kind::Boolean,
        (3, Wire::Varint) => Kind::Integer,
        (4, Wire::Eight) => Kind::Double,
        _ => return None,
    };
    let alone = fields.at == message.end && values.at == any.end;
    alone.then_some(RawAttribute { whole: message, key, value: only.value, kind })
}

#[inline]
fn trace_id(bytes: &[u8]) -> Result<u128> {
    match bytes.try_into().map(u128::from_be_bytes) {
        Ok(id) if id != 0 => Ok(id),
        _ => refuse("a malformed trace id"),
    }
}

#[inline]
fn short_id(bytes: &[u8]) -> Result<u64> {
    match bytes.try_into().map(u64::from_be_bytes) {
        Ok(id) if id != 0 => Ok(id),
        _ => refuse("a malformed span id"),
    }
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// How a field is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    Varint,
    Eight,
    Bytes,
    Four,
}

/// A field of a message: its number, at most 31, and the bytes of its value.
struct Field {
    number: u8,
    wire: Wire,
    value: Slice,
}

/// The fields of a message, one after another.
struct Fields<'a> {
    document: &'a [u8],
    at: u32,
    end: u32,
}

impl<'a> Fields<'a> {
    #[inline]
    fn new(document: &'a [u8], message: Slice) -> Self {
        Fields { document, at: message.start, end: message.end }
    }

    #[inline(always)]
    fn next(&mut self) -> Result<Option<Field>> {
        if self.at == self.end {
            return Ok(None);
        }
        let tag = self.varint()?;
        if tag >> 3 == 0 || tag >> 3 > 31 {
            return refuse("an unknown field");
        }
        let start = self.at;
        let (wire, start, length) = match tag & 7 {
            0 => {
                self.varint()?;
                (Wire::Varint, start, u64::from(self.at - start))
            }
            1 => (Wire::Eight, start, 8),
            2 => {
                let length = self.varint()?;
                (Wire::Bytes, self.at, length)
            }
            5 => (Wire::Four, start, 4),
            _ => return refuse("a group"),
        };
        if length > u64::from(self.end - start) {
            return refuse("cut short");
        }
        self.at = start + length as u32;
        Ok(Some(Field { number: (tag >> 3) as u8, wire, value: Slice { start, end: self.at } }))
    }

    /// Return the value of the next field of this number, a message, a text or bytes.
    #[inline]
    fn next_bytes(&mut self, number: u8) -> Result<Option<Slice>> {
        while let Some(next) = self.next()? {
            if next.number == number && next.wire == Wire::Bytes {
                return Ok(Some(next.value));
            }
        }
        Ok(None)
    }

    /// Read a number of at most ten bytes. One of ten may have more than 64 bits: decoders differ in it.
    #[inline(always)]
    fn varint(&mut self) -> Result<u64> {
        let (mut number, mut shift) = (0u64, 0);
        while self.at < self.end {
            let byte = self.document[self.at as usize];
            self.at += 1;
            if shift == 63 && byte > 1 {
                return refuse("a large number");
            }
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(number);
            }
            shift += 7;
        }
        refuse("cut short")
    }
}

#[cfg(test)]
mod tests;
