//! Verify documents one after another: scan, look up, gather the spans of each trace, count the traces that ended.

use crate::answers::{Encoding, Shape, Stop, NO_SHAPE};
use crate::counters::Counters;
use crate::groups::Groups;
use crate::judge::{Judge, NewRecord};
use crate::scan::{json, protobuf, RawSpan, Scanned};
use crate::screen::Screen;
use crate::split::Parts;
use crate::tables::Tables;
use crate::trace_ends::TraceEnds;
use crate::trace_key::KeyMaker;
use crate::traces::{Member, RecordFacts, Span, TraceId, Traces};
use crate::values::Values;
use crate::verdicts::Verdicts;
use std::rc::Rc;

/// So many bytes the tables of one encoding take, about. Fuller ones are emptied before the next document.
const MOST: usize = 1 << 22;
/// So many bytes of flows wait here.
const WAITING: usize = 1 << 15;

/// Everything that is kept from one document to the next.
pub struct Engine<G, F> {
    tables: [Tables; 2],
    groups: Groups<G>,
    traces: Traces<F>,
    keys: KeyMaker,
    verdicts: Verdicts,
    parts: Parts,
    counters: Counters,
    found: Scanned,
    read: Vec<Read>,
    values: Values,
    starts: Vec<u64>,
    generation: i64,
    check_every: u64,
    /// How many spans were added.
    pub spans: u64,
    /// How many traces have ended.
    pub traces_ended: u64,
    /// How many of them were counted without Python.
    pub counted: u64,
}

/// What was found out about a span of the document at hand.
#[derive(Clone, Copy)]
struct Read {
    shape: Shape,
    group: u32,
    values: (u32, u32),
}

impl<G, F> Engine<G, F> {
    /// Make an engine that has noted all documents. It has every so-many-th trace checked that it counts, 0 for none.
    pub fn new(screen: Rc<Screen>, ends: TraceEnds, check_every: u64) -> Self {
        Engine {
            tables: [Encoding::Json, Encoding::Protobuf].map(|each| Tables::new(each, Rc::clone(&screen))),
            groups: Groups::default(),
            traces: Traces::new(ends),
            keys: KeyMaker::default(),
            verdicts: Verdicts::default(),
            parts: Parts::default(),
            counters: Counters::default(),
            found: Scanned::default(),
            read: Vec::new(),
            values: Values::default(),
            starts: Vec::new(),
            generation: 0,
            check_every,
            spans: 0,
            traces_ended: 0,
            counted: 0,
        }
    }

    /// Return where each trace ends.
    pub fn ends(&mut self) -> &mut TraceEnds {
        &mut self.traces.ends
    }

    /// Begin the next document: numbers of shapes of another generation mean nothing any more.
    pub fn begin<J: Judge<G, F>>(&mut self, judge: &mut J, generation: i64) -> Result<(), J::Error> {
        let full = self.tables.iter().any(|tables| tables.bytes() > MOST);
        if generation != self.generation {
            self.generation = generation;
            self.settle(judge)?;
            self.keys.clear();
        } else if !full {
            return Ok(());
        }
        self.tables.iter_mut().for_each(Tables::clear);
        self.groups.leave_tables();
        Ok(())
    }

    /// Add the spans of a document. If it is not understood nothing was added.
    pub fn take<J: Judge<G, F>>(
        &mut self,
        judge: &mut J,
        encoding: Encoding,
        document: &[u8],
        place: u32,
    ) -> Result<(), Stop<J::Error>> {
        let mut found = std::mem::take(&mut self.found);
        let result = self.look_up(judge, encoding, document, &mut found);
        let result = result.and_then(|()| self.gather(judge, document, &found, place));
        self.found = found;
        result
    }

    fn look_up<J: Judge<G, F>>(
        &mut self,
        judge: &mut J,
        encoding: Encoding,
        document: &[u8],
        found: &mut Scanned,
    ) -> Result<(), Stop<J::Error>> {
        match encoding {
            Encoding::Json => json::scan(document, found)?,
            Encoding::Protobuf => protobuf::scan(document, found)?,
        }
        let tables = &mut self.tables[encoding as usize];
        self.read.clear();
        self.values.clear();
        for group in &found.groups {
            let number = tables.group(judge, &mut self.groups, document, group)?;
            let entry = self.groups.get(number);
            for span in &found.spans[group.spans.0 as usize..group.spans.1 as usize] {
                let before = self.values.len();
                let shape = if span.full || entry.process == NO_SHAPE {
                    let (shape, values) = judge.full_shape(span.whole.of(document), &entry.handle)?;
                    values.iter().for_each(|value| self.values.push(value));
                    shape
                } else {
                    let group = (number, &entry.handle);
                    tables.shape(judge, document, found, span, group, &mut self.values)?
                };
                self.read.push(Read { shape, group: number, values: (before, self.values.len()) });
            }
        }
        Ok(())
    }

    fn gather<J: Judge<G, F>>(
        &mut self,
        judge: &mut J,
        document: &[u8],
        found: &Scanned,
        place: u32,
    ) -> Result<(), Stop<J::Error>> {
        for group in &found.groups {
            let (first, last) = (group.spans.0 as usize, group.spans.1 as usize);
            let spans = &found.spans[first..last];
            let Some(read) = self.read.get(first) else { continue };
            if self.groups.get(read.group).wants_starts && !spans.is_empty() {
                self.starts.clear();
                self.starts.extend(spans.iter().map(|span| span.start));
                let entry = self.groups.get_mut(read.group);
                entry.wants_starts = judge.starts(&entry.handle, &self.starts).map_err(Stop::Failed)?;
            }
            for (i, span) in spans.iter().enumerate() {
                self.add(document, span, first + i, place)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn add<E>(&mut self, document: &[u8], span: &RawSpan, index: usize, place: u32) -> Result<(), Stop<E>> {
        let Some(slot) = self.traces.slot(span.trace_id, place, self.generation) else { return Err(Stop::Late) };
        let Read { shape, group, values } = self.read[index];
        let trace = self.traces.get_mut(slot);
        let (before, raw) = (trace.values.len() as u32, trace.raw.len());
        for value in values.0..values.1 {
            trace.values.push(trace.distinct.index_of(self.values.get(value)));
        }
        trace.raw.extend_from_slice(span.whole.of(document));
        trace.members.push(Member::Scanned(Span {
            start: span.start,
            end: span.end,
            span_id: span.span_id,
            parent_id: span.parent_id,
            shape,
            process: self.groups.get(group).process,
            group,
            values: (before, trace.values.len() as u32),
            raw: (raw, trace.raw.len()),
        }));
        self.groups.hold(group);
        self.spans += 1;
        Ok(())
    }

    /// Add a span that Python has read, of this generation of shapes. Returns false for a trace that should have ended.
    pub fn add_read(&mut self, id: TraceId, span: F, generation: i64, place: u32) -> bool {
        let Some(slot) = self.traces.slot_of(id, place, generation) else { return false };
        let trace = self.traces.get_mut(slot);
        trace.members.push(Member::Read(span));
        trace.mixed = true;
        self.spans += 1;
        true
    }

    /// Add a log record, which Python has read. Returns false for a trace that should have ended.
    ///
    /// `span_id` is None if it is malformed.
    pub fn add_record(&mut self, id: TraceId, record: NewRecord<F>, generation: i64, place: u32) -> bool {
        let Some(slot) = self.traces.slot_of(id, place, generation) else { return false };
        let trace = self.traces.get_mut(slot);
        let before = trace.values.len() as u32;
        for value in &record.values {
            let index = trace.distinct.index_of(value);
            trace.values.push(index);
        }
        trace.mixed |= record.span_id.is_none();
        let facts = RecordFacts {
            span_id: record.span_id.unwrap_or(0),
            unsampled: record.unsampled,
            shape: record.shape,
            values: (before, trace.values.len() as u32),
        };
        trace.records.push((facts, record.summary));
        true
    }

    /// Return the next number under which something begins.
    pub fn next_number(&mut self) -> u64 {
        self.traces.next_number()
    }

    /// Judge the traces that have ended by this document. Those that end after `settled` are incomplete.
    pub fn judge_until<J: Judge<G, F>>(&mut self, judge: &mut J, place: u32, settled: u32) -> Result<(), J::Error> {
        while let Some((slot, trace)) = self.traces.next_ended(place) {
            self.traces_ended += u64::from(!trace.members.is_empty());
            self.judge(judge, &trace, trace.ends <= settled)?;
            for member in &trace.members {
                if let Member::Scanned(span) = member {
                    self.groups.release(span.group);
                }
            }
            self.traces.give_back(slot, trace);
        }
        if self.verdicts.waiting() > WAITING {
            self.flush(judge)?;
        }
        Ok(())
    }
}

mod judging;

#[cfg(test)]
mod part_tests;
#[cfg(test)]
mod tests;
