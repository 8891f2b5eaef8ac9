//! Remember for each trace the last document in which it occurs, in little memory.
//!
//! Open addressing in many small tables, of which one grows at a time, and by a quarter: 12 bytes a slot, and about five
//! slots for four traces.

use hashbrown::HashMap;

const SHARDS: usize = 64;
const FIRST: usize = 64;

/// The last document of each trace. Documents are numbered from 1.
///
/// Two ids with one hash of 63 bits share a slot, so that both end with the later one.
pub struct LastSeen {
    shards: Vec<Shard>,
    others: HashMap<Box<str>, u32>,
}

struct Shard {
    keys: Vec<u64>,
    places: Vec<u32>,
    used: usize,
}

impl Default for LastSeen {
    fn default() -> Self {
        LastSeen { shards: (0..SHARDS).map(|_| Shard::of(FIRST)).collect(), others: HashMap::new() }
    }
}

impl LastSeen {
    /// Note a trace of the next document.
    #[inline]
    pub fn note(&mut self, trace_id: u128, place: u32) {
        let key = key_of(trace_id);
        self.shards[shard_of(key)].put(key, place);
    }

    /// Return the last document of a trace, 0 for one that was never noted.
    #[inline]
    pub fn place(&self, trace_id: u128) -> u32 {
        let key = key_of(trace_id);
        let shard = &self.shards[shard_of(key)];
        shard.places[shard.slot(key)]
    }

    /// Note a trace of the next document whose id is no number.
    pub fn note_other(&mut self, trace_id: Box<str>, place: u32) {
        self.others.insert(trace_id, place);
    }

    /// Return the last document of such a trace.
    pub fn place_of_other(&self, trace_id: &str) -> u32 {
        self.others.get(trace_id).copied().unwrap_or(0)
    }
}

impl Shard {
    fn of(slots: usize) -> Self {
        Shard { keys: vec![0; slots], places: vec![0; slots], used: 0 }
    }

    /// Return the slot of a key, or the empty one where it belongs.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let slots = self.keys.len();
        let mut slot = ((u128::from(key) * slots as u128) >> 64) as usize;
        while self.keys[slot] != key && self.keys[slot] != 0 {
            slot = if slot + 1 == slots { 0 } else { slot + 1 };
        }
        slot
    }

    #[inline]
    fn put(&mut self, key: u64, place: u32) {
        let slot = self.slot(key);
        if self.keys[slot] == 0 {
            self.keys[slot] = key;
            self.used += 1;
        }
        self.places[slot] = place;
        if self.used * 8 > self.keys.len() * 7 {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let mut larger = Shard::of(self.keys.len() * 5 / 4);
        for (&key, &place) in self.keys.iter().zip(&self.places) {
            if key != 0 {
                larger.put(key, place);
            }
        }
        *self = larger;
    }
}

/// Return a hash of an id, never 0. Ids need not be random.
#[inline]
fn key_of(trace_id: u128) -> u64 {
    let mut mixed = (trace_id as u64 ^ (trace_id >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (trace_id >> 64) as u64 ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed | 1
}

/// The shard is chosen by low bits, the slot by high ones.
#[inline]
fn shard_of(key: u64) -> usize {
    (key >> 1) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_document_of_each_trace_is_kept() {
        let mut seen = LastSeen::default();
        let ids: Vec<u128> = (1..50_000u128).map(|i| i * 0x1_0000_0001 + (i << 80)).collect();
        for (place, &id) in ids.iter().enumerate() {
            seen.note(id, place as u32 + 1);
            seen.note(ids[0], place as u32 + 1);
        }
        assert_eq!(seen.place(ids[0]), ids.len() as u32);
        assert!(ids.iter().enumerate().skip(1).all(|(place, &id)| seen.place(id) == place as u32 + 1));
        assert_eq!(seen.place(7), 0);
    }

    #[test]
    fn most_slots_are_used() {
        let mut seen = LastSeen::default();
        (1..100_000u128).for_each(|id| seen.note(id, 1));
        let slots: usize = seen.shards.iter().map(|shard| shard.keys.len()).sum();
        assert!(slots < 150_000, "{slots}");
    }
}
