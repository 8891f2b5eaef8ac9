//! The traces of which spans are still to come.

use crate::answers::Shape;
use crate::trace_ends::TraceEnds;
use crate::values::Values;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// So many bytes of memory a closed trace may leave to the next one.
const KEPT: usize = 1 << 16;

/// The id of a trace: mostly the number that its digits are, otherwise what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TraceId {
    /// 32 hexadecimal digits in lower case.
    WellFormed(u128),
    /// Any other text.
    Other(Box<str>),
}

impl TraceId {
    /// Return the id that is written so.
    pub fn of(text: &str) -> Self {
        let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(text, 16) {
            Ok(number) if plain => TraceId::WellFormed(number),
            _ => TraceId::Other(text.into()),
        }
    }

    /// Note the trace of this id in the next document.
    pub fn note(self, ends: &mut TraceEnds, place: u32) {
        match self {
            TraceId::WellFormed(number) => ends.note(number, place),
            TraceId::Other(text) => ends.note_other(text, place),
        }
    }

    /// Return the id as it is written.
    pub fn text(&self) -> String {
        match self {
            TraceId::WellFormed(number) => format!("{number:032x}"),
            TraceId::Other(text) => text.to_string(),
        }
    }
}

/// A span of an open trace.
#[derive(Clone, Copy)]
pub struct Span {
    /// The start in nanoseconds.
    pub start: u64,
    /// The end in nanoseconds.
    pub end: u64,
    /// The span id, not 0.
    pub span_id: u64,
    /// The id of the parent, 0 for none.
    pub parent_id: u64,
    /// The shape.
    pub shape: Shape,
    /// The number of the resource among those that are distinct.
    pub process: u32,
    /// The group, which this span holds.
    pub group: u32,
    /// The indexes of its compared values in `OpenTrace::values`.
    pub values: (u32, u32),
    /// Where its bytes are in `OpenTrace::raw`.
    pub raw: (usize, usize),
}

/// A member of an open trace, in the order of the documents.
pub enum Member<F> {
    /// A span that was scanned here.
    Scanned(Span),
    /// A span that Python has read.
    Read(F),
}

impl<F> Member<F> {
    /// Return the span, if it was scanned here.
    #[inline]
    pub fn scanned(&self) -> Option<&Span> {
        match self {
            Member::Scanned(span) => Some(span),
            Member::Read(_) => None,
        }
    }
}

/// What matters of a log record of an open trace.
#[derive(Clone, Copy)]
pub struct RecordFacts {
    /// The id of its span, 0 for none.
    pub span_id: u64,
    /// Whether its flags say that this span was not sampled.
    pub unsampled: bool,
    /// The number of its shape, `NO_SHAPE` if it has none.
    pub shape: u32,
    /// The indexes of its compared values in `OpenTrace::values`.
    pub values: (u32, u32),
}

/// A trace with spans still to come.
pub struct OpenTrace<F> {
    /// Its id.
    pub id: TraceId,
    /// The number under which it began.
    pub number: u64,
    /// The document in which it ends.
    pub ends: u32,
    /// The generation of the shapes of its spans, None if they are of several.
    pub generation: Option<i64>,
    /// Its spans.
    pub members: Vec<Member<F>>,
    /// Its log records, which Python has read, in the order of the documents.
    pub records: Vec<(RecordFacts, F)>,
    /// Whether only Python can make a key: some members were read by it, or an id is malformed.
    pub mixed: bool,
    /// The bytes of all scanned spans.
    pub raw: Vec<u8>,
    /// For each compared value of each span, its index among the distinct ones.
    pub values: Vec<u32>,
    /// The distinct ones.
    pub distinct: Values,
}

/// The open traces in the order in which they began.
pub struct Traces<F> {
    /// Where each trace ends.
    pub ends: TraceEnds,
    open: HashMap<u128, usize>,
    others: HashMap<Box<str>, usize>,
    order: VecDeque<usize>,
    slots: Vec<OpenTrace<F>>,
    free: Vec<usize>,
    begun: u64,
}

impl<F> Traces<F> {
    /// Make an empty table of traces that end where they were seen last.
    pub fn new(ends: TraceEnds) -> Self {
        Traces {
            ends,
            open: HashMap::new(),
            others: HashMap::new(),
            order: VecDeque::new(),
            slots: Vec::new(),
            free: Vec::new(),
            begun: 0,
        }
    }

    /// Return the next number under which something begins.
    pub fn next_number(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// Return the slot of an open trace that has spans of this generation. None for a trace that should have ended.
    #[inline]
    pub fn slot(&mut self, id: u128, place: u32, generation: i64) -> Option<usize> {
        if let Some(&slot) = self.open.get(&id) {
            return Some(self.joined(slot, generation));
        }
        let ends = self.ends.take(id, place);
        if ends < place {
            return None;
        }
        let slot = self.begin(TraceId::WellFormed(id), ends, generation);
        self.open.insert(id, slot);
        Some(slot)
    }

    /// Do the same for an id of any form.
    pub fn slot_of(&mut self, id: TraceId, place: u32, generation: i64) -> Option<usize> {
        let text = match id {
            TraceId::WellFormed(number) => return self.slot(number, place, generation),
            TraceId::Other(text) => text,
        };
        if let Some(&slot) = self.others.get(&text) {
            return Some(self.joined(slot, generation));
        }
        let ends = self.ends.take_other(&text, place);
        if ends < place {
            return None;
        }
        let slot = self.begin(TraceId::Other(text.clone()), ends, generation);
        self.others.insert(text, slot);
        Some(slot)
    }

    fn joined(&mut self, slot: usize, generation: i64) -> usize {
        if self.slots[slot].generation != Some(generation) {
            self.slots[slot].generation = None;
        }
        slot
    }

    fn begin(&mut self, id: TraceId, ends: u32, generation: i64) -> usize {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(OpenTrace::empty());
                self.slots.len() - 1
            }
        };
        let number = self.next_number();
        let trace = &mut self.slots[slot];
        (trace.id, trace.number, trace.ends, trace.generation) = (id, number, ends, Some(generation));
        self.order.push_back(slot);
        slot
    }

    /// Return the trace of a slot.
    #[inline]
    pub fn get_mut(&mut self, slot: usize) -> &mut OpenTrace<F> {
        &mut self.slots[slot]
    }

    /// Take out the trace that began first, if it has ended by this document. Give it back after use.
    pub fn next_ended(&mut self, place: u32) -> Option<(usize, OpenTrace<F>)> {
        let slot = *self.order.front()?;
        if self.slots[slot].ends > place {
            return None;
        }
        self.order.pop_front();
        let trace = std::mem::replace(&mut self.slots[slot], OpenTrace::empty());
        match &trace.id {
            TraceId::WellFormed(number) => self.open.remove(number),
            TraceId::Other(text) => self.others.remove(text),
        };
        Some((slot, trace))
    }

    /// Take back a trace that was used, for its memory.
    pub fn give_back(&mut self, slot: usize, mut trace: OpenTrace<F>) {
        if trace.capacity() <= KEPT {
            trace.clear();
            self.slots[slot] = trace;
        }
        self.free.push(slot);
    }
}

impl<F> OpenTrace<F> {
    fn empty() -> Self {
        OpenTrace {
            id: TraceId::WellFormed(0),
            number: 0,
            ends: 0,
            generation: None,
            members: Vec::new(),
            records: Vec::new(),
            mixed: false,
            raw: Vec::new(),
            values: Vec::new(),
            distinct: Values::default(),
        }
    }

    fn clear(&mut self) {
        self.members.clear();
        self.records.clear();
        self.mixed = false;
        self.raw.clear();
        self.values.clear();
        self.distinct.clear();
    }

    fn capacity(&self) -> usize {
        let members = self.members.capacity() * std::mem::size_of::<Member<F>>();
        let records = self.records.capacity() * std::mem::size_of::<(RecordFacts, F)>();
        members + records + self.raw.capacity() + 4 * self.values.capacity() + self.distinct.capacity()
    }
}

#[cfg(test)]
mod tests;
