//! The key of a flow: all that the entries of a contract can distinguish of its spans (`split_keys/flow_keys.py`).

use crate::split::asked::{Outline, PartAnswers, Place, Seen};
use crate::split::classes::Labels;
use crate::split::contents::Contents;
use crate::split::interner::Interner;
use crate::split::processes::Processes;
use crate::split::times::Times;
use crate::split::view::{View, TOP};

/// So many spans that fit an entry make a key, in one flow.
const MOST_VISITED: usize = 10_000;
const OF_ENTRY: u32 = 0;
const OF_OTHER: u32 = 1;
const OF_SEVERAL: u32 = 2;

/// What a span is in the place of an entry: the number of its key there, and the spans in this key.
#[derive(Clone, Copy)]
pub struct Role {
    /// The number of the entry.
    pub entry: u32,
    /// The number of the key.
    pub number: u32,
    spans: (u32, u32),
}

/// The spans of the flow at hand that fit an entry, with what they are there.
#[derive(Default)]
pub struct Roles {
    of_spans: Vec<Vec<Role>>,
    /// Those that have a role; `TOP` may be the first of them.
    pub spans: Vec<u32>,
    of_top: Vec<Role>,
}

impl Roles {
    fn clear(&mut self, spans: usize) {
        for &i in &self.spans {
            match i {
                TOP => self.of_top.clear(),
                _ => self.of_spans[i as usize].clear(),
            }
        }
        self.spans.clear();
        if self.of_spans.len() < spans {
            self.of_spans.resize_with(spans, Vec::new);
        }
    }

    /// Return what a span is.
    pub fn of(&self, i: u32) -> &[Role] {
        match i {
            TOP => &self.of_top,
            _ => &self.of_spans[i as usize],
        }
    }

    fn add(&mut self, i: u32, role: Role) {
        match i {
            TOP => self.of_top.push(role),
            _ => self.of_spans[i as usize].push(role),
        }
    }
}

/// The keys of the flows of one contract.
#[derive(Default)]
pub struct FlowKeys {
    numbers: Interner,
    times: Times,
    roles: Roles,
    labels: Labels,
    found: Vec<(u32, (u32, u32))>,
    below: Vec<u32>,
    spans: Vec<u32>,
    visited: usize,
    in_key: (u32, u32),
    /// The last key.
    pub key: Vec<u32>,
}

/// What a key is made of besides the trace: the contract with its number, what it sees of contents, and classes.
pub struct Given<'a> {
    /// The number of the contract.
    pub contract: usize,
    /// The contract.
    pub outline: &'a Outline,
    /// All contents.
    pub contents: &'a Contents,
    /// The class of each span.
    pub classes: &'a [u32],
}

impl Given<'_> {
    #[inline]
    fn seen(&self, content: u32) -> &Seen {
        &self.contents.get(content).seen[self.contract]
    }
}

impl FlowKeys {
    /// Return how many bytes are taken, about.
    pub fn bytes(&self) -> usize {
        self.numbers.bytes
    }

    /// Return the spans in the last key, in an order that is the same for flows with equal keys.
    pub fn spans(&self) -> &[u32] {
        &self.spans[self.in_key.0 as usize..self.in_key.1 as usize]
    }

    /// Make the key of the flow of span `own`. Returns false if so many spans fit entries that it is not worth it.
    pub fn make<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        given: &Given,
        view: &mut View,
        processes: &mut Processes,
        own: u32,
    ) -> Result<bool, A::Error> {
        self.roles.clear(view.contents.len());
        self.labels.clear();
        self.spans.clear();
        self.visited = 0;
        let top = self.of_entry(given, view, 0, own);
        if self.visited > MOST_VISITED {
            return Ok(false);
        }
        self.key.clear();
        self.key.push(top.number);
        self.times.add(answers, given, view, processes, &self.roles, own, &mut self.key)?;
        self.in_key = top.spans;
        Ok(true)
    }

    fn of_entry(&mut self, given: &Given, view: &View, entry: u32, i: u32) -> Role {
        if let Some(&known) = self.roles.of(i).iter().find(|role| role.entry == entry) {
            return known;
        }
        let carrier = if i == TOP { view.roots[0] } else { i };
        let seen = given.seen(view.contents[carrier as usize]);
        let values = view.values(carrier);
        let mut key = vec![OF_ENTRY, entry, given.classes[carrier as usize]];
        key.extend(seen.of_entries.iter().map(|&place| self.labels.of(values[place as usize])));
        let begin = self.found.len();
        let (first, last) = given.outline.entries[entry as usize].places;
        for place in first..last {
            let at = self.found.len();
            self.of_place(given, view, place, i);
            key.push((self.found.len() - at) as u32);
            key.extend(self.found[at..].iter().map(|&(number, _)| number));
        }
        let number = self.numbers.number(&key);
        let spans = self.gather(begin, Some(i));
        let role = Role { entry, number, spans };
        if self.roles.of(i).is_empty() {
            self.roles.spans.push(i);
        }
        self.roles.add(i, role);
        role
    }

    /// Put the spans of all that was found since `begin` next to each other, after one more.
    fn gather(&mut self, begin: usize, first: Option<u32>) -> (u32, u32) {
        let at = self.spans.len() as u32;
        self.spans.extend(first);
        for &(_, (from, to)) in &self.found[begin..] {
            self.spans.extend_from_within(from as usize..to as usize);
        }
        self.found.truncate(begin);
        (at, self.spans.len() as u32)
    }

    /// Add the keys of the spans in one place: sorted, as it does not matter which starts first if none competes.
    fn of_place(&mut self, given: &Given, view: &View, place: usize, i: u32) {
        let Place { of_children, closed } = given.outline.places[place];
        let (found_at, below_at) = (self.found.len(), self.below.len());
        match of_children {
            true => self.below.extend_from_slice(view.children(i)),
            false => view.add_below(i, &mut self.below),
        }
        let below_end = self.below.len();
        let mut contested = false;
        for at in below_at..below_end {
            let each = self.below[at];
            let fitting = &given.seen(view.contents[each as usize]).fitting[place];
            if fitting.is_empty() {
                if closed {
                    let number = self.numbers.number(&[OF_OTHER, given.classes[each as usize]]);
                    let spans = self.gather(self.found.len(), Some(each));
                    self.found.push((number, spans));
                }
                continue;
            }
            self.visited += 1;
            if self.visited > MOST_VISITED {
                break;
            }
            if let [entry] = fitting[..] {
                let role = self.of_entry(given, view, entry, each);
                self.found.push((role.number, role.spans));
                continue;
            }
            contested = true;
            let several = self.found.len();
            let mut key = vec![OF_SEVERAL];
            for &entry in fitting {
                let role = self.of_entry(given, view, entry, each);
                key.push(role.number);
                self.found.push((role.number, role.spans));
            }
            let number = self.numbers.number(&key);
            let spans = self.gather(several, None);
            self.found.push((number, spans));
        }
        self.below.truncate(below_at);
        if !contested {
            self.found[found_at..].sort_by_key(|&(number, _)| number);
        }
    }
}
