//! The resources, each with a scope, that the tables and the open traces refer to by number.

/// A resource with a scope.
pub struct Entry<G> {
    /// What Python needs to decode a span of it.
    pub handle: G,
    /// The number of the resource among those that are distinct.
    pub process: u32,
    /// Whether the clocks want to know more starts of its spans.
    pub wants_starts: bool,
    held: u32,
    in_tables: bool,
}

/// Numbered groups. A number is free again when neither a table nor a span has it.
pub struct Groups<G> {
    all: Vec<Option<Entry<G>>>,
    free: Vec<u32>,
}

impl<G> Default for Groups<G> {
    fn default() -> Self {
        Groups { all: Vec::new(), free: Vec::new() }
    }
}

impl<G> Groups<G> {
    /// Add a group that is in a table, and return its number.
    pub fn add(&mut self, handle: G, process: u32) -> u32 {
        let entry = Some(Entry { handle, process, wants_starts: true, held: 0, in_tables: true });
        match self.free.pop() {
            Some(number) => {
                self.all[number as usize] = entry;
                number
            }
            None => {
                self.all.push(entry);
                self.all.len() as u32 - 1
            }
        }
    }

    /// Return a group that is in a table, or held.
    #[inline]
    pub fn get(&self, number: u32) -> &Entry<G> {
        self.all[number as usize].as_ref().expect("a group in use")
    }

    /// Return the same, to change it.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> &mut Entry<G> {
        self.all[number as usize].as_mut().expect("a group in use")
    }

    /// Note that one more span has the group.
    #[inline]
    pub fn hold(&mut self, number: u32) {
        self.get_mut(number).held += 1;
    }

    /// Note that one span less has it.
    #[inline]
    pub fn release(&mut self, number: u32) {
        let entry = self.get_mut(number);
        entry.held -= 1;
        if entry.held == 0 && !entry.in_tables {
            self.drop_entry(number);
        }
    }

    /// Note that the tables were emptied.
    pub fn leave_tables(&mut self) {
        for number in 0..self.all.len() as u32 {
            let Some(entry) = &mut self.all[number as usize] else { continue };
            entry.in_tables = false;
            if entry.held == 0 {
                self.drop_entry(number);
            }
        }
    }

    fn drop_entry(&mut self, number: u32) {
        self.all[number as usize] = None;
        self.free.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_free_when_nobody_has_it() {
        let mut groups = Groups::default();
        let (one, other) = (groups.add("one", 0), groups.add("other", 1));
        groups.hold(one);
        groups.leave_tables();
        assert_eq!(groups.get(one).handle, "one");
        assert_eq!(groups.add("third", 2), other);
        groups.release(one);
        assert_eq!(groups.add("fourth", 3), one);
    }
}
