//! The part of a trace's key that its times make.

use crate::answers::Answers;
use crate::trace_key::{KeyMaker, ELSEWHERE};
use crate::traces::Span;
use hashbrown::HashMap;

impl KeyMaker {
    /// Add whose clock stood still, as `trace.clocks.frozen_resources` finds it.
    pub(crate) fn add_stood_still(&mut self, one_resource: bool) {
        self.still.clear();
        let spans = &self.sorted;
        let lasting = one_resource && spans[0].start < spans[spans.len() - 1].start;
        if lasting || spans.iter().all(|span| span.start != span.end) {
            self.key.push(0);
            return;
        }
        let parents = &self.key[1 + spans.len()..1 + 2 * spans.len()];
        let mut instants: HashMap<u32, (u64, bool, bool)> = HashMap::new();
        for (i, span) in spans.iter().enumerate() {
            let (instant, still, within) = instants.entry(span.process).or_insert((span.start, true, false));
            *still &= span.start == *instant && span.end == *instant;
            *within |= spans.get(parents[i] as usize).is_some_and(|above| above.process == span.process);
        }
        let frozen = |span: &Span| instants[&span.process].1 && instants[&span.process].2;
        if spans.iter().any(frozen) {
            self.is_plain = false;
            self.key.push(1);
            self.still.extend(spans.iter().map(frozen));
            self.key.extend(self.still.iter().map(|&still| u32::from(still)));
        } else {
            self.key.push(0);
        }
    }

    /// Add how the times of compared spans are ordered, and between which bounds all durations are.
    pub(crate) fn add_times<A: Answers>(
        &mut self,
        answers: &mut A,
        resolutions: &[i64],
        one_resource: bool,
    ) -> Result<(), A::Error> {
        let spans = &self.sorted;
        let longest = (spans.iter().map(|span| span.end).max().unwrap_or(0) - spans[0].start) as i64;
        let ordered = spans.iter().any(|span| span.shape.ordered);
        let concurrent = spans.iter().any(|span| span.shape.concurrent);
        if ordered || concurrent {
            let parents = &self.key[1 + spans.len()..1 + 2 * spans.len()];
            let crossed = spans.iter().zip(parents).any(|(span, &above)| span.shape.called && above < ELSEWHERE);
            let mut distinct = if resolutions.is_empty() { vec![1] } else { resolutions.to_vec() };
            distinct.sort_unstable();
            distinct.dedup();
            let question = (one_resource && !crossed, distinct.into_boxed_slice());
            if !self.allowances.contains_key(&question) {
                let answer = answers.allowances(question.0, &question.1)?;
                self.allowances.insert(question.clone(), answer.into());
            }
            let allowances = &self.allowances[&question];
            self.key.push(allowances.len() as u32);
            if ordered {
                let starts: Vec<i64> =
                    spans.iter().filter(|each| each.shape.ordered).map(|each| each.start as i64).collect();
                let mut all = Vec::new();
                for &allowance in allowances.iter().filter(|each| **each < longest) {
                    let ends = spans.iter().filter(|each| each.shape.ordered).map(|each| each.end as i64 - allowance);
                    all.extend(ends.map(|end| starts.partition_point(|start| *start < end) as u32));
                }
                self.key.push(all.len() as u32);
                self.key.extend(all);
            }
            if concurrent {
                let counted: Vec<(i64, i64)> = spans
                    .iter()
                    .filter(|each| each.shape.concurrent)
                    .map(|each| (each.start as i64, each.end as i64))
                    .collect();
                for more in allowances.iter().flat_map(|each| [-each, *each]) {
                    let open = counted.iter().map(|&(start, end)| {
                        let until = end.saturating_add(more).max(start.saturating_add(1));
                        counted.partition_point(|(each, _)| *each < until) as u32
                    });
                    self.key.extend(open);
                }
            }
        }
        self.add_durations(answers, resolutions, longest)
    }

    fn add_durations<A: Answers>(
        &mut self,
        answers: &mut A,
        resolutions: &[i64],
        longest: i64,
    ) -> Result<(), A::Error> {
        let mut reached = false;
        for &resolution in if resolutions.is_empty() { &[1][..] } else { resolutions } {
            if !self.cuts.contains_key(&resolution) {
                let answer = answers.cuts(resolution)?;
                self.cuts.insert(resolution, answer.into());
            }
            reached |= self.cuts[&resolution].first().is_some_and(|first| longest >= *first);
        }
        self.key.push(u32::from(reached));
        if reached {
            for (i, span) in self.sorted.iter().enumerate() {
                let cuts = &self.cuts[resolutions.get(i).unwrap_or(&1)];
                let duration = (span.end - span.start) as i64;
                self.key.push(cuts.partition_point(|cut| *cut <= duration) as u32);
            }
        }
        Ok(())
    }
}
