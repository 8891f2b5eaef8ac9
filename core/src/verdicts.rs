//! The verdicts that Python has cached, by the keys of traces, and how many traces each holds for.

use crate::traces::Span;
use hashbrown::HashMap;

/// A verdict on all traces of a key.
pub struct Verdict {
    /// For each contract with flows, its index, and the places of the flows' own spans: -1 for the whole trace.
    pub flows: Vec<(usize, Vec<i32>)>,
    /// The places of roots that Python notes of each trace, as long as it wants more.
    pub roots: Vec<u32>,
    /// Whether Python counts the names of log records of each trace.
    pub names: bool,
    times: u64,
}

/// The bytes of a flow: those of its trace id, and of its span id, or zeros for the whole trace.
pub const FLOW: usize = 24;
/// So many bytes of keys are kept.
const MOST: usize = 1 << 21;
const ENTRY: usize = 256;

/// Verdicts by number, in the order in which they were added.
#[derive(Default)]
pub struct Verdicts {
    by_key: HashMap<Box<[u32]>, u32>,
    all: Vec<Verdict>,
    flows: Vec<Vec<u8>>,
    bytes: usize,
}

impl Verdicts {
    /// Return the number of the verdict on traces of this key.
    #[inline]
    pub fn get(&self, key: &[u32]) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    /// Add the next verdict.
    pub fn add(&mut self, key: &[u32], flows: Vec<(usize, Vec<i32>)>, roots: Vec<u32>, names: bool) {
        self.bytes += key.len() * 4 + ENTRY;
        self.by_key.insert(key.into(), self.all.len() as u32);
        self.all.push(Verdict { flows, roots, names, times: 0 });
    }

    /// Return whether all that is kept should be settled and forgotten.
    pub fn is_full(&self) -> bool {
        self.bytes > MOST
    }

    /// Return the places of roots that Python notes of each trace of a verdict, to be emptied when it wants no more.
    #[inline]
    pub fn roots(&mut self, number: u32) -> &mut Vec<u32> {
        &mut self.all[number as usize].roots
    }

    /// Return whether Python counts the names of log records of each trace of a verdict.
    #[inline]
    pub fn names(&self, number: u32) -> bool {
        self.all[number as usize].names
    }

    /// Count one more trace of a verdict, and note its flows; `spans` are in the order of the places.
    #[inline]
    pub fn count(&mut self, number: u32, trace_id: u128, spans: &[Span]) {
        let verdict = &mut self.all[number as usize];
        verdict.times += 1;
        for (contract, places) in &verdict.flows {
            if self.flows.len() <= *contract {
                self.flows.resize_with(contract + 1, Vec::new);
            }
            let packed = &mut self.flows[*contract];
            for &place in places {
                packed.extend_from_slice(&trace_id.to_be_bytes());
                let span_id = usize::try_from(place).map_or(0, |place| spans[place].span_id);
                packed.extend_from_slice(&span_id.to_be_bytes());
            }
        }
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

    /// Return how many traces each verdict was counted for, and forget all verdicts.
    pub fn settle(&mut self) -> Vec<u64> {
        self.by_key.clear();
        self.bytes = 0;
        self.all.drain(..).map(|verdict| verdict.times).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Shape;

    fn span(span_id: u64) -> Span {
        let shape = Shape { number: 0, ordered: false, concurrent: false, called: false };
        let (values, raw) = ((0, 0), (0, 0));
        Span { start: 1, end: 2, span_id, parent_id: 0, shape, process: 0, group: 0, values, raw }
    }

    #[test]
    fn a_trace_is_counted_with_its_flows() {
        let mut verdicts = Verdicts::default();
        verdicts.add(&[1, 2], vec![(1, vec![1, -1])], vec![], false);
        verdicts.add(&[1], vec![], vec![], false);
        assert_eq!((verdicts.get(&[1, 2]), verdicts.get(&[1]), verdicts.get(&[2])), (Some(0), Some(1), None));
        verdicts.count(0, 7, &[span(5), span(6)]);
        verdicts.count(0, 8, &[span(5), span(6)]);
        let flows: Vec<(usize, usize)> = verdicts.take_flows().map(|(i, packed)| (i, packed.len())).collect();
        assert_eq!(flows, [(1, 4 * FLOW)]);
        let first: Vec<u8> = verdicts.flows[1][..FLOW].to_vec();
        assert_eq!((first[15], first[23]), (7, 6));
        assert_eq!(verdicts.flows[1][FLOW + 23], 0);
        assert_eq!(verdicts.settle(), [2, 0]);
        assert_eq!(verdicts.get(&[1]), None);
    }
}
