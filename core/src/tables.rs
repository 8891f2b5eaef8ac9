//! What Python has answered so far, by the bytes that it was asked about. Keys are compared in full.

use crate::answers::{Answers, Attribute, Encoding, Shape, Stop, Texts, Value};
use crate::groups::Groups;
use crate::scan::json::number;
use crate::scan::{Kind, RawAttribute, RawGroup, RawSpan, Scanned};
use crate::screen::Screen;
use crate::values::Values;
use hashbrown::HashMap;
use std::rc::Rc;

/// Larger doubles are looked up by their bytes: a privacy class may be in them.
const SMALL: f64 = 1e12;
/// What an entry of a table takes besides its key, about.
const ENTRY: usize = 64;

/// The tables of one encoding.
pub struct Tables {
    encoding: Encoding,
    screen: Rc<Screen>,
    names: HashMap<Box<[u8]>, Name>,
    others: HashMap<Box<[u8]>, Known>,
    rests: HashMap<Box<[u8]>, u32>,
    shapes: HashMap<Box<[u32]>, Shape>,
    groups: HashMap<Box<[u8]>, u32>,
    bytes: usize,
    numbers: Vec<u32>,
    key: Vec<u8>,
}

/// What is known of the attributes of one name.
#[derive(Default)]
struct Name {
    texts: Option<Texts>,
    doubles: Option<Doubles>,
    values: [HashMap<Box<[u8]>, Known>; 4],
}

/// Doubles of one name: between the same two bounds they have one number.
struct Doubles {
    bounds: Vec<f64>,
    numbers: HashMap<(usize, usize), u32>,
}

struct Known {
    number: u32,
    value: Option<Value>,
}

impl Tables {
    /// Make empty tables.
    pub fn new(encoding: Encoding, screen: Rc<Screen>) -> Self {
        Tables {
            encoding,
            screen,
            names: HashMap::new(),
            others: HashMap::new(),
            rests: HashMap::new(),
            shapes: HashMap::new(),
            groups: HashMap::new(),
            bytes: 0,
            numbers: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        *self = Tables::new(self.encoding, Rc::clone(&self.screen));
    }

    /// Return about how many bytes the tables take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Return the number of a group.
    pub fn group<A: Answers>(
        &mut self,
        answers: &mut A,
        groups: &mut Groups<A::Group>,
        document: &[u8],
        group: &RawGroup,
    ) -> Result<u32, Stop<A::Error>> {
        self.key.clear();
        for part in [group.resource, group.resource_url, group.scope, group.scope_url] {
            let part = part.of(document);
            self.key.extend_from_slice(&(part.len() as u32).to_le_bytes());
            self.key.extend_from_slice(part);
        }
        if let Some(&known) = self.groups.get(&self.key[..]) {
            return Ok(known);
        }
        let answer = answers.group(self.encoding, document, group)?;
        let number = groups.add(answer.handle, answer.process);
        self.bytes += self.key.len() * 2 + ENTRY; // Python keeps a decoded one
        self.groups.insert(self.key[..].into(), number);
        Ok(number)
    }

    /// Return the shape of a span without events or links, and add its values that are compared.
    #[inline]
    pub fn shape<A: Answers>(
        &mut self,
        answers: &mut A,
        document: &[u8],
        found: &Scanned,
        span: &RawSpan,
        group: (u32, &A::Group),
        values: &mut Values,
    ) -> Result<Shape, Stop<A::Error>> {
        let rest = span.rest.of(&found.rests);
        let rest = match self.rests.get(rest) {
            Some(&known) => known,
            None => {
                let number = self.rests.len() as u32;
                self.bytes += rest.len() + ENTRY;
                self.rests.insert(rest.into(), number);
                number
            }
        };
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        numbers.extend([group.0, rest]);
        let (first, last) = span.attributes;
        for attribute in &found.attributes[first as usize..last as usize] {
            numbers.push(self.attribute(answers, document, attribute, values)?);
        }
        let known = self.shapes.get(&numbers[..]).copied();
        let shape = match known {
            Some(shape) => shape,
            None => {
                let shape = answers.shape(span.whole.of(document), group.1, (last - first) as usize)?;
                self.bytes += numbers.len() * 4 + ENTRY;
                self.shapes.insert(numbers[..].into(), shape);
                shape
            }
        };
        self.numbers = numbers;
        Ok(shape)
    }

    /// Return the number of an attribute, and add its value if it is compared.
    #[inline]
    fn attribute<A: Answers>(
        &mut self,
        answers: &mut A,
        document: &[u8],
        attribute: &RawAttribute,
        values: &mut Values,
    ) -> Result<u32, Stop<A::Error>> {
        let whole = attribute.whole.of(document);
        let (key, value) = (attribute.key.of(document), attribute.value.of(document));
        let known = if attribute.kind == Kind::Other {
            self.others.get(whole)
        } else if let Some(name) = self.names.get_mut(key) {
            match (attribute.kind, name.texts) {
                (Kind::Text, Some(texts)) if self.screen.is_clean(value) => {
                    if texts.compared {
                        values.push_text(value);
                    }
                    return Ok(texts.number);
                }
                (Kind::Double, _) if name.doubles.is_some() => {
                    if let Some(number) = name.double(answers, self.encoding, whole, value)? {
                        return Ok(number);
                    }
                }
                _ => {}
            }
            name.values[attribute.kind as usize].get(value)
        } else {
            None
        };
        if let Some(known) = known {
            if let Some(value) = &known.value {
                values.push(value);
            }
            return Ok(known.number);
        }
        let answer = answers.attribute(self.encoding, whole, attribute.kind)?;
        if let Some(value) = &answer.value {
            values.push(value);
        }
        let number = answer.number;
        self.keep(attribute, document, answer);
        Ok(number)
    }

    /// Keep an answer, unless it is one of those texts or doubles that hardly ever come again.
    fn keep(&mut self, attribute: &RawAttribute, document: &[u8], answer: Attribute) {
        let known = Known { number: answer.number, value: answer.value };
        let own = known.value.as_ref().map_or(0, |value| value.len());
        if attribute.kind == Kind::Other {
            let whole = attribute.whole.of(document);
            self.bytes += whole.len() + own + ENTRY;
            self.others.insert(whole.into(), known);
            return;
        }
        let (key, value) = (attribute.key.of(document), attribute.value.of(document));
        let bytes = &mut self.bytes;
        let name = self.names.entry_ref(key).or_insert_with(|| {
            *bytes += key.len() + 5 * ENTRY;
            Name::default()
        });
        name.texts = name.texts.or(answer.texts);
        if let (None, Some(bounds)) = (&name.doubles, answer.bounds) {
            name.doubles = Some(Doubles { bounds, numbers: HashMap::new() });
        }
        let seldom = match attribute.kind {
            Kind::Text => name.texts.is_some() && self.screen.is_clean(value),
            Kind::Double => name.doubles.is_some() && small(self.encoding, value).is_some(),
            _ => false,
        };
        if !seldom {
            self.bytes += value.len() + own + ENTRY;
            name.values[attribute.kind as usize].insert(value.into(), known);
        }
    }
}

impl Name {
    /// Return the number of a small double, whose bounds are known.
    #[inline]
    fn double<A: Answers>(
        &mut self,
        answers: &mut A,
        encoding: Encoding,
        whole: &[u8],
        value: &[u8],
    ) -> Result<Option<u32>, Stop<A::Error>> {
        let (Some(doubles), Some(value)) = (&mut self.doubles, small(encoding, value)) else { return Ok(None) };
        let bounds = &doubles.bounds;
        let between = (bounds.partition_point(|each| *each < value), bounds.partition_point(|each| *each <= value));
        if let Some(&known) = doubles.numbers.get(&between) {
            return Ok(Some(known));
        }
        let number = answers.double(encoding, whole, value)?;
        doubles.numbers.insert(between, number);
        Ok(Some(number))
    }
}

/// Return a double by its bytes, if it is well formed and small.
#[inline]
fn small(encoding: Encoding, bytes: &[u8]) -> Option<f64> {
    let value = match encoding {
        Encoding::Json => number(bytes),
        Encoding::Protobuf => bytes.try_into().ok().map(f64::from_le_bytes),
    };
    value.filter(|value| -SMALL < *value && *value < SMALL)
}
