//! Sets of the spans of one trace.

/// The places of spans.
#[derive(Default)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Empty the set, for places below `spans`.
    pub fn clear(&mut self, spans: usize) {
        self.words.clear();
        self.words.resize(spans.div_ceil(64), 0);
    }

    /// Add a place.
    #[inline]
    pub fn add(&mut self, place: u32) {
        self.words[place as usize / 64] |= 1 << (place % 64);
    }

    /// Return whether a place is in the set.
    #[inline]
    pub fn has(&self, place: u32) -> bool {
        self.words[place as usize / 64] >> (place % 64) & 1 == 1
    }

    /// Add all places of another set of the same trace.
    pub fn add_all(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(own, word)| *own |= word);
    }

    /// Return the set as bytes, the lowest place first.
    pub fn bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_added() {
        let (mut one, mut other) = (Bits::default(), Bits::default());
        one.clear(130);
        other.clear(130);
        one.add(3);
        other.add(129);
        one.add_all(&other);
        assert_eq!((one.has(3), one.has(4), one.has(129)), (true, false, true));
        assert_eq!(one.bytes()[..1], [8]);
        one.clear(130);
        assert!(!one.has(3));
    }
}
