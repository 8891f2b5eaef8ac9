//! Where traces end, by blocks and a filter, against a table of all traces. Both are so small that all of it happens:
//! traces are in several blocks, and the filter takes some ids for others.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanpact_core::trace_ends::TraceEnds;
use spanpact_core_fuzz::kept::Kept;
use std::collections::HashMap;

/// Make the ids of each document: a byte ends one, adds a few new ids, or one that was there before.
fn documents(bytes: &[u8]) -> Vec<Vec<u128>> {
    let (mut documents, mut ids) = (vec![Vec::new()], 0u128);
    let id = |number: u128| number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    for &byte in bytes {
        let known = ids;
        let last = documents.last_mut().expect("a document");
        match byte {
            0..=63 => documents.push(Vec::new()),
            64..=127 => {
                ids += u128::from(byte % 8) + 1;
                last.extend((known..ids).map(id));
            }
            _ if known > 0 => last.push(id(known.saturating_sub(1 + u128::from(byte - 128)) % known)),
            _ => {}
        }
    }
    documents
}

fuzz_target!(|bytes: &[u8]| {
    let [least, bytes @ ..] = bytes else { return };
    let documents = documents(bytes);
    let (mut ends, mut store) = (TraceEnds::new(1 + usize::from(least % 16), 7), Kept::default());
    for (ids, place) in documents.iter().zip(1..) {
        ids.iter().for_each(|&id| ends.note(id, place));
        let Ok(()) = ends.write_full(&mut store);
    }
    let Ok(()) = ends.write_all(&mut store);
    let lasts: HashMap<u128, u32> =
        documents.iter().zip(1..).flat_map(|(ids, place)| ids.iter().map(move |&id| (id, place))).collect();
    let mut begun: HashMap<u128, u32> = HashMap::new();
    for (ids, place) in documents.iter().zip(1..) {
        let Ok(()) = ends.reach(place, &mut store);
        for &id in ids {
            let late = id % 3 == 0; // a link names it before it begins
            if begun.contains_key(&id) || late && lasts[&id] != place {
                continue;
            }
            assert_eq!(ends.take(id, place), lasts[&id]);
            begun.insert(id, place);
        }
        assert_eq!(ends.take(1, place), 0); // never noted
        for (&id, _) in lasts.iter().filter(|(_, &last)| last < place).take(4) {
            assert_eq!(ends.take(id, place), 0); // over
        }
    }
    assert_eq!(begun.len(), lasts.len());
});
