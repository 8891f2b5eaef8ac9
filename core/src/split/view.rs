//! One trace as the keys of its parts see it: contents of spans, their tree, their values.

use crate::split::asked::{PartAnswers, Process};
use crate::split::contents::Contents;
use crate::split::processes::Processes;
use crate::trace_key::{KeyMaker, ELSEWHERE, ROOT};

/// The place of the whole trace as the span of a flow.
pub const TOP: u32 = ROOT;

/// The view of one trace; spans are in the order of its key.
#[derive(Default)]
pub struct View {
    /// The content of each span.
    pub contents: Vec<u32>,
    /// The place of each one's parent; `ROOT` or `ELSEWHERE` where it has none in the trace.
    pub parents: Vec<u32>,
    /// The spans without a parent in the trace.
    pub roots: Vec<u32>,
    /// Starts and ends in nanoseconds.
    pub times: Vec<(i64, i64)>,
    /// Whether the clock of each span stood still; empty if none did.
    pub still: Vec<bool>,
    /// The resolution of each one's times; empty if all are exact.
    pub resolutions: Vec<i64>,
    /// Whether all spans are surely of one process.
    pub is_one_process: bool,
    /// Whether the remote flag of each span means what its shape says, whatever other spans there are.
    pub has_flags_by_shape: bool,
    /// How many log records the spans have.
    pub records: u32,
    shapes: Vec<u32>,
    called: Vec<bool>,
    resources: Vec<u32>,
    children: Vec<u32>,
    first_child: Vec<u32>,
    values: Vec<u32>,
    first_value: Vec<u32>,
    processes: Vec<Process>,
    places: Vec<u32>,
}

impl View {
    /// Look at the trace of the last key, whose compared values have the indexes `values`.
    ///
    /// Returns false if it has no parts: a content is new to Python, a log record has no span, or it may break integrity.
    pub fn look<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        keys: &KeyMaker,
        known: &mut Contents,
        values: &[u32],
    ) -> Result<bool, A::Error> {
        let spans = keys.sorted();
        self.parents.clear();
        self.parents.extend_from_slice(keys.parents());
        if !self.find_contents(answers, keys, known, values)? || !self.find_roots(known) {
            return Ok(false);
        }
        self.find_children();
        self.times.clear();
        self.times.extend(spans.iter().map(|span| (span.start as i64, span.end as i64)));
        self.shapes.clear();
        self.shapes.extend(spans.iter().map(|span| span.shape.number));
        self.called.clear();
        self.called.extend(spans.iter().map(|span| span.shape.called));
        self.resources.clear();
        self.resources.extend(spans.iter().map(|span| span.process));
        self.still.clear();
        self.still.extend_from_slice(keys.still());
        self.resolutions.clear();
        self.resolutions.extend_from_slice(keys.resolutions());
        self.processes.clear();
        let called = |inside: fn(u32) -> bool| {
            self.called.iter().zip(&self.parents).any(|(&called, &parent)| called && inside(parent))
        };
        self.is_one_process = keys.is_of_one_resource() && !called(|parent| parent < ELSEWHERE);
        self.has_flags_by_shape = keys.is_of_one_resource() && !called(|parent| parent != ROOT);
        Ok(true)
    }

    fn find_contents<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        keys: &KeyMaker,
        known: &mut Contents,
        values: &[u32],
    ) -> Result<bool, A::Error> {
        self.contents.clear();
        self.values.clear();
        self.first_value.clear();
        self.records = 0;
        let mut records = keys.records().peekable();
        if records.peek().is_some_and(|&(place, _)| place.is_none()) {
            return Ok(false);
        }
        let mut key = Vec::new();
        for (i, span) in keys.sorted().iter().enumerate() {
            self.first_value.push(self.values.len() as u32);
            self.values.extend_from_slice(&values[span.values.0 as usize..span.values.1 as usize]);
            key.clear();
            while let Some((_, record)) = records.next_if(|&(place, _)| place == Some(i as u32)) {
                self.values.extend_from_slice(&values[record.values.0 as usize..record.values.1 as usize]);
                key.push(record.shape);
                self.records += 1;
            }
            let Some(content) = known.number(answers, span.shape.number, &key)? else { return Ok(false) };
            self.contents.push(content);
        }
        self.first_value.push(self.values.len() as u32);
        Ok(true)
    }

    /// Return whether there surely is one root and every parent, so that nothing breaks integrity.
    fn find_roots(&mut self, known: &Contents) -> bool {
        self.roots.clear();
        let mut without_parent = 0;
        for (i, &parent) in self.parents.iter().enumerate() {
            if parent < ELSEWHERE {
                continue;
            }
            self.roots.push(i as u32);
            if parent == ROOT {
                without_parent += 1;
            } else if known.may_be_orphan(self.contents[i]) {
                return false;
            }
        }
        without_parent <= 1
    }

    fn find_children(&mut self) {
        let spans = self.parents.len();
        self.first_child.clear();
        self.first_child.resize(spans + 1, 0);
        for &parent in self.parents.iter().filter(|&&parent| parent < ELSEWHERE) {
            self.first_child[parent as usize + 1] += 1;
        }
        for i in 0..spans {
            self.first_child[i + 1] += self.first_child[i];
        }
        self.places.clear();
        self.places.extend_from_slice(&self.first_child);
        self.children.clear();
        self.children.resize(spans, 0);
        for (i, &parent) in self.parents.iter().enumerate().filter(|(_, &parent)| parent < ELSEWHERE) {
            let place = &mut self.places[parent as usize];
            self.children[*place as usize] = i as u32;
            *place += 1;
        }
    }

    /// Return the children of a span by start; of the whole trace, its roots.
    #[inline]
    pub fn children(&self, i: u32) -> &[u32] {
        if i == TOP {
            return &self.roots;
        }
        &self.children[self.first_child[i as usize] as usize..self.first_child[i as usize + 1] as usize]
    }

    /// Add all spans below a span, by start.
    pub fn add_below(&self, i: u32, below: &mut Vec<u32>) {
        if i == TOP {
            return below.extend(0..self.contents.len() as u32);
        }
        let begin = below.len();
        below.extend_from_slice(self.children(i));
        let mut at = begin;
        while at < below.len() {
            below.extend_from_slice(self.children(below[at]));
            at += 1;
        }
        below[begin..].sort_unstable();
    }

    /// Return the indexes of the compared values of a span, then those of its log records.
    #[inline]
    pub fn values(&self, i: u32) -> &[u32] {
        &self.values[self.first_value[i as usize] as usize..self.first_value[i as usize + 1] as usize]
    }

    /// Find the processes of the spans, unless that was done.
    pub fn find_processes<A: PartAnswers>(&mut self, answers: &mut A, known: &mut Processes) -> Result<(), A::Error> {
        if self.processes.is_empty() {
            let (shapes, called) = (&self.shapes, &self.called);
            known.find(answers, shapes, called, &self.resources, &self.parents, &mut self.processes)?;
        }
        Ok(())
    }

    /// Return what was found of the process of a span.
    pub fn process(&self, i: u32) -> Process {
        self.processes[i as usize]
    }
}
