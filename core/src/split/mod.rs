//! Judge the parts of a trace like parts that were judged before, contract by contract (ADR 0040).
//!
//! The docstring of `spanpact.verification.split_keys` says what keys hold, and why what a trace adds is a sum. Here
//! they are built and looked up; what is not known is asked of Python, which has the engine judge it.
//!
//! - `asked` are the questions; `interner` gives numbers to keys, `bits` are sets of spans;
//! - `contents` numbers what spans are like, `view` looks at one trace, `processes` says which spans are of one process;
//! - `classes`, `flow_keys` and `times` make keys for one contract, and `contract` has its tables.

pub mod asked;
pub mod bits;
mod classes;
mod contents;
pub mod contract;
mod flow_keys;
mod interner;
mod processes;
mod times;
pub mod view;

use crate::counters::Counters;
use crate::trace_key::{KeyMaker, ROOT};
use asked::{Counted, KnownContract, Outline, PartAnswers};
use bits::Bits;
use contents::Contents;
use contract::{Contract, Found};
use hashbrown::HashMap;
use processes::Processes;
use view::View;

/// So many bytes are kept, about.
const MOST: usize = 1 << 22;

/// The tables of all contracts.
#[derive(Default)]
pub struct Parts {
    contracts: Vec<Held>,
    has_begun: bool,
    always: Vec<usize>,
    contents: Contents,
    processes: Processes,
    view: View,
    candidates: Vec<Vec<u32>>,
    found: Vec<Found>,
    in_use: usize,
    counters: HashMap<(Counted, u32), u32>,
}

/// A contract of the verification.
enum Held {
    /// It has a scenario, and applies to no trace here.
    Never,
    /// It is left to Python: it may not be split.
    ByPython,
    /// Its parts are looked up here.
    Here(Box<Contract>),
}

/// What is known of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: Python must judge all of it.
    Nothing,
    /// What each contract adds that is known; something is asked of the others.
    Some,
    /// Everything but what contracts add that are left to Python.
    Left,
    /// Everything.
    All,
}

/// What a trace adds of which everything is known, besides what its contracts add.
pub struct Whole {
    /// Counters, each of which counts once more, or several times.
    pub counts: Vec<(u32, u32)>,
    /// The root that Python wants: its place, and the number of its name.
    pub root: Option<(u32, u32)>,
    /// The places of spans in no flow, whose log records no contract mentions.
    pub outside: Vec<u32>,
}

impl Parts {
    /// Return whether all that is kept should be settled and forgotten.
    pub fn is_full(&self) -> bool {
        let of_contracts = self.contracts.iter().map(|held| match held {
            Held::Here(contract) => contract.bytes(),
            _ => 0,
        });
        self.contents.bytes + self.processes.bytes + of_contracts.sum::<usize>() > MOST
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        *self = Parts::default();
    }

    /// Look at the trace of the last key, whose compared values have the indexes `values`.
    pub fn look<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        keys: &KeyMaker,
        values: &[u32],
    ) -> Result<Known, A::Error> {
        if !self.view.look(answers, keys, &mut self.contents, values)? {
            return Ok(Known::Nothing);
        }
        if !self.has_begun {
            self.begin(answers)?;
        }
        self.candidates.iter_mut().for_each(Vec::clear);
        for (i, &content) in self.view.contents.iter().enumerate() {
            let seen = self.contents.get(content).seen.iter().enumerate();
            for (contract, _) in seen.filter(|(_, seen)| seen.begins) {
                self.candidates[contract].push(i as u32);
            }
        }
        let (mut known, mut is_left) = (Known::All, false);
        self.in_use = 0;
        for (number, contract) in self.contracts.iter_mut().enumerate() {
            let candidates = &self.candidates[number];
            if candidates.is_empty() && !self.always.contains(&number) {
                continue;
            }
            let contract = match contract {
                Held::Never => continue,
                Held::ByPython => {
                    is_left = true;
                    continue;
                }
                Held::Here(contract) => contract,
            };
            if self.in_use == self.found.len() {
                self.found.push(Found::default());
            }
            let found = &mut self.found[self.in_use];
            self.in_use += 1;
            contract.find(answers, &mut self.view, &self.contents, &mut self.processes, candidates, found)?;
            if !found.is_known {
                known = Known::Some;
            }
        }
        Ok(if known == Known::All && is_left { Known::Left } else { known })
    }

    fn begin<A: PartAnswers>(&mut self, answers: &mut A) -> Result<(), A::Error> {
        let outlines = answers.outlines()?;
        self.candidates.resize_with(outlines.len(), Vec::new);
        let applies_always = outlines.iter().enumerate().filter(|(_, each)| !each.has_span);
        self.always = applies_always.map(|(number, _)| number).collect();
        let held = |(number, outline): (usize, Outline)| match outline {
            Outline { scenario: true, .. } => Held::Never,
            Outline { ref entries, .. } if entries.is_empty() => Held::ByPython,
            _ => Held::Here(Box::new(Contract::new(number, outline))),
        };
        self.contracts = outlines.into_iter().enumerate().map(held).collect();
        self.has_begun = true;
        Ok(())
    }

    /// Return what was found for each contract that may apply to the trace and is not left to Python.
    pub fn found(&self) -> &[Found] {
        &self.found[..self.in_use]
    }

    /// Store what is known now of the contracts that were not known in full, in their order.
    pub fn store(&mut self, known: Vec<KnownContract>) {
        let asked = self.found[..self.in_use].iter().filter(|found| !found.is_known);
        for (found, known) in asked.zip(known) {
            if let Held::Here(contract) = &mut self.contracts[found.contract] {
                contract.store(found, known);
            }
        }
    }

    /// Add the counts of all contracts that are known.
    pub fn count(&self, counters: &mut Counters) {
        for found in self.found().iter().filter(|found| found.is_known) {
            found.counts.iter().for_each(|&(counter, times)| counters.add(counter, times));
        }
    }

    /// Return what a trace adds of which everything is known.
    pub fn whole<A: PartAnswers>(&mut self, answers: &mut A) -> Result<Whole, A::Error> {
        let found = &self.found[..self.in_use];
        let (mut in_flows, mut placed) = (Bits::default(), Bits::default());
        in_flows.clear(self.view.contents.len());
        placed.clear(self.view.contents.len());
        for each in found {
            in_flows.add_all(&each.in_flows);
            placed.add_all(&each.placed);
        }
        let mut counts: Vec<(u32, u32)> = found.iter().flat_map(|each| each.counts.iter().copied()).collect();
        let mut count = |what, name, times| -> Result<(), A::Error> {
            let counter = match self.counters.get(&(what, name)) {
                Some(&counter) => counter,
                None => *self.counters.entry((what, name)).insert(answers.counter(what, name)?).get(),
            };
            counts.push((counter, times));
            Ok(())
        };
        count(Counted::Known, 0, 1)?;
        if self.view.records > 0 {
            count(Counted::Record, 0, self.view.records)?;
        }
        let name = |i: u32| self.contents.get(self.view.contents[i as usize]).name;
        if found.iter().all(|each| each.flows.is_empty()) {
            count(Counted::Trace, name(self.view.roots[0]), 1)?;
        }
        let mut outside = Vec::new();
        for i in 0..self.view.contents.len() as u32 {
            if !in_flows.has(i) {
                count(Counted::Span, name(i), 1)?;
                outside.push(i);
            } else if !placed.has(i) {
                count(Counted::Unplaced, name(i), 1)?;
            }
        }
        let wanted = |&&i: &&u32| {
            self.view.parents[i as usize] == ROOT && self.contents.get(self.view.contents[i as usize]).wanted
        };
        let root = self.view.roots.iter().find(wanted).map(|&i| (i, name(i)));
        Ok(Whole { counts, root, outside })
    }

    /// Note that Python wants no more roots of a name.
    pub fn want_no_more(&mut self, name: u32) {
        self.contents.want_no_more(name);
    }
}
