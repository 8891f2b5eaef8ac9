//! Numbers for keys: equal numbers only for equal keys.

use hashbrown::HashMap;

/// What an entry of a table takes besides its key, about.
pub const ENTRY: usize = 48;

/// Keys with their numbers.
#[derive(Default)]
pub struct Interner {
    numbers: HashMap<Box<[u32]>, u32>,
    /// So many bytes are taken, about.
    pub bytes: usize,
}

impl Interner {
    /// Return the number of a key, a new one if it is new.
    #[inline]
    pub fn number(&mut self, key: &[u32]) -> u32 {
        if let Some(&known) = self.numbers.get(key) {
            return known;
        }
        let number = self.numbers.len() as u32;
        self.bytes += key.len() * 4 + ENTRY;
        self.numbers.insert(key.into(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_have_one_number() {
        let mut interner = Interner::default();
        let numbers: Vec<u32> = [&[1, 2][..], &[1], &[], &[1, 2], &[]].map(|key| interner.number(key)).to_vec();
        assert_eq!(numbers, [0, 1, 2, 0, 2]);
    }
}
