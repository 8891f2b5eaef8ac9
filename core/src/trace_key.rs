//! The key of a whole trace: numbers that are equal only for traces of one shape, as `shapes/trace_shapes.py` has it.

use crate::answers::{Answers, NO_SHAPE};
use crate::traces::{RecordFacts, Span};
use hashbrown::HashMap;

/// The place of the parent of a span without one.
pub const ROOT: u32 = u32::MAX;
/// The place of a parent that is not in the trace; that of none is the next number.
pub const ELSEWHERE: u32 = u32::MAX - 1;
/// So many spans are searched one by one.
const FEW: usize = 24;
/// So many processes are compared with each other, as in `trace.process`.
const MOST_COMPARED: usize = 64;

/// Whether there is one process only, and the distinct resolutions.
pub(crate) type Clocks = (bool, Box<[i64]>);

/// Makes keys. The parts of it that Python has answered hold for one generation of shapes.
#[derive(Default)]
pub struct KeyMaker {
    pub(crate) key: Vec<u32>,
    pub(crate) is_plain: bool,
    pub(crate) one_resource: bool,
    places: Vec<u32>,
    pub(crate) sorted: Vec<Span>,
    pub(crate) records: Vec<RecordFacts>,
    pub(crate) record_order: Vec<u32>,
    pub(crate) record_places: Vec<u32>,
    pub(crate) resolutions_of_spans: Vec<i64>,
    pub(crate) still: Vec<bool>,
    indexes: HashMap<u64, u32>,
    relations: HashMap<(u32, u32), u32>,
    resolutions: HashMap<u32, i64>,
    pub(crate) allowances: HashMap<Clocks, Box<[i64]>>,
    pub(crate) cuts: HashMap<i64, Box<[i64]>>,
}

impl KeyMaker {
    /// Forget what was answered.
    pub fn clear(&mut self) {
        self.relations.clear();
        self.resolutions.clear();
        self.allowances.clear();
        self.cuts.clear();
    }

    /// Make the key of a trace. Returns false if it has no shape.
    ///
    /// `values` has the indexes of all compared values of the trace.
    pub fn make<'a, A: Answers>(
        &mut self,
        answers: &mut A,
        spans: impl Iterator<Item = &'a Span>,
        records: impl Iterator<Item = RecordFacts>,
        values: &[u32],
    ) -> Result<bool, A::Error> {
        self.sorted.clear();
        self.sorted.extend(spans.copied());
        self.sorted.sort_unstable_by_key(|span| (span.start, span.span_id));
        self.is_plain = true;
        self.key.clear();
        self.key.push(self.sorted.len() as u32);
        self.key.extend(self.sorted.iter().map(|span| span.shape.number));
        self.records.clear();
        self.records.extend(records);
        if self.sorted.is_empty() || self.key[1..].contains(&NO_SHAPE) || !self.add_parents() || !self.add_records() {
            return Ok(false);
        }
        self.add_values(values);
        let one_resource = self.add_resources(answers)?;
        self.one_resource = one_resource;
        let resolutions = self.add_resolutions(answers)?;
        self.add_stood_still(one_resource);
        self.add_times(answers, &resolutions, one_resource)?;
        self.resolutions_of_spans = resolutions;
        Ok(true)
    }

    /// Add the index of each span's parent. Returns false if an id is there twice, or if a span is not in its parent.
    fn add_parents(&mut self) -> bool {
        let spans = &self.sorted;
        if spans.len() > FEW {
            self.indexes.clear();
            self.indexes.extend(spans.iter().enumerate().map(|(i, span)| (span.span_id, i as u32)));
            if self.indexes.len() < spans.len() {
                return false;
            }
        } else if (1..spans.len()).any(|i| spans[..i].iter().any(|each| each.span_id == spans[i].span_id)) {
            return false;
        }
        let begin = self.key.len();
        let mut later = false;
        for (i, span) in spans.iter().enumerate() {
            if span.end == 0 || span.end < span.start {
                return false;
            }
            let parent = if span.parent_id == 0 {
                ROOT
            } else if spans.len() > FEW {
                self.indexes.get(&span.parent_id).copied().unwrap_or(ELSEWHERE)
            } else {
                let found = spans.iter().position(|each| each.span_id == span.parent_id);
                found.map_or(ELSEWHERE, |index| index as u32)
            };
            self.key.push(parent);
            if let Some(above) = spans.get(parent as usize) {
                if above.start > span.start || above.end < span.end {
                    return false;
                }
                later |= parent as usize >= i;
            }
        }
        !later || is_forest(&self.key[begin..])
    }

    /// Add the shape of each log record, and the place of its span: by place, those of no span first.
    ///
    /// Returns false if one has no shape, or names a span that should be there.
    fn add_records(&mut self) -> bool {
        self.record_order.clear();
        self.record_places.clear();
        self.key.push(self.records.len() as u32);
        if self.records.is_empty() {
            return true;
        }
        self.is_plain = false;
        for record in &self.records {
            let place = if self.sorted.len() > FEW {
                self.indexes.get(&record.span_id).map(|&index| index as usize)
            } else {
                self.sorted.iter().position(|span| span.span_id == record.span_id)
            };
            if record.shape == NO_SHAPE || (place.is_none() && record.span_id != 0 && !record.unsampled) {
                return false;
            }
            self.record_places.push(place.map_or(0, |place| place as u32 + 1));
        }
        self.record_order.extend(0..self.records.len() as u32);
        self.record_order.sort_by_key(|&index| self.record_places[index as usize]);
        for &index in &self.record_order {
            self.key.extend([self.record_places[index as usize], self.records[index as usize].shape]);
        }
        true
    }

    /// Add which values are equal: each by its place among the distinct ones, in the order of the spans.
    fn add_values(&mut self, values: &[u32]) {
        let begin = self.key.len();
        self.key.push(0);
        let mut places = Places::new(&mut self.places);
        for span in &self.sorted {
            let own = &values[span.values.0 as usize..span.values.1 as usize];
            self.key.extend(own.iter().map(|&value| places.of(value).0));
        }
        for &index in &self.record_order {
            let record = &self.records[index as usize];
            let own = &values[record.values.0 as usize..record.values.1 as usize];
            self.key.extend(own.iter().map(|&value| places.of(value).0));
        }
        self.key[begin] = (self.key.len() - begin - 1) as u32;
    }

    /// Add which spans have one resource, and which resources are of one process. Returns whether there is one only.
    fn add_resources<A: Answers>(&mut self, answers: &mut A) -> Result<bool, A::Error> {
        let first = self.sorted[0].process;
        if self.sorted.iter().all(|span| span.process == first) {
            self.key.push(0);
            return Ok(true);
        }
        self.key.push(1);
        let mut distinct: Vec<u32> = Vec::new();
        let mut places = Places::new(&mut self.places);
        for span in &self.sorted {
            let (place, new) = places.of(span.process);
            self.key.push(place);
            if new {
                distinct.push(span.process);
            }
        }
        if distinct.len() <= MOST_COMPARED {
            for (i, &one) in distinct.iter().enumerate() {
                for &other in &distinct[..i] {
                    let known = self.relations.get(&(one, other)).copied();
                    let related = match known {
                        Some(related) => related,
                        None => *self.relations.entry((one, other)).insert(answers.related(one, other)?).get(),
                    };
                    self.key.push(related);
                }
            }
        }
        Ok(false)
    }

    /// Add the resolution of each span's times, and return them; none if all are exact.
    fn add_resolutions<A: Answers>(&mut self, answers: &mut A) -> Result<Vec<i64>, A::Error> {
        let mut coarse = false;
        let mut last = (NO_SHAPE, 1);
        for span in &self.sorted {
            if span.process != last.0 {
                let known = self.resolutions.get(&span.process).copied();
                let resolution = match known {
                    Some(resolution) => resolution,
                    None => *self.resolutions.entry(span.process).insert(answers.resolution(span.process)?).get(),
                };
                last = (span.process, resolution);
                coarse |= resolution > 1;
            }
        }
        self.key.push(u32::from(coarse));
        if !coarse {
            return Ok(Vec::new());
        }
        self.is_plain = false;
        let resolutions: Vec<i64> = self.sorted.iter().map(|span| self.resolutions[&span.process]).collect();
        self.push_numbers(resolutions.iter().copied());
        Ok(resolutions)
    }

    fn push_numbers(&mut self, numbers: impl Iterator<Item = i64>) {
        self.key.extend(numbers.flat_map(|number| [number as u32, (number >> 32) as u32]));
    }
}

/// The places of small numbers among the distinct ones, in the order in which they come.
struct Places<'a> {
    of_numbers: &'a mut Vec<u32>,
    seen: u32,
}

impl<'a> Places<'a> {
    fn new(of_numbers: &'a mut Vec<u32>) -> Self {
        of_numbers.clear();
        Places { of_numbers, seen: 0 }
    }

    /// Return the place of a number, and whether it is new.
    #[inline]
    fn of(&mut self, number: u32) -> (u32, bool) {
        let index = number as usize;
        if self.of_numbers.len() <= index {
            self.of_numbers.resize(index + 1, u32::MAX);
        }
        let place = &mut self.of_numbers[index];
        let new = *place == u32::MAX;
        if new {
            *place = self.seen;
            self.seen += 1;
        }
        (*place, new)
    }
}

/// Return whether there is no cycle. Call it only if a parent comes later: then both start at the same time.
fn is_forest(parents: &[u32]) -> bool {
    (0..parents.len()).all(|begin| {
        let (mut at, mut steps) = (begin as u32, 0);
        while at < ELSEWHERE && steps <= parents.len() {
            at = parents[at as usize];
            steps += 1;
        }
        steps <= parents.len()
    })
}
