//! Judge a trace that has ended: by its key, else by its parts; what is not known of it is asked.

use super::Engine;
use crate::judge::Judge;
use crate::split::{Known, Whole};
use crate::traces::{Member, OpenTrace, TraceId};
use crate::verdicts::Verdict;
use hashbrown::HashSet;

impl<G, F> Engine<G, F> {
    pub(super) fn judge<J: Judge<G, F>>(
        &mut self,
        judge: &mut J,
        trace: &OpenTrace<F>,
        complete: bool,
    ) -> Result<(), J::Error> {
        let id = match trace.id {
            TraceId::WellFormed(id) if complete && !trace.mixed && trace.generation == Some(self.generation) => id,
            _ => return self.ask(judge, trace, false),
        };
        let spans = trace.members.iter().filter_map(Member::scanned);
        let records = trace.records.iter().map(|(facts, _)| *facts);
        if !self.keys.make(judge, spans, records, &trace.values)? {
            return self.ask(judge, trace, false);
        }
        if let Some(number) = self.verdicts.number(self.keys.key()) {
            return self.count(judge, trace, id, number);
        }
        if self.verdicts.is_full() || self.parts.is_full() {
            self.settle(judge)?;
        }
        match self.parts.look(judge, &self.keys, &trace.values)? {
            Known::Nothing => self.ask(judge, trace, true),
            Known::Left if self.verdicts.comes_again(self.keys.key()) => self.ask(judge, trace, true),
            Known::Some | Known::Left => self.ask_rest(judge, trace),
            Known::All => self.count_parts(judge, trace, id),
        }
    }

    /// Count a trace that has a verdict.
    fn count<J: Judge<G, F>>(
        &mut self,
        judge: &mut J,
        trace: &OpenTrace<F>,
        id: u128,
        number: u32,
    ) -> Result<(), J::Error> {
        let is_checked = self.is_checked(trace);
        if is_checked {
            self.flush(judge)?; // so that those that wait are this trace's
        }
        let spans = self.keys.sorted();
        self.verdicts.count(number, &mut self.counters, id, spans);
        self.counted += 1;
        if is_checked {
            let counts = self.verdicts.get(number).counts.clone();
            judge.check(trace, &self.groups, &counts, 0, &self.verdicts.waiting_flows())?;
        }
        let verdict = self.verdicts.get(number);
        if verdict.names {
            judge.names(verdict.counts[0].0, trace, self.keys.record_order())?;
        }
        let mut place = 0;
        while let Some(&(at, name)) = verdict.roots.get(place) {
            if judge.root(name, &trace.id, spans[at as usize].start)? {
                place += 1;
            } else {
                verdict.roots.remove(place);
            }
        }
        Ok(())
    }

    /// Count a trace all of whose parts are known. If it comes for the second time, the next one is counted as a whole.
    fn count_parts<J: Judge<G, F>>(&mut self, judge: &mut J, trace: &OpenTrace<F>, id: u128) -> Result<(), J::Error> {
        let Whole { counts, root, outside } = self.parts.whole(judge)?;
        let is_checked = self.is_checked(trace);
        if is_checked {
            self.flush(judge)?;
        }
        let spans = self.keys.sorted();
        self.counted += 1;
        counts.iter().for_each(|&(counter, times)| self.counters.add(counter, times));
        for found in self.parts.found() {
            self.verdicts.note_flows(found.contract, &found.flows, id, spans);
        }
        let ids = outside.iter().map(|&i| spans[i as usize].span_id);
        let outside: HashSet<u64> = if trace.records.is_empty() { HashSet::new() } else { ids.collect() };
        let records = trace.records.iter().enumerate();
        let indexes: Vec<usize> =
            records.filter(|(_, (record, _))| outside.contains(&record.span_id)).map(|(index, _)| index).collect();
        if is_checked {
            judge.check(trace, &self.groups, &counts, indexes.len(), &self.verdicts.waiting_flows())?;
        }
        if !indexes.is_empty() {
            judge.outside(trace, &indexes)?;
        }
        if let Some((place, name)) = root {
            if !judge.root(name, &trace.id, spans[place as usize].start)? {
                self.parts.want_no_more(name);
            }
        }
        if indexes.is_empty() && self.verdicts.comes_again(self.keys.key()) {
            let flows = self.parts.found().iter().filter(|found| !found.flows.is_empty());
            let flows = flows.map(|found| (found.contract, found.flows.clone())).collect();
            let (counts, roots) = (summed(counts), root.into_iter().collect());
            self.verdicts.add(self.keys.key(), Verdict { counts, flows, roots, names: false });
        }
        Ok(())
    }

    /// Return whether a trace should be checked if it is counted: its place decides, as it does without the core.
    fn is_checked(&self, trace: &OpenTrace<F>) -> bool {
        self.check_every > 0 && trace.number % self.check_every == 0 && !trace.members.is_empty()
    }

    /// Have a trace judged by Python for the contracts of which something is not known, and count it for the others.
    fn ask_rest<J: Judge<G, F>>(&mut self, judge: &mut J, trace: &OpenTrace<F>) -> Result<(), J::Error> {
        self.flush(judge)?; // flows are noted in the order of the traces
        let is_checked = self.is_checked(trace);
        let known = judge.judge_rest(trace, &self.groups, &self.keys, self.parts.found(), is_checked)?;
        self.parts.count(&mut self.counters);
        self.parts.store(known);
        Ok(())
    }

    /// Have a trace judged by Python. `keyed`: the last key is that of the trace.
    fn ask<J: Judge<G, F>>(&mut self, judge: &mut J, trace: &OpenTrace<F>, keyed: bool) -> Result<(), J::Error> {
        self.flush(judge)?;
        if let Some(verdict) = judge.judge(trace, &self.groups, keyed.then_some(&self.keys))? {
            self.verdicts.add(self.keys.key(), verdict);
        }
        Ok(())
    }

    pub(super) fn flush<J: Judge<G, F>>(&mut self, judge: &mut J) -> Result<(), J::Error> {
        for (contract, packed) in self.verdicts.take_flows() {
            judge.flows(contract, packed)?;
            packed.clear();
        }
        Ok(())
    }

    /// Hand over everything that was counted, and forget the numbers of all counters.
    pub fn settle<J: Judge<G, F>>(&mut self, judge: &mut J) -> Result<(), J::Error> {
        self.flush(judge)?;
        self.verdicts.clear();
        self.parts.clear();
        judge.settle(&self.counters.take())
    }
}

/// Return counts with each counter once.
fn summed(mut counts: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    counts.sort_unstable();
    counts.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    counts
}
