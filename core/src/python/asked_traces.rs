//! Questions about traces and their parts: see `spanpact.verification.native.trace_answers`.

use super::asked::{records_of, Asked, Handle};
use crate::counters::NOTHING;
use crate::groups::Groups;
use crate::judge::Judge;
use crate::split::asked::{
    Content, Counted, Entry, KnownContract, KnownFlow, KnownSpan, Outline, PartAnswers, Place, Process, Seen,
};
use crate::split::contract::Found;
use crate::trace_key::{KeyMaker, ELSEWHERE, ROOT};
use crate::traces::{OpenTrace, TraceId};
use crate::verdicts::Verdict;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A counter, the flows, the roots, and whether log records have names of their own.
type Judged = Option<(u32, Vec<(usize, Vec<i64>)>, Vec<(u32, u32)>, bool)>;
type Outlined = ((bool, bool, bool), (bool, bool, bool, bool), Vec<(bool, bool, Vec<(bool, bool)>)>);
type SeenContent = (bool, Vec<Vec<u32>>, Vec<u32>, Vec<u32>, Vec<Vec<u32>>);
type Described = Option<(u32, bool, bool, Vec<SeenContent>)>;
type Entries = Option<(u32, Vec<bool>)>;
type OfSpan = Option<(i64, Vec<u32>, u64, bool)>;
type OfFlow = (Entries, Option<(u32, u32)>, Vec<OfSpan>);
type OfContract = (i64, Vec<Option<bool>>, Vec<OfFlow>);
/// A contract that is known: its number, its flows, the spans in flows, those placed, and what was counted.
type Added<'py> = (usize, Vec<i64>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Vec<(u32, u32)>);
/// A contract that is not: its number, candidates, and flows with spans.
type NotKnown = (usize, Vec<u32>, Vec<(i64, Vec<u32>)>);

impl PartAnswers for Asked {
    fn outlines(&mut self) -> PyResult<Vec<Outline>> {
        let outlined: Vec<Outlined> = Python::attach(|py| self.ask(py, "outlines", ()))?;
        Ok(outlined.into_iter().map(outline).collect())
    }

    fn content(&mut self, shape: u32, records: &[u32]) -> PyResult<Option<Content>> {
        let described: Described = Python::attach(|py| self.ask(py, "content", (shape, records.to_vec())))?;
        Ok(described.map(|(name, wanted, may_be_orphan, seen)| Content {
            name,
            wanted,
            may_be_orphan,
            seen: seen.into_iter().map(seen_content).collect(),
        }))
    }

    fn processes(&mut self, shapes: &[u32], resources: &[u32], parents: &[u32]) -> PyResult<Vec<Process>> {
        let parents: Vec<i64> = parents.iter().copied().map(signed_place).collect();
        let arguments = (shapes.to_vec(), resources.to_vec(), parents);
        let found: Vec<(u32, u32, bool)> = Python::attach(|py| self.ask(py, "processes", arguments))?;
        Ok(found.into_iter().map(|(number, parent, ignored)| Process { number, parent, ignored }).collect())
    }

    fn part_allowances(&mut self, contract: usize, one_process: bool, resolutions: &[i64]) -> PyResult<Vec<i64>> {
        Python::attach(|py| self.ask(py, "part_allowances", (contract, one_process, resolutions.to_vec())))
    }

    fn part_cuts(&mut self, contract: usize, resolution: i64) -> PyResult<Vec<i64>> {
        Python::attach(|py| self.ask(py, "part_cuts", (contract, resolution)))
    }

    fn counter(&mut self, what: Counted, name: u32) -> PyResult<u32> {
        Python::attach(|py| self.ask(py, "counter", (what as u32, name)))
    }
}

impl Judge<Handle, Handle> for Asked {
    fn judge(
        &mut self,
        trace: &OpenTrace<Handle>,
        groups: &Groups<Handle>,
        key: Option<&KeyMaker>,
    ) -> PyResult<Option<Verdict>> {
        Python::attach(|py| {
            let summaries = self.summaries(py, trace, groups)?;
            let generation = trace.generation.unwrap_or(-1);
            let began = (trace.number, trace.ends);
            let shape = key.and_then(|keys| shape_parts(py, keys));
            let arguments =
                (trace.id.text(), summaries, records_of(py, trace)?, generation, began, key.is_some(), shape);
            let judged: Judged = self.ask(py, "judge", arguments)?;
            Ok(judged.map(|(counter, flows, roots, names)| {
                let places = |places: Vec<i64>| places.into_iter().map(unsigned_place).collect();
                let flows = flows.into_iter().map(|(contract, each)| (contract, places(each))).collect();
                Verdict { counts: vec![(counter, 1)], flows, roots, names }
            }))
        })
    }

    fn judge_rest(
        &mut self,
        trace: &OpenTrace<Handle>,
        groups: &Groups<Handle>,
        key: &KeyMaker,
        found: &[Found],
        is_checked: bool,
    ) -> PyResult<Vec<KnownContract>> {
        Python::attach(|py| {
            let summaries = self.summaries(py, trace, groups)?;
            let began = (trace.number, trace.ends);
            let counted: Vec<Added> =
                found.iter().filter(|found| found.is_known).map(|each| added(py, each, is_checked)).collect();
            let asked: Vec<NotKnown> = found.iter().filter(|found| !found.is_known).map(not_known).collect();
            let shape = shape_parts(py, key);
            let arguments =
                (trace.id.text(), summaries, records_of(py, trace)?, began, shape, counted, asked, is_checked);
            let known: Vec<OfContract> = self.ask(py, "judge_rest", arguments)?;
            Ok(known.into_iter().map(known_contract).collect())
        })
    }

    fn names(&mut self, verdict: u32, trace: &OpenTrace<Handle>, order: &[u32]) -> PyResult<()> {
        Python::attach(|py| self.tell(py, "names", (verdict, records_of(py, trace)?, order.to_vec())))
    }

    fn outside(&mut self, trace: &OpenTrace<Handle>, indexes: &[usize]) -> PyResult<()> {
        Python::attach(|py| {
            let records: Vec<&Handle> = indexes.iter().map(|&index| &trace.records[index].1).collect();
            self.tell(py, "outside", (records,))
        })
    }

    fn root(&mut self, name: u32, trace_id: &TraceId, start: u64) -> PyResult<bool> {
        Python::attach(|py| self.ask(py, "root", (name, trace_id.text(), start)))
    }

    fn flows(&mut self, contract: usize, packed: &[u8]) -> PyResult<()> {
        Python::attach(|py| self.tell(py, "flows", (contract, PyBytes::new(py, packed))))
    }

    fn check(
        &mut self,
        trace: &OpenTrace<Handle>,
        groups: &Groups<Handle>,
        counts: &[(u32, u32)],
        logs: usize,
        flows: &[(usize, &[u8])],
    ) -> PyResult<()> {
        Python::attach(|py| {
            let (summaries, records) = (self.summaries(py, trace, groups)?, records_of(py, trace)?);
            let flows: Vec<_> = flows.iter().map(|(contract, packed)| (contract, PyBytes::new(py, packed))).collect();
            self.tell(py, "check", (trace.id.text(), summaries, records, counts.to_vec(), logs, flows))
        })
    }

    fn settle(&mut self, times: &[u64]) -> PyResult<()> {
        Python::attach(|py| self.tell(py, "settle", (times.to_vec(),)))
    }
}

/// The shapes of the spans, the places of their parents, whether they have one resource, and the key.
type ShapeParts<'py> = (Vec<u32>, Vec<i64>, bool, Bound<'py, PyBytes>);

/// Return the shape of a trace for `TraceShape`, if it is plain.
fn shape_parts<'py>(py: Python<'py>, keys: &KeyMaker) -> Option<ShapeParts<'py>> {
    let parts = keys.plain_parts()?;
    let key: Vec<u8> = keys.key().iter().flat_map(|word| word.to_le_bytes()).collect();
    let parents = parts.parents.iter().copied().map(signed_place).collect();
    Some((parts.shapes.to_vec(), parents, parts.one_resource, PyBytes::new(py, &key)))
}

/// Python has -1 for no span, and -2 for one that is elsewhere.
fn signed_place(place: u32) -> i64 {
    i64::from(place) - if place >= ELSEWHERE { 1 << 32 } else { 0 }
}

fn unsigned_place(place: i64) -> u32 {
    u32::try_from(place).unwrap_or(ROOT)
}

fn outline((begins, looks_at, outlined): Outlined) -> Outline {
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    for (ordered, concurrent, own) in outlined {
        let first = places.len();
        places.extend(own.into_iter().map(|(of_children, closed)| Place { of_children, closed }));
        entries.push(Entry { ordered, concurrent, places: (first, places.len()) });
    }
    let (scenario, has_span, has_where) = begins;
    let (durations, parent, parents, compares) = looks_at;
    Outline { scenario, has_span, has_where, durations, parent, parents, compares, entries, places }
}

fn seen_content((begins, fitting, of_entries, of_rules, references): SeenContent) -> Seen {
    Seen { begins, fitting, of_entries, of_rules, references }
}

fn added<'py>(py: Python<'py>, found: &Found, is_checked: bool) -> Added<'py> {
    let counts = if is_checked { found.counts.clone() } else { Vec::new() };
    let [in_flows, placed] = [&found.in_flows, &found.placed].map(|bits| PyBytes::new(py, &bits.bytes()));
    (found.contract, found.flows.iter().copied().map(signed_place).collect(), in_flows, placed, counts)
}

fn not_known(found: &Found) -> NotKnown {
    let flows = found.asked.iter().map(|flow| (signed_place(flow.own), flow.unknown.clone()));
    (found.contract, found.candidates.clone(), flows.collect())
}

fn known_contract((rejected, begins, flows): OfContract) -> KnownContract {
    let span = |(counter, numbers, selecting, placed): (i64, Vec<u32>, u64, bool)| KnownSpan {
        is_broken: counter < 0,
        counter: u32::try_from(counter).unwrap_or(NOTHING),
        numbers: numbers.into(),
        selecting,
        placed,
    };
    let flow = |(entries, rules, spans): OfFlow| KnownFlow {
        entries,
        rules,
        spans: spans.into_iter().map(|known| known.map(span)).collect(),
    };
    KnownContract { rejected: u32::try_from(rejected).ok(), begins, flows: flows.into_iter().map(flow).collect() }
}
