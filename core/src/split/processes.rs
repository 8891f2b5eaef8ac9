//! Which spans are of one process, as `trace.process` finds it: by the spans that decide it, which often are the same.
//!
//! A span decides nothing if it has its parent's resource and is not called: not flagged as remote, neither server nor
//! consumer. It is of its parent's process then, and what its flag says depends on its shape and on whether flags of
//! its resource are ignored.

use crate::split::asked::{PartAnswers, Process};
use crate::split::interner::ENTRY;
use crate::trace_key::ELSEWHERE;
use hashbrown::HashMap;

/// The number for what `parent` looks at in a span that decides nothing; one more if its flag is ignored.
const INSIDE: u32 = 1 << 8;

/// The answers of Python by the spans that decide.
#[derive(Default)]
pub struct Processes {
    known: HashMap<Box<[u32]>, Box<[Process]>>,
    key: Vec<u32>,
    deciding: Vec<u32>,
    /// So many bytes are taken, about.
    pub bytes: usize,
}

impl Processes {
    /// Find the process of each span, given by shape, whether it is called, resource, and parent as in a key.
    #[allow(clippy::too_many_arguments)]
    pub fn find<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        shapes: &[u32],
        called: &[bool],
        resources: &[u32],
        parents: &[u32],
        found: &mut Vec<Process>,
    ) -> Result<(), A::Error> {
        let decides = |i: usize| {
            let parent = parents[i];
            parent >= ELSEWHERE || called[i] || resources[i] != resources[parent as usize]
        };
        self.deciding.clear();
        self.deciding.extend((0..shapes.len()).filter(|&i| decides(i)).map(|i| i as u32));
        let above = |mut i: usize| {
            while !decides(i) {
                i = parents[i] as usize;
            }
            i as u32
        };
        let mut times: HashMap<u32, u32> = HashMap::new();
        resources.iter().for_each(|&resource| *times.entry(resource).or_default() += 1);
        self.key.clear();
        for &i in &self.deciding {
            let i = i as usize;
            let parent = parents[i];
            let (place, shape) = if parent >= ELSEWHERE {
                (parent, 0)
            } else {
                let place = self.deciding.binary_search(&above(parent as usize)).unwrap_or_default();
                (place as u32, shapes[parent as usize])
            };
            self.key.extend([shapes[i], resources[i], place, shape, u32::from(times[&resources[i]] > 1)]);
        }
        if !self.known.contains_key(&self.key[..]) {
            let all = answers.processes(shapes, resources, parents)?;
            self.bytes += self.key.len() * 8 + ENTRY;
            let deciding = self.deciding.iter().map(|&i| all[i as usize]).collect();
            self.known.insert(self.key[..].into(), deciding);
        }
        let known = &self.known[&self.key[..]];
        found.clear();
        for i in 0..shapes.len() {
            let place = self.deciding.binary_search(&above(i)).unwrap_or_default();
            let of_above = known[place];
            found.push(match decides(i) {
                true => of_above,
                false => Process { parent: INSIDE + u32::from(of_above.ignored), ..of_above },
            });
        }
        Ok(())
    }
}
