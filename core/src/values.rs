//! Values that are compared with those of other spans: bytes that are equal for equal values.

use hashbrown::HashMap;

/// Some values, one after another.
#[derive(Default)]
pub struct Values {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// The indexes of distinct values by their bytes, once there are many.
    many: HashMap<Box<[u8]>, u32>,
}

/// So many distinct values are searched one by one.
const FEW: u32 = 16;

/// What texts begin with, so that no text equals a value of another kind.
pub const TEXT: u8 = b's';

impl Values {
    /// Forget all values.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.many.clear();
    }

    /// Return how many there are.
    #[inline]
    pub fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    /// Return whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Add a value.
    #[inline]
    pub fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Add a text, which is the same decoded.
    #[inline]
    pub fn push_text(&mut self, text: &[u8]) {
        self.bytes.push(TEXT);
        self.push(text);
    }

    /// Return a value.
    #[inline]
    pub fn get(&self, index: u32) -> &[u8] {
        let begin = if index == 0 { 0 } else { self.ends[index as usize - 1] };
        &self.bytes[begin as usize..self.ends[index as usize] as usize]
    }

    /// Return the index of an equal value, or add this one. The values were all added by this function.
    ///
    /// The last one is compared first: the spans of a trace mostly have one value.
    #[inline]
    pub fn index_of(&mut self, value: &[u8]) -> u32 {
        let found = if self.len() <= FEW {
            (0..self.len()).rev().find(|&index| self.get(index) == value)
        } else {
            if self.many.is_empty() {
                self.many = (0..self.len()).map(|index| (self.get(index).into(), index)).collect();
            }
            self.many.get(value).copied()
        };
        found.unwrap_or_else(|| {
            let index = self.len();
            self.push(value);
            if !self.many.is_empty() {
                self.many.insert(value.into(), index);
            }
            index
        })
    }

    /// Return the bytes of memory that are kept for later values.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity() + 4 * self.ends.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_one_index() {
        let mut values = Values::default();
        let indexes: Vec<u32> = ["a", "b", "", "a", "", "ab"].map(|each| values.index_of(each.as_bytes())).to_vec();
        assert_eq!(indexes, [0, 1, 2, 0, 2, 3]);
        assert_eq!(values.get(3), b"ab");
    }

    #[test]
    fn many_values_are_found_too() {
        let mut values = Values::default();
        for _ in 0..2 {
            let indexes: Vec<u32> = (0..100).map(|i| values.index_of(format!("v{i}").as_bytes())).collect();
            assert_eq!(indexes, (0..100).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn a_text_is_no_other_value() {
        let mut values = Values::default();
        values.push(b"n1");
        values.push_text(b"n1");
        assert_ne!(values.get(0), values.get(1));
        assert_eq!(values.len(), 2);
    }
}
