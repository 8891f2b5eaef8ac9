//! Scan OTLP JSON: one object with `resourceSpans` alone, with or without blanks.

pub use super::json_cursor::number;
use super::json_cursor::Cursor;
use super::json_fields::field_number;
use super::{field, refuse, Kind, RawAttribute, RawGroup, RawSpan, Result, Scanned, Seen, Slice, LARGEST, LATEST};
use memchr::memmem::Finder;

/// Find everything in a document. Refuses what is not understood: then `found` holds nothing of use.
pub fn scan(document: &[u8], found: &mut Scanned) -> Result<()> {
    found.clear();
    if document.len() > LARGEST {
        return refuse("a large document");
    }
    let mut scanner = Scanner { document, cursor: Cursor::new(document), found };
    scanner.request()
}

/// Call this with the id of each trace that a document names, found by the name of the field. Ids of another length are
/// left out, as are those that are not hexadecimal.
pub fn trace_ids(document: &[u8], name: &Finder<'_>, mut note: impl FnMut(u128)) {
    for found in name.find_iter(document) {
        let mut cursor = Cursor::new(&document[found + name.needle().len()..]);
        cursor.blanks();
        if let Ok(id) = cursor.hexadecimal_of_any_case(32) {
            note(id);
        }
    }
}

struct Scanner<'a> {
    document: &'a [u8],
    cursor: Cursor<'a>,
    found: &'a mut Scanned,
}

impl Scanner<'_> {
    fn request(&mut self) -> Result<()> {
        self.cursor.blanks();
        self.cursor.take(b'{')?;
        let mut first = true;
        match self.cursor.member(&mut first)? {
            Some(name) if name.of(self.document) == b"resourceSpans" => self.resources()?,
            _ => return refuse("no spans"),
        }
        if self.cursor.member(&mut first)?.is_some() {
            return refuse("more than spans");
        }
        self.cursor.blanks();
        if self.cursor.at() < self.document.len() {
            return refuse("a second text");
        }
        Ok(())
    }

    fn resources(&mut self) -> Result<()> {
        self.cursor.take(b'[')?;
        let mut first = true;
        while self.cursor.item(&mut first)? {
            self.resource()?;
        }
        Ok(())
    }

    fn resource(&mut self) -> Result<()> {
        self.cursor.take(b'{')?;
        let (mut resource, mut url) = (Slice::default(), Slice::default());
        let begin = self.found.groups.len();
        let (mut seen, mut first) = (Seen::default(), true);
        while let Some(name) = self.cursor.member(&mut first)? {
            match name.of(self.document) {
                b"resource" => {
                    seen.note(1)?;
                    resource = self.cursor.value()?;
                }
                b"scopeSpans" => {
                    seen.note(2)?;
                    self.cursor.take(b'[')?;
                    let mut first = true;
                    while self.cursor.item(&mut first)? {
                        self.scope()?;
                    }
                }
                b"schemaUrl" => {
                    seen.note(3)?;
                    url = self.cursor.value()?;
                }
                _ => return refuse("an unknown field of a resource"),
            }
        }
        for group in &mut self.found.groups[begin..] {
            group.resource = resource;
            group.resource_url = url;
        }
        // Nobody decodes the resource of no group.
        if begin == self.found.groups.len() {
            return refuse("a resource without a scope");
        }
        Ok(())
    }

    fn scope(&mut self) -> Result<()> {
        self.cursor.take(b'{')?;
        let (mut scope, mut url) = (Slice::default(), Slice::default());
        let begin = self.found.spans.len() as u32;
        let (mut seen, mut first) = (Seen::default(), true);
        while let Some(name) = self.cursor.member(&mut first)? {
            match name.of(self.document) {
                b"scope" => {
                    seen.note(1)?;
                    scope = self.cursor.value()?;
                }
                b"spans" => {
                    seen.note(2)?;
                    self.cursor.take(b'[')?;
                    let mut first = true;
                    while self.cursor.item(&mut first)? {
                        self.span()?;
                    }
                }
                b"schemaUrl" => {
                    seen.note(3)?;
                    url = self.cursor.value()?;
                }
                _ => return refuse("an unknown field of a scope"),
            }
        }
        let none = Slice::default();
        let spans = (begin, self.found.spans.len() as u32);
        self.found.groups.push(RawGroup { resource: none, resource_url: none, scope, scope_url: url, spans });
        Ok(())
    }

    #[inline]
    fn span(&mut self) -> Result<()> {
        let begin = self.cursor.at();
        self.cursor.take(b'{')?;
        let (mut trace_id, mut span_id, mut parent_id, mut start, mut end) = (0, 0, 0, 0, 0);
        let (rest, attributes) = (self.found.rests.len(), self.found.attributes.len() as u32);
        let (mut seen, mut first, mut full) = (Seen::default(), true, false);
        while let Some(name) = self.cursor.member(&mut first)? {
            let number = field_number(name.of(self.document))?;
            seen.note(number)?;
            match number {
                field::TRACE_ID => trace_id = self.cursor.hexadecimal(32)?,
                field::SPAN_ID => span_id = self.cursor.hexadecimal(16)? as u64,
                field::PARENT_SPAN_ID => parent_id = self.parent_id()?,
                field::START => start = self.cursor.decimal()?,
                field::END => end = self.cursor.decimal()?,
                field::ATTRIBUTES => self.attributes()?,
                field::EVENTS | field::LINKS => full |= self.has_items()?,
                _ => {
                    let value = self.cursor.value()?;
                    self.found.add_rest(number, value.of(self.document));
                }
            }
        }
        if !seen.has_all(&field::NEEDED) || trace_id == 0 || span_id == 0 || start > LATEST || end > LATEST {
            return refuse("a span without ids or times");
        }
        self.found.spans.push(RawSpan {
            whole: Slice::new(begin, self.cursor.at()),
            trace_id,
            span_id,
            parent_id,
            start,
            end,
            rest: Slice::new(rest, self.found.rests.len()),
            attributes: (attributes, self.found.attributes.len() as u32),
            full,
        });
        Ok(())
    }

    /// Return the id of the parent; an empty text is none.
    #[inline]
    fn parent_id(&mut self) -> Result<u64> {
        if self.document[self.cursor.at()..].starts_with(b"\"\"") {
            self.cursor.text()?;
            return Ok(0);
        }
        match self.cursor.hexadecimal(16)? as u64 {
            0 => refuse("a parent id of zeros"),
            id => Ok(id),
        }
    }

    /// Step over a list. Returns whether it has items.
    #[inline]
    fn has_items(&mut self) -> Result<bool> {
        let list = self.cursor.value()?.of(self.document);
        if list[0] != b'[' {
            return refuse("no list");
        }
        Ok(list != b"[]")
    }

    #[inline]
    fn attributes(&mut self) -> Result<()> {
        self.cursor.take(b'[')?;
        let mut first = true;
        while self.cursor.item(&mut first)? {
            let attribute = self.attribute()?;
            self.found.attributes.push(attribute);
        }
        Ok(())
    }

    /// Step over an attribute. It is simple if it has a key, then a value, which has one field.
    #[inline]
    fn attribute(&mut self) -> Result<RawAttribute> {
        let begin = self.cursor.at();
        if let Some(attribute) = self.usual_attribute(begin) {
            return Ok(attribute);
        }
        self.cursor.go_back(begin);
        self.any_attribute(begin)
    }

    /// Step over a simple attribute as exporters write it, without blanks. This is the fast way of `any_attribute`.
    #[inline]
    fn usual_attribute(&mut self, begin: usize) -> Option<RawAttribute> {
        let cursor = &mut self.cursor;
        if !cursor.skip(b"{\"key\":") {
            return None;
        }
        let key = cursor.text().ok()?;
        if !cursor.skip(b",\"value\":{\"") {
            return None;
        }
        let (kind, value) = if cursor.skip(b"stringValue\":") {
            (Kind::Text, cursor.text().ok()?)
        } else if cursor.skip(b"intValue\":") {
            (Kind::Integer, cursor.value().ok()?)
        } else if cursor.skip(b"doubleValue\":") {
            (Kind::Double, cursor.value().ok()?)
        } else if cursor.skip(b"boolValue\":") {
            (Kind::Boolean, cursor.value().ok()?)
        } else {
            return None;
        };
        cursor.skip(b"}}").then(|| RawAttribute { whole: Slice::new(begin, cursor.at()), key, value, kind })
    }

    fn any_attribute(&mut self, begin: usize) -> Result<RawAttribute> {
        self.cursor.take(b'{')?;
        let mut first = true;
        let (mut key, mut value, mut kind) = (Slice::default(), Slice::default(), Kind::Other);
        let mut members = 0;
        while let Some(name) = self.cursor.member(&mut first)? {
            members += 1;
            match (members, name.of(self.document)) {
                (1, b"key") => key = self.cursor.text()?,
                (2, b"value") if key != Slice::default() && self.cursor.peek() == b'{' => {
                    (kind, value) = self.any_value()?;
                }
                _ => {
                    self.cursor.value()?;
                    kind = Kind::Other;
                }
            }
        }
        if members != 2 {
            kind = Kind::Other;
        }
        Ok(RawAttribute { whole: Slice::new(begin, self.cursor.at()), key, value, kind })
    }

    /// Step over a value. Returns what it is, and the bytes of its one field.
    #[inline]
    fn any_value(&mut self) -> Result<(Kind, Slice)> {
        self.cursor.take(b'{')?;
        let (mut first, mut members) = (true, 0);
        let (mut kind, mut value) = (Kind::Other, Slice::default());
        while let Some(name) = self.cursor.member(&mut first)? {
            members += 1;
            kind = match name.of(self.document) {
                b"stringValue" if self.cursor.peek() == b'"' => Kind::Text,
                b"intValue" => Kind::Integer,
                b"boolValue" => Kind::Boolean,
                b"doubleValue" => Kind::Double,
                _ => Kind::Other,
            };
            value = if kind == Kind::Text { self.cursor.text()? } else { self.cursor.value()? };
        }
        Ok(if members == 1 { (kind, value) } else { (Kind::Other, Slice::default()) })
    }
}

#[cfg(test)]
mod tests;
