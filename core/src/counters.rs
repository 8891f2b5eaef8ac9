//! How often things are to be added some time: Python numbers them, and adds them when it is handed the numbers.

/// Counts by number.
#[derive(Default)]
pub struct Counters {
    times: Vec<u64>,
}

/// The counter of what adds nothing.
pub const NOTHING: u32 = 0;

impl Counters {
    /// Count a thing so many times more.
    #[inline]
    pub fn add(&mut self, number: u32, times: u32) {
        let index = number as usize;
        if index >= self.times.len() {
            self.times.resize(index + 1, 0);
        }
        self.times[index] += u64::from(times);
    }

    /// Take out all counts.
    pub fn take(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.times)
    }
}
