//! The verdicts that Python has cached, by the keys of traces, and how many traces each holds for.

use crate::counters::Counters;
use crate::traces::Span;
use hashbrown::{HashMap, HashSet};
use std::hash::BuildHasher;

/// A verdict on all traces of a key.
#[derive(Default)]
pub struct Verdict {
    /// Counters, and how many times each counts; if `names`, the first is the number that Python has given the verdict.
    pub counts: Vec<(u32, u32)>,
    /// For each contract with flows, its index, and the places of the flows' own spans: `ROOT` for the whole trace.
    pub flows: Vec<(usize, Vec<u32>)>,
    /// The places of roots that Python notes of each trace as long as it wants more, with the numbers of their names.
    pub roots: Vec<(u32, u32)>,
    /// Whether Python counts the names of log records of each trace.
    pub names: bool,
}

/// The bytes of a flow: those of its trace id, and of its span id, or zeros for the whole trace.
pub const FLOW: usize = 24;
/// So many bytes of keys are kept.
const MOST: usize = 1 << 21;
const ENTRY: usize = 256;

/// So many keys that were seen once are remembered, by their hashes.
const MOST_SEEN: usize = 1 << 14;

/// Verdicts by number, in the order in which they were added.
#[derive(Default)]
pub struct Verdicts {
    by_key: HashMap<Box<[u32]>, u32>,
    all: Vec<Verdict>,
    seen: HashSet<u64>,
    flows: Vec<Vec<u8>>,
    bytes: usize,
}

impl Verdicts {
    /// Return the number of the verdict on traces of this key.
    #[inline]
    pub fn number(&self, key: &[u32]) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    /// Add the next verdict.
    pub fn add(&mut self, key: &[u32], verdict: Verdict) {
        self.bytes += key.len() * 4 + verdict.counts.len() * 8 + ENTRY;
        self.by_key.insert(key.into(), self.all.len() as u32);
        self.all.push(verdict);
    }

    /// Return whether a key without a verdict was seen before: most of varied traffic never come again.
    pub fn comes_again(&mut self, key: &[u32]) -> bool {
        if self.seen.len() >= MOST_SEEN {
            self.seen.clear();
        }
        !self.seen.insert(self.by_key.hasher().hash_one(key))
    }

    /// Return whether all that is kept should be settled and forgotten.
    pub fn is_full(&self) -> bool {
        self.bytes > MOST
    }

    /// Return a verdict.
    #[inline]
    pub fn get(&mut self, number: u32) -> &mut Verdict {
        &mut self.all[number as usize]
    }

    /// Count one more trace of a verdict, and note its flows; `spans` are in the order of the places.
    #[inline]
    pub fn count(&mut self, number: u32, counters: &mut Counters, trace_id: u128, spans: &[Span]) {
        let verdict = &self.all[number as usize];
        verdict.counts.iter().for_each(|&(counter, times)| counters.add(counter, times));
        for (contract, places) in &verdict.flows {
            note(&mut self.flows, *contract, places, trace_id, spans);
        }
    }

    /// Note flows of a trace: the places of their spans.
    pub fn note_flows(&mut self, contract: usize, places: &[u32], trace_id: u128, spans: &[Span]) {
        note(&mut self.flows, contract, places, trace_id, spans);
    }

    /// Take out the flows noted since the last time, of each contract by its index.
    pub fn take_flows(&mut self) -> impl Iterator<Item = (usize, &mut Vec<u8>)> {
        self.flows.iter_mut().enumerate().filter(|(_, packed)| !packed.is_empty())
    }

    /// Return the flows noted since they were taken out.
    pub fn waiting_flows(&self) -> Vec<(usize, &[u8])> {
        self.flows.iter().map(Vec::as_slice).enumerate().filter(|(_, packed)| !packed.is_empty()).collect()
    }

    /// Return how many bytes of flows there are.
    pub fn waiting(&self) -> usize {
        self.flows.iter().map(Vec::len).sum()
    }

    /// Forget all verdicts.
    pub fn clear(&mut self) {
        self.by_key.clear();
        self.all.clear();
        self.bytes = 0;
    }
}

fn note(flows: &mut Vec<Vec<u8>>, contract: usize, places: &[u32], trace_id: u128, spans: &[Span]) {
    if flows.len() <= contract {
        flows.resize_with(contract + 1, Vec::new);
    }
    for &place in places {
        let span_id = spans.get(place as usize).map_or(0, |span| span.span_id);
        flows[contract].extend_from_slice(&trace_id.to_be_bytes());
        flows[contract].extend_from_slice(&span_id.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Shape;
    use crate::trace_key::ROOT;

    fn span(span_id: u64) -> Span {
        let shape = Shape { number: 0, ordered: false, concurrent: false, called: false };
        let (values, raw) = ((0, 0), (0, 0));
        Span { start: 1, end: 2, span_id, parent_id: 0, shape, process: 0, group: 0, values, raw }
    }

    #[test]
    fn a_trace_is_counted_with_its_flows() {
        let (mut verdicts, mut counters) = (Verdicts::default(), Counters::default());
        let counts = vec![(3, 1), (1, 2)];
        verdicts.add(&[1, 2], Verdict { counts, flows: vec![(1, vec![1, ROOT])], ..Verdict::default() });
        verdicts.add(&[1], Verdict::default());
        assert_eq!([&[1, 2][..], &[1], &[2]].map(|key| verdicts.number(key)), [Some(0), Some(1), None]);
        verdicts.count(0, &mut counters, 7, &[span(5), span(6)]);
        verdicts.count(0, &mut counters, 8, &[span(5), span(6)]);
        let flows: Vec<(usize, usize)> = verdicts.take_flows().map(|(i, packed)| (i, packed.len())).collect();
        assert_eq!(flows, [(1, 4 * FLOW)]);
        let first: Vec<u8> = verdicts.flows[1][..FLOW].to_vec();
        assert_eq!((first[15], first[23]), (7, 6));
        assert_eq!(verdicts.flows[1][FLOW + 23], 0);
        assert_eq!(counters.take(), [0, 4, 0, 2]);
        verdicts.clear();
        assert_eq!(verdicts.number(&[1]), None);
    }

    #[test]
    fn a_key_comes_again_when_it_was_seen() {
        let mut verdicts = Verdicts::default();
        assert_eq!([&[1][..], &[2], &[1]].map(|key| verdicts.comes_again(key)), [false, false, true]);
    }
}
