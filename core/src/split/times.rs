//! The part of a flow's key that times make, where an `order` or a `concurrency` compares them.

use crate::split::asked::{Entry, PartAnswers};
use crate::split::flow_keys::{Given, Roles};
use crate::split::processes::Processes;
use crate::split::view::{View, TOP};
use crate::trace_key::ELSEWHERE;
use hashbrown::HashMap;

type Clocks = (bool, Box<[i64]>);

/// By how much times may contradict each other for one contract, as far as Python was asked.
#[derive(Default)]
pub struct Times {
    allowances: HashMap<Clocks, Box<[i64]>>,
}

impl Times {
    /// Add to a key how the times of spans of ordered and concurrent entries are related, and where these spans are.
    ///
    /// The spans are listed by start with the nearest ones above them, so that it is known which of several spans with
    /// equal keys is late.
    #[allow(clippy::too_many_arguments)]
    pub fn add<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        given: &Given,
        view: &mut View,
        processes: &mut Processes,
        roles: &Roles,
        own: u32,
        key: &mut Vec<u32>,
    ) -> Result<(), A::Error> {
        let entries = &given.outline.entries;
        let among = |compared: fn(&Entry) -> bool| {
            let has = |i: u32| i != TOP && roles.of(i).iter().any(|role| compared(&entries[role.entry as usize]));
            let mut spans: Vec<u32> = roles.spans.iter().copied().filter(|&i| has(i)).collect();
            spans.sort_unstable();
            spans
        };
        let (ordered, concurrent) = (among(|entry| entry.ordered), among(|entry| entry.concurrent));
        if ordered.len() + concurrent.len() < 2 {
            return Ok(());
        }
        let listed = list_with_those_above(view, roles, own, ordered.iter().chain(&concurrent));
        key.push(listed.len() as u32);
        let place = |i: u32| listed.iter().position(|&(each, _)| each == i).unwrap_or_default() as u32;
        for &(i, above) in &listed {
            let mut own: Vec<(u32, u32)> = roles.of(i).iter().map(|role| (role.entry, role.number)).collect();
            own.sort_unstable();
            key.extend([place(above), own.len() as u32]);
            key.extend(own.iter().flat_map(|&(entry, number)| [entry, number]));
        }
        let real = listed.iter().map(|&(i, _)| i).filter(|&i| i != TOP);
        key.push(u32::from(view.is_one_process));
        if !view.is_one_process {
            view.find_processes(answers, processes)?;
            let mut seen: Vec<u32> = Vec::new();
            for i in real.clone() {
                let process = view.process(i).number;
                let known = seen.iter().position(|&each| each == process);
                key.push(known.unwrap_or(seen.len()) as u32);
                if known.is_none() {
                    seen.push(process);
                }
            }
        }
        let mut resolutions: Vec<i64> = match view.resolutions[..] {
            [] => vec![1],
            _ => real.map(|i| view.resolutions[i as usize]).collect(),
        };
        resolutions.sort_unstable();
        resolutions.dedup();
        let question = (view.is_one_process, resolutions.into_boxed_slice());
        if !self.allowances.contains_key(&question) {
            let answer = answers.part_allowances(given.contract, question.0, &question.1)?;
            self.allowances.insert(question.clone(), answer.into());
        }
        let allowances = &self.allowances[&question];
        let times = |spans: &[u32]| -> Vec<(i64, i64)> { spans.iter().map(|&i| view.times[i as usize]).collect() };
        add_started_before_end(&times(&ordered), allowances, key);
        if concurrent.len() > 1 {
            add_open_at_once(&times(&concurrent), allowances, key);
        }
        Ok(())
    }
}

/// Return some spans and all spans with a role above them, each with the nearest one above, by start.
fn list_with_those_above<'a>(
    view: &View,
    roles: &Roles,
    own: u32,
    spans: impl Iterator<Item = &'a u32>,
) -> Vec<(u32, u32)> {
    let parent = |i: u32| match view.parents[i as usize] {
        none if none >= ELSEWHERE => TOP,
        parent => parent,
    };
    let mut listed = vec![(own, own)];
    for &span in spans {
        let mut i = span;
        while !listed.iter().any(|&(each, _)| each == i) {
            let mut above = parent(i);
            while roles.of(above).is_empty() {
                above = parent(above);
            }
            listed.push((i, above));
            i = above;
        }
    }
    listed.sort_unstable_by_key(|&(i, _)| i.wrapping_add(1)); // the whole trace comes first
    listed
}

/// Add for each allowance and each span how many of them have started before its end minus the allowance.
fn add_started_before_end(spans: &[(i64, i64)], allowances: &[i64], key: &mut Vec<u32>) {
    for &allowance in allowances {
        let before = spans.iter().map(|&(_, end)| spans.partition_point(|&(start, _)| start < end - allowance) as u32);
        key.extend(before);
    }
}

/// Add the same for the end minus and plus each allowance; a span that takes no time counts as one nanosecond.
fn add_open_at_once(spans: &[(i64, i64)], allowances: &[i64], key: &mut Vec<u32>) {
    for more in allowances.iter().flat_map(|allowance| [-allowance, *allowance]) {
        key.extend(spans.iter().map(|&(start, end)| {
            let until = end.saturating_add(more).max(start.saturating_add(1));
            spans.partition_point(|&(each, _)| each < until) as u32
        }));
    }
}
