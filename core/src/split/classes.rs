//! What one contract can distinguish of a span in its trace: its class, and which of its values are equal to others.

use crate::split::asked::{Outline, PartAnswers};
use crate::split::contents::Contents;
use crate::split::interner::Interner;
use crate::split::processes::Processes;
use crate::split::view::View;
use crate::trace_key::ELSEWHERE;
use hashbrown::HashMap;

const NONE: u32 = u32::MAX;

/// The classes of one contract by number.
#[derive(Default)]
pub struct Classes {
    numbers: Interner,
    cuts: HashMap<i64, Box<[i64]>>,
    /// The class of each span of the trace at hand.
    pub of_spans: Vec<u32>,
}

impl Classes {
    /// Return how many bytes are taken, about.
    pub fn bytes(&self) -> usize {
        self.numbers.bytes
    }

    /// Find the class of each span: its content; if something else matters, with that.
    pub fn find<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        contract: (usize, &Outline),
        view: &mut View,
        contents: &Contents,
        processes: &mut Processes,
    ) -> Result<(), A::Error> {
        let (number, outline) = contract;
        self.of_spans.clear();
        let columns = outline.durations || outline.parent || outline.parents;
        if !columns && view.still.is_empty() && view.resolutions.is_empty() {
            self.of_spans.extend(view.contents.iter().map(|content| content << 1));
            return Ok(());
        }
        if outline.parent && !view.has_flags_by_shape {
            view.find_processes(answers, processes)?;
        }
        for i in 0..view.contents.len() {
            let resolution = view.resolutions.get(i).copied();
            let duration = match outline.durations {
                true => self.duration(answers, number, view.times[i], resolution.unwrap_or(1))?,
                false => NONE,
            };
            let still = view.still.get(i).map_or(NONE, |&still| u32::from(still));
            let coarse = resolution.map_or([NONE; 2], |each| [each as u32, (each >> 32) as u32]);
            let above = view.parents[i];
            let parent = match (outline.parent, view.has_flags_by_shape) {
                (false, _) => [NONE; 2],
                (true, true) => [above.max(ELSEWHERE - 1), NONE],
                (true, false) => [above.max(ELSEWHERE - 1), view.process(i as u32).parent],
            };
            let name = match outline.parents && above < ELSEWHERE {
                true => contents.get(view.contents[above as usize]).name,
                false => NONE,
            };
            let key = [view.contents[i], duration, still, coarse[0], coarse[1], parent[0], parent[1], name];
            self.of_spans.push(self.numbers.number(&key) << 1 | 1);
        }
        Ok(())
    }

    fn duration<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        contract: usize,
        (start, end): (i64, i64),
        resolution: i64,
    ) -> Result<u32, A::Error> {
        if !self.cuts.contains_key(&resolution) {
            let cuts = answers.part_cuts(contract, resolution)?;
            self.cuts.insert(resolution, cuts.into());
        }
        Ok(self.cuts[&resolution].partition_point(|cut| *cut <= end - start) as u32)
    }
}

/// Which values that rules compare are equal, by number.
#[derive(Default)]
pub struct EqualValues {
    /// The numbers of all but the usual cases.
    pub numbers: Interner,
    key: Vec<u32>,
    labels: Labels,
}

const USUAL: u32 = 3;

impl EqualValues {
    /// Return a number for which values of a span are equal to each other and to those that they are compared with.
    pub fn number(&mut self, view: &View, i: u32, places: &[u32], own: u32, references: &[Vec<u32>]) -> u32 {
        let values = view.values(i);
        let owns = view.values(own);
        if let ([reference], [] | [_]) = (references, places) {
            if let [place] = reference[..] {
                let Some(&first) = places.first() else { return 0 };
                return 1 + u32::from(values[first as usize] == owns[place as usize]);
            }
        }
        self.labels.clear();
        self.key.clear();
        for reference in references {
            self.key.push(reference.len() as u32);
            self.key.extend(reference.iter().map(|&place| self.labels.of(owns[place as usize])));
        }
        self.key.extend(places.iter().map(|&place| self.labels.of(values[place as usize])));
        USUAL + self.numbers.number(&self.key)
    }
}

/// Numbers for values, in the order in which they come: equal numbers for equal ones.
#[derive(Default)]
pub struct Labels {
    values: Vec<u32>,
}

impl Labels {
    /// Forget all values.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Return the number of a value, given by its index among the distinct ones of the trace.
    #[inline]
    pub fn of(&mut self, value: u32) -> u32 {
        let known = self.values.iter().position(|&each| each == value);
        known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        }) as u32
    }
}
