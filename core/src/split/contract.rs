//! What is known of the parts of traces for one contract (`split_keys/split_contract.py`).

use crate::counters::NOTHING;
use crate::split::asked::{KnownContract, KnownSpan, Outline, PartAnswers};
use crate::split::bits::Bits;
use crate::split::classes::{Classes, EqualValues};
use crate::split::contents::Contents;
use crate::split::flow_keys::{FlowKeys, Given};
use crate::split::interner::ENTRY;
use crate::split::processes::Processes;
use crate::split::view::{View, TOP};
use hashbrown::HashMap;

/// What a contract adds for the trace at hand, or else what is to be asked about it.
#[derive(Default)]
pub struct Found {
    /// The number of the contract.
    pub contract: usize,
    /// Whether everything is known; if so, nothing is asked.
    pub is_known: bool,
    /// Counters, and how many times each counts.
    pub counts: Vec<(u32, u32)>,
    /// The places of the spans of its flows, `TOP` for the whole trace.
    pub flows: Vec<u32>,
    /// The number of candidates that begin no flow.
    pub rejected: u32,
    /// The spans in flows.
    pub in_flows: Bits,
    /// Those that have a place there.
    pub placed: Bits,
    /// The candidates of which it is not known whether they begin a flow.
    pub candidates: Vec<u32>,
    /// The flows of which something is not known.
    pub asked: Vec<AskedFlow>,
}

/// A flow of which something is not known.
pub struct AskedFlow {
    /// The place of its own span.
    pub own: u32,
    /// The spans of which the rules' answer is not known.
    pub unknown: Vec<u32>,
    key: Option<Box<[u32]>>,
    spans: Vec<SpanKey>,
}

/// The key of a span of a flow, and the number of the rules' answer.
#[derive(Clone, Copy)]
struct SpanKey {
    place: u32,
    key: u64,
    answer: u32,
}

const UNKNOWN: u32 = u32::MAX;

struct Entries {
    counter: u32,
    placed: Box<[bool]>,
}

/// The tables of one contract. They hold for one generation of shapes.
#[derive(Default)]
pub struct Contract {
    number: usize,
    outline: Outline,
    classes: Classes,
    equal: EqualValues,
    keys: FlowKeys,
    begins: HashMap<u32, bool>,
    of_spans: HashMap<u64, u32>,
    answers: Vec<KnownSpan>,
    of_flows: HashMap<Box<[u32]>, (u32, u32)>,
    of_entries: HashMap<Box<[u32]>, Entries>,
    rejected: Option<u32>,
    bytes: usize,
    spans: Vec<u32>,
    span_keys: Vec<SpanKey>,
    rules_key: Vec<u32>,
}

impl Contract {
    /// Make empty tables.
    pub fn new(number: usize, outline: Outline) -> Self {
        Contract { number, outline, ..Contract::default() }
    }

    /// Return how many bytes the tables take, about.
    pub fn bytes(&self) -> usize {
        self.bytes + self.classes.bytes() + self.equal.numbers.bytes + self.keys.bytes()
    }

    /// Find what is known of the trace at hand. `candidates` are the spans whose name fits the flow's own span.
    pub fn find<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        view: &mut View,
        contents: &Contents,
        processes: &mut Processes,
        candidates: &[u32],
        found: &mut Found,
    ) -> Result<(), A::Error> {
        found.clear(self.number, view.contents.len());
        self.classes.find(answers, (self.number, &self.outline), view, contents, processes)?;
        if !self.outline.has_span {
            found.flows.push(TOP);
        } else if !self.outline.has_where {
            found.flows.extend_from_slice(candidates);
        } else {
            for &i in candidates {
                match self.begins.get(&self.classes.of_spans[i as usize]) {
                    Some(true) => found.flows.push(i),
                    Some(false) => found.rejected += 1,
                    None => found.candidates.push(i),
                }
            }
        }
        found.is_known = found.candidates.is_empty();
        if found.rejected > 0 {
            match self.rejected {
                Some(counter) => found.counts.push((counter, found.rejected)),
                None => found.is_known = false,
            }
        }
        if found.candidates.is_empty() {
            for place in 0..found.flows.len() {
                self.find_flow(answers, view, contents, processes, found.flows[place], found)?;
            }
        }
        Ok(())
    }

    fn find_flow<A: PartAnswers>(
        &mut self,
        answers: &mut A,
        view: &mut View,
        contents: &Contents,
        processes: &mut Processes,
        own: u32,
        found: &mut Found,
    ) -> Result<(), A::Error> {
        self.spans.clear();
        self.spans.extend(Some(own).filter(|&own| own != TOP));
        view.add_below(own, &mut self.spans);
        self.find_span_keys(view, contents, own);
        let given = Given { contract: self.number, outline: &self.outline, contents, classes: &self.classes.of_spans };
        let keyed = self.keys.make(answers, &given, view, processes, own)?;
        let answered = self.find_rules_key();
        let entries = self.of_entries.get(&self.keys.key[..]).filter(|_| keyed);
        let rules = self.of_flows.get(&self.rules_key[..]).filter(|_| answered);
        let (Some(entries), Some(&(once, each))) = (entries, rules) else {
            found.is_known = false;
            let unknown = self.span_keys.iter().filter(|span| span.answer == UNKNOWN);
            let unknown: Vec<u32> = unknown.map(|span| span.place).collect();
            if entries.is_none() || answered || !unknown.is_empty() {
                let key = keyed.then(|| self.keys.key[..].into());
                found.asked.push(AskedFlow { own, unknown, key, spans: self.span_keys.clone() });
            }
            return Ok(());
        };
        let mut add = |counter, times| {
            if counter != NOTHING {
                found.counts.push((counter, times));
            }
        };
        add(entries.counter, 1);
        add(once, 1);
        add(each, self.span_keys.len() as u32);
        for span in &self.span_keys {
            let answer = &self.answers[span.answer as usize];
            add(answer.counter, 1);
            found.in_flows.add(span.place);
            if answer.placed {
                found.placed.add(span.place);
            }
        }
        for (&i, &placed) in self.keys.spans().iter().zip(&entries.placed[..]) {
            if placed && i != TOP {
                found.placed.add(i);
            }
        }
        Ok(())
    }

    /// Find the key of each span of a flow, which is all that the rules can distinguish of it, and their answer.
    fn find_span_keys(&mut self, view: &View, contents: &Contents, own: u32) {
        self.span_keys.clear();
        let carrier = if own == TOP { view.roots[0] } else { own };
        let of_own = &contents.get(view.contents[carrier as usize]).seen[self.number];
        for &i in &self.spans {
            let equal = match self.outline.compares {
                true => {
                    let seen = &contents.get(view.contents[i as usize]).seen[self.number];
                    self.equal.number(view, i, &seen.of_rules, carrier, &of_own.references)
                }
                false => 0,
            };
            let key = u64::from(self.classes.of_spans[i as usize]) << 32 | u64::from(equal);
            let answer = self.of_spans.get(&key).copied().unwrap_or(UNKNOWN);
            self.span_keys.push(SpanKey { place: i, key, answer });
        }
    }

    /// Make the key of what the rules say of a flow as a whole. Returns false if their answer for a span is not known, or it breaks one.
    fn find_rules_key(&mut self) -> bool {
        self.rules_key.clear();
        self.rules_key.extend([0, 0]);
        let mut selecting = 0;
        for span in &self.span_keys {
            let answer = self.answers.get(span.answer as usize).filter(|answer| !answer.is_broken);
            let Some(answer) = answer else { return false };
            selecting |= answer.selecting;
            self.rules_key.resize(2 + answer.numbers.len(), 0);
            for (sum, number) in self.rules_key[2..].iter_mut().zip(&answer.numbers) {
                *sum += number;
            }
        }
        self.rules_key[0] = selecting as u32;
        self.rules_key[1] = (selecting >> 32) as u32;
        true
    }

    /// Store what is known now of what was not known of a trace.
    pub fn store(&mut self, found: &Found, known: KnownContract) {
        self.rejected = self.rejected.or(known.rejected);
        for (&i, begins) in found.candidates.iter().zip(known.begins) {
            if let Some(begins) = begins {
                self.bytes += ENTRY;
                self.begins.insert(self.classes.of_spans[i as usize], begins);
            }
        }
        for (asked, known) in found.asked.iter().zip(known.flows) {
            let unknown = asked.spans.iter().filter(|span| span.answer == UNKNOWN);
            for (span, answer) in unknown.zip(known.spans) {
                if let (Some(answer), false) = (answer, self.of_spans.contains_key(&span.key)) {
                    self.bytes += 2 * ENTRY + answer.numbers.len() * 4;
                    self.of_spans.insert(span.key, self.answers.len() as u32);
                    self.answers.push(answer);
                }
            }
            if let (Some(key), Some((counter, placed))) = (&asked.key, known.entries) {
                self.bytes += 2 * ENTRY + key.len() * 4 + placed.len();
                self.of_entries.insert(key.clone(), Entries { counter, placed: placed.into() });
            }
            if let Some(rules) = known.rules {
                self.span_keys.clear();
                let answer = |span: &SpanKey| self.of_spans.get(&span.key).copied().unwrap_or(UNKNOWN);
                self.span_keys.extend(asked.spans.iter().map(|span| SpanKey { answer: answer(span), ..*span }));
                if self.find_rules_key() {
                    self.bytes += 2 * ENTRY + self.rules_key.len() * 4;
                    self.of_flows.insert(self.rules_key[..].into(), rules);
                }
            }
        }
    }
}

impl Found {
    fn clear(&mut self, contract: usize, spans: usize) {
        self.contract = contract;
        self.is_known = false;
        self.counts.clear();
        self.flows.clear();
        self.rejected = 0;
        self.in_flows.clear(spans);
        self.placed.clear(spans);
        self.candidates.clear();
        self.asked.clear();
    }
}
