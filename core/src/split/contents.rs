//! The contents of spans: their shapes, with those of their log records.

use crate::split::asked::{Content, PartAnswers};
use crate::split::interner::ENTRY;
use hashbrown::HashMap;

const UNKNOWN: u32 = u32::MAX;

/// The contents of one generation of shapes, by number.
#[derive(Default)]
pub struct Contents {
    of_shapes: Vec<u32>,
    with_records: HashMap<Box<[u32]>, u32>,
    all: Vec<Content>,
    key: Vec<u32>,
    /// So many bytes are taken, about.
    pub bytes: usize,
}

impl Contents {
    /// Return the number of the content of a span of this shape with log records of these; None if it is new to Python.
    #[inline]
    pub fn number<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        shape: u32,
        records: &[u32],
    ) -> Result<Option<u32>, A::Error> {
        if records.is_empty() {
            if let Some(&known) = self.of_shapes.get(shape as usize).filter(|&&known| known != UNKNOWN) {
                return Ok(Some(known));
            }
        } else {
            self.key.clear();
            self.key.push(shape);
            self.key.extend_from_slice(records);
            if let Some(&known) = self.with_records.get(&self.key[..]) {
                return Ok(Some(known));
            }
        }
        let Some(content) = answers.content(shape, records)? else { return Ok(None) };
        Ok(Some(self.add(shape, records, content)))
    }

    fn add(&mut self, shape: u32, records: &[u32], content: Content) -> u32 {
        let number = self.all.len() as u32;
        if records.is_empty() {
            let index = shape as usize;
            if index >= self.of_shapes.len() {
                self.of_shapes.resize(index + 1, UNKNOWN);
            }
            self.of_shapes[index] = number;
        } else {
            self.with_records.insert(self.key[..].into(), number);
        }
        let seen: usize = content.seen.iter().map(|seen| (2 + seen.fitting.len()) * ENTRY).sum();
        self.bytes += seen + records.len() * 4 + ENTRY;
        self.all.push(content);
        number
    }

    /// Return what all spans of a content have in common.
    #[inline]
    pub fn get(&self, content: u32) -> &Content {
        &self.all[content as usize]
    }

    /// Return whether a span of a content may break integrity if its parent is not in the trace.
    pub fn may_be_orphan(&self, content: u32) -> bool {
        self.get(content).may_be_orphan
    }

    /// Note that Python wants no more roots of a name.
    pub fn want_no_more(&mut self, name: u32) {
        for content in self.all.iter_mut().filter(|content| content.name == name) {
            content.wanted = false;
        }
    }
}
