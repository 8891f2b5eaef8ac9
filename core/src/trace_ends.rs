//! Find the last document in which each trace occurs, in constant memory.
//!
//! First pass: the ids of each document are noted among the recent traces; those that began longest ago go to a store,
//! in blocks, by the document in which they began. Second pass: blocks are read along with the documents, as traces begin
//! in their order. A trace that pauses for long is in several blocks; it ends where the last of these says. A filter that
//! never misses an id tells which ids these may be, and they alone stay in memory.

use hashbrown::hash_map::Entry;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// So many traces stay in memory when others are written.
const RECENT: usize = 1 << 11;
/// Bytes of a trace in a block: its id and its last document.
const ENTRY: usize = 16 + 4;
/// The filter has so many bits, as a power of two: 2 MiB.
const FILTER: u32 = 24;

/// Where blocks are kept.
pub trait Store {
    /// What may go wrong.
    type Error;
    /// Keep some bytes. Return their place.
    fn write(&mut self, data: &[u8]) -> Result<i64, Self::Error>;
    /// Return so many bytes from a place.
    fn read(&mut self, place: i64, length: usize) -> Result<Vec<u8>, Self::Error>;
}

/// The last document of each trace. Documents are numbered from 1.
///
/// Call `note` and `write_full` for each document and then `write_all`; after that `reach` for each document again, and
/// `take` for each trace that begins in it.
pub struct TraceEnds {
    least: usize,
    recent: HashMap<u128, u32>,
    order: VecDeque<u128>,
    /// A document, and how many of the recent traces begin in it.
    begun: VecDeque<(u32, usize)>,
    blocks: VecDeque<Block>,
    filter: Filter,
    repeated: HashMap<u128, u32>,
    others: HashMap<Box<str>, u32>,
    coming: HashMap<u128, u32>,
    until: u32,
}

/// Some traces in the store, which began in documents up to `until`.
struct Block {
    until: u32,
    place: i64,
    traces: usize,
}

impl Default for TraceEnds {
    fn default() -> Self {
        TraceEnds::new(RECENT, FILTER)
    }
}

impl TraceEnds {
    /// Make an empty table that leaves so many traces in memory, with a filter of so many bits, as a power of two.
    pub fn new(least: usize, filter: u32) -> Self {
        TraceEnds {
            least,
            recent: HashMap::new(),
            order: VecDeque::new(),
            begun: VecDeque::new(),
            blocks: VecDeque::new(),
            filter: Filter { words: vec![0; 1 << (filter - 6)], bits: filter },
            repeated: HashMap::new(),
            others: HashMap::new(),
            coming: HashMap::new(),
            until: 0,
        }
    }

    /// Note a trace of the next document.
    #[inline]
    pub fn note(&mut self, trace_id: u128, place: u32) {
        match self.recent.entry(trace_id) {
            Entry::Occupied(mut last) => *last.get_mut() = place,
            Entry::Vacant(last) => {
                last.insert(place);
                self.order.push_back(trace_id);
                match self.begun.back_mut() {
                    Some((document, traces)) if *document == place => *traces += 1,
                    _ => self.begun.push_back((place, 1)),
                }
            }
        }
    }

    /// Note a trace of the next document whose id is no number. Such ids stay in memory.
    pub fn note_other(&mut self, trace_id: Box<str>, place: u32) {
        self.others.insert(trace_id, place);
    }

    /// Write a block if many traces are in memory.
    pub fn write_full<S: Store>(&mut self, store: &mut S) -> Result<(), S::Error> {
        if self.order.len() >= 2 * self.least {
            self.write(self.least, store)?;
        }
        Ok(())
    }

    /// Write all traces that are still in memory. The first pass is over.
    pub fn write_all<S: Store>(&mut self, store: &mut S) -> Result<(), S::Error> {
        while !self.order.is_empty() {
            self.write(self.least, store)?;
        }
        self.filter.words = Vec::new();
        Ok(())
    }

    /// Write at least so many traces, or all: those that begin in the oldest documents.
    fn write<S: Store>(&mut self, least: usize, store: &mut S) -> Result<(), S::Error> {
        let (mut traces, mut until) = (0, 0);
        while traces < least {
            let Some((document, begun)) = self.begun.pop_front() else { break };
            (traces, until) = (traces + begun, document);
        }
        let mut data = Vec::with_capacity(traces * ENTRY);
        for id in self.order.drain(..traces) {
            let last = self.recent.remove(&id).unwrap_or(until);
            if self.filter.add(id) {
                self.repeated.insert(id, last);
            }
            data.extend_from_slice(&id.to_le_bytes());
            data.extend_from_slice(&last.to_le_bytes());
        }
        let place = store.write(&data)?;
        self.blocks.push_back(Block { until, place, traces });
        Ok(())
    }

    /// Read the blocks of the traces that begin up to this document. Call it before the document.
    pub fn reach<S: Store>(&mut self, place: u32, store: &mut S) -> Result<(), S::Error> {
        while self.until < place {
            let Some(block) = self.blocks.pop_front() else { break };
            self.coming.retain(|_, last| *last >= place); // those of a link's trace that begins later
            let data = store.read(block.place, block.traces * ENTRY)?;
            for entry in data.chunks_exact(ENTRY) {
                let (id, last) = entry.split_at(16);
                let id = u128::from_le_bytes(id.try_into().unwrap_or_default());
                let last = u32::from_le_bytes(last.try_into().unwrap_or_default());
                let last = self.repeated.get(&id).map_or(last, |&latest| latest.max(last));
                self.coming.entry(id).or_insert(last);
            }
            self.until = block.until;
        }
        Ok(())
    }

    /// Return the last document of a trace that begins in this one; 0 for one that was not noted, or is over.
    #[inline]
    pub fn take(&mut self, trace_id: u128, place: u32) -> u32 {
        self.coming.remove(&trace_id).filter(|&last| last >= place).unwrap_or(0)
    }

    /// Do the same for a trace whose id is no number.
    pub fn take_other(&self, trace_id: &str, place: u32) -> u32 {
        self.others.get(trace_id).copied().filter(|&last| last >= place).unwrap_or(0)
    }
}

/// A set that never misses an id that was added, and now and then takes another for one (a Bloom filter).
struct Filter {
    words: Vec<u64>,
    bits: u32,
}

impl Filter {
    /// Add an id. Return whether it may have been there.
    fn add(&mut self, id: u128) -> bool {
        let one = (id as u64 ^ (id >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let other = ((id >> 64) as u64 ^ one >> 29).wrapping_mul(0xd6e8_feb8_6659_fd93) | 1;
        let mut known = true;
        for round in 0..3u64 {
            let bit = one.wrapping_add(other.wrapping_mul(round)) >> (64 - self.bits);
            let (word, mask) = (&mut self.words[bit as usize / 64], 1 << (bit % 64));
            known &= *word & mask != 0;
            *word |= mask;
        }
        known
    }
}

#[cfg(test)]
#[allow(missing_docs)]
pub mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Blocks in memory.
    #[derive(Default)]
    pub struct Kept(Vec<Vec<u8>>);

    /// Return a few traces that were noted, at the first document of the second pass.
    pub fn reached(mut ends: TraceEnds) -> TraceEnds {
        let mut store = Kept::default();
        let Ok(()) = ends.write_all(&mut store);
        let Ok(()) = ends.reach(1, &mut store);
        ends
    }

    impl Store for Kept {
        type Error = Infallible;

        fn write(&mut self, data: &[u8]) -> Result<i64, Infallible> {
            self.0.push(data.to_vec());
            Ok(self.0.len() as i64 - 1)
        }

        fn read(&mut self, place: i64, length: usize) -> Result<Vec<u8>, Infallible> {
            let data = std::mem::take(&mut self.0[place as usize]);
            assert_eq!(data.len(), length);
            Ok(data)
        }
    }

    fn noted(documents: &[Vec<u128>]) -> (TraceEnds, Kept) {
        let (mut ends, mut store) = (TraceEnds::default(), Kept::default());
        for (place, ids) in documents.iter().enumerate() {
            ids.iter().for_each(|&id| ends.note(id, place as u32 + 1));
            let Ok(()) = ends.write_full(&mut store);
        }
        let Ok(()) = ends.write_all(&mut store);
        (ends, store)
    }

    fn id(number: u128) -> u128 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    #[test]
    fn the_last_document_of_each_trace_is_found_in_both_passes() {
        // Each trace is in three documents; every hundredth comes back after a long pause.
        let mut documents: Vec<Vec<u128>> = vec![Vec::new(); 3000];
        for trace in 0..40_000u128 {
            let first = trace as usize / 20;
            (0..3).for_each(|later| documents[first + later].push(id(trace)));
            if trace % 100 == 0 {
                documents[first + 900].push(id(trace));
            }
        }
        let (mut ends, mut store) = noted(&documents);
        assert!(store.0.len() > 10);
        let mut begun = hashbrown::HashSet::new();
        let lasts: HashMap<u128, u32> =
            documents.iter().zip(1..).flat_map(|(ids, place)| ids.iter().map(move |&each| (each, place))).collect();
        for (i, ids) in documents.iter().enumerate() {
            let place = i as u32 + 1;
            let Ok(()) = ends.reach(place, &mut store);
            for &each in ids {
                if begun.insert(each) {
                    assert_eq!(ends.take(each, place), lasts[&each]);
                }
            }
            assert!(ends.coming.len() < 4 * RECENT, "{}", ends.coming.len());
        }
        assert!(ends.repeated.len() < 500, "{}", ends.repeated.len());
    }

    #[test]
    fn a_trace_that_a_link_named_early_is_known_when_it_begins() {
        let mut documents: Vec<Vec<u128>> = (0..900u128).map(|i| (0..20).map(|j| id(20 * i + j)).collect()).collect();
        documents[0].push(id(1 << 40));
        documents[899].push(id(1 << 40));
        let (mut ends, mut store) = noted(&documents);
        for place in 1..=900 {
            let Ok(()) = ends.reach(place, &mut store);
        }
        assert_eq!(ends.take(id(1 << 40), 900), 900);
    }

    #[test]
    fn a_trace_that_was_not_noted_or_is_over_has_no_end() {
        let (mut ends, mut store) = noted(&[vec![id(1)], vec![id(2)]]);
        ends.note_other("odd".into(), 2);
        let Ok(()) = ends.reach(2, &mut store);
        assert_eq!((ends.take(id(1), 2), ends.take(id(2), 2), ends.take(id(3), 2)), (0, 2, 0));
        assert_eq!((ends.take_other("odd", 1), ends.take_other("odd", 3), ends.take_other("else", 1)), (2, 0, 0));
    }
}
