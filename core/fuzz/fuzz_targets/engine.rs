//! The engine against a model: made traces in documents of both encodings, of which the engine counts those that are
//! alike. What it counts like a trace that was judged must be like it in all that a shape holds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use memchr::memmem::find;
use spanpact_core::answers::{Answers, Attribute, Encoding, Group, Shape, Stop, Texts, Value, NO_SHAPE};
use spanpact_core::engine::Engine;
use spanpact_core::groups::Groups;
use spanpact_core::ibans::Ibans;
use spanpact_core::judge::{Judge, NewRecord};
use spanpact_core::scan::{Kind, RawGroup};
use spanpact_core::screen::Screen;
use spanpact_core::split::asked::{Content, Counted, KnownContract, Outline, PartAnswers, Process};
use spanpact_core::split::contract::Found;
use spanpact_core::trace_ends::TraceEnds;
use spanpact_core::trace_key::KeyMaker;
use spanpact_core::traces::{OpenTrace, TraceId};
use spanpact_core::verdicts::Verdict;
use spanpact_core_fuzz::kept::Kept;
use spanpact_core_fuzz::made::{documents, Made, Record, Span};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

const LONGEST: i64 = 50;
const BOUND: f64 = 10.0;

thread_local! {
    static SCREEN: Rc<Screen> = Rc::new(Screen::new(&["x@".to_string()], Ibans::default(), 64));
}

/// All that a shape of a trace holds: of each span its content, the place of its parent, whether it is long, the places
/// of its value and its resource among the distinct ones; which spans end before others begin; and its log records.
type Like = (Vec<[usize; 5]>, Vec<bool>, Vec<(usize, u8)>);

/// Answers as Python does, and compares what is counted.
struct Asked<'a> {
    traces: HashMap<String, (Vec<&'a Span>, Vec<&'a Record>)>,
    contents: HashMap<[u8; 4], u32>,
    like: Vec<Like>,
    seen: Vec<String>,
    counted: u64,
    settled: u64,
    flows: usize,
}

type Answer<T> = Result<T, Stop<()>>;

impl Answers for Asked<'_> {
    type Group = ();
    type Error = ();

    fn group(&mut self, _: Encoding, document: &[u8], group: &RawGroup) -> Answer<Group<()>> {
        Ok(Group { handle: (), process: digit(group.resource.of(document), b"resource-").into() })
    }

    fn attribute(&mut self, _: Encoding, attribute: &[u8], kind: Kind) -> Answer<Attribute> {
        Ok(match kind {
            Kind::Double => Attribute { number: 9, bounds: Some(vec![BOUND]), ..Attribute::default() },
            Kind::Boolean => Attribute { number: 8, ..Attribute::default() },
            _ if find(attribute, b"value-").is_some() => {
                let value: Option<Value> = Some(vec![b's', digit(attribute, b"value-")]);
                Attribute { number: 1, value, ..Attribute::default() }
            }
            _ => {
                let texts = Some(Texts { number: 2, compared: false });
                Attribute {
                    number: if find(attribute, b"x@").is_some() { 3 } else { 2 },
                    texts,
                    ..Attribute::default()
                }
            }
        })
    }

    fn double(&mut self, _: Encoding, _: &[u8], value: f64) -> Answer<u32> {
        Ok(if value < BOUND { 4 } else { 5 })
    }

    fn shape(&mut self, span: &[u8], _: &(), _: usize) -> Answer<Shape> {
        let content = [
            digit(span, b"name-"),
            u8::from(find(span, b"x@").is_some()),
            u8::from(is_large(span)),
            u8::from(find(span, b"value-").is_some()),
        ];
        let next = self.contents.len() as u32;
        let number = *self.contents.entry(content).or_insert(next);
        Ok(Shape { number, ordered: true, concurrent: false, called: false })
    }

    fn full_shape(&mut self, _: &[u8], _: &()) -> Answer<(Shape, Vec<Value>)> {
        Ok((Shape { number: NO_SHAPE, ordered: false, concurrent: false, called: false }, Vec::new()))
    }

    fn starts(&mut self, _: &(), _: &[u64]) -> Result<bool, ()> {
        Ok(false)
    }

    fn related(&mut self, _: u32, _: u32) -> Result<u32, ()> {
        Ok(0)
    }

    fn resolution(&mut self, _: u32) -> Result<i64, ()> {
        Ok(1)
    }

    fn allowances(&mut self, _: bool, _: &[i64]) -> Result<Vec<i64>, ()> {
        Ok(vec![0])
    }

    fn cuts(&mut self, _: i64) -> Result<Vec<i64>, ()> {
        Ok(vec![LONGEST])
    }
}

/// Parts of traces are left to Python.
impl PartAnswers for Asked<'_> {
    fn outlines(&mut self) -> Result<Vec<Outline>, ()> {
        Ok(Vec::new())
    }

    fn content(&mut self, _: u32, _: &[u32]) -> Result<Option<Content>, ()> {
        Ok(None)
    }

    fn processes(&mut self, shapes: &[u32], _: &[u32], _: &[u32]) -> Result<Vec<Process>, ()> {
        Ok(vec![Process { number: 0, parent: 0, ignored: false }; shapes.len()])
    }

    fn part_allowances(&mut self, _: usize, _: bool, _: &[i64]) -> Result<Vec<i64>, ()> {
        Ok(vec![0])
    }

    fn part_cuts(&mut self, _: usize, _: i64) -> Result<Vec<i64>, ()> {
        Ok(Vec::new())
    }

    fn counter(&mut self, _: Counted, _: u32) -> Result<u32, ()> {
        unreachable!("no part is known")
    }
}

impl Judge<(), ()> for Asked<'_> {
    fn judge(&mut self, trace: &OpenTrace<()>, _: &Groups<()>, key: Option<&KeyMaker>) -> Result<Option<Verdict>, ()> {
        self.seen.push(trace.id.text());
        if key.is_none() {
            return Ok(None);
        }
        self.like.push(self.like_of(trace));
        let counter = self.like.len() as u32;
        Ok(Some(Verdict { counts: vec![(counter, 1)], flows: vec![(0, vec![0, u32::MAX])], ..Verdict::default() }))
    }

    fn judge_rest(
        &mut self,
        _: &OpenTrace<()>,
        _: &Groups<()>,
        _: &KeyMaker,
        _: &[Found],
        _: bool,
    ) -> Result<Vec<KnownContract>, ()> {
        unreachable!("no part is known")
    }

    fn names(&mut self, _: u32, _: &OpenTrace<()>, _: &[u32]) -> Result<(), ()> {
        unreachable!("none is wanted")
    }

    fn outside(&mut self, _: &OpenTrace<()>, _: &[usize]) -> Result<(), ()> {
        unreachable!("no part is known")
    }

    fn root(&mut self, _: u32, _: &TraceId, _: u64) -> Result<bool, ()> {
        unreachable!("none is wanted")
    }

    fn flows(&mut self, contract: usize, packed: &[u8]) -> Result<(), ()> {
        assert_eq!(contract, 0);
        self.flows += packed.len();
        Ok(())
    }

    fn check(
        &mut self,
        trace: &OpenTrace<()>,
        _: &Groups<()>,
        counts: &[(u32, u32)],
        logs: usize,
        flows: &[(usize, &[u8])],
    ) -> Result<(), ()> {
        self.seen.push(trace.id.text());
        self.counted += 1;
        let &[(counter, 1)] = counts else { panic!("{counts:?}") };
        assert_eq!(self.like[counter as usize - 1], self.like_of(trace), "{}", trace.id.text());
        let first = self.sorted(trace)[0].span_id;
        let id = u128::from_str_radix(&trace.id.text(), 16).expect("a number").to_be_bytes();
        let packed = [&id[..], &first.to_be_bytes(), &id, &[0; 8]].concat();
        assert_eq!((logs, flows), (0, &[(0, &packed[..])][..]));
        Ok(())
    }

    fn settle(&mut self, times: &[u64]) -> Result<(), ()> {
        self.settled += times.iter().sum::<u64>();
        self.like.clear();
        Ok(())
    }
}

impl Asked<'_> {
    fn sorted(&self, trace: &OpenTrace<()>) -> Vec<&Span> {
        let mut spans = self.traces[&trace.id.text()].0.clone();
        assert_eq!(spans.len(), trace.members.len());
        spans.sort_by_key(|span| (span.start, span.span_id));
        spans
    }

    /// Return what other traces must have in common with this one.
    fn like_of(&self, trace: &OpenTrace<()>) -> Like {
        let spans = self.sorted(trace);
        let (mut values, mut resources) = (Vec::new(), Vec::new());
        let of_spans = spans.iter().map(|span| {
            let content = usize::from(span.name) << 3 | usize::from(span.leaks) << 2 | usize::from(span.large) << 1;
            let parent = spans.iter().position(|each| each.span_id == span.parent_id);
            let parent = if span.parent_id == 0 { usize::MAX } else { parent.unwrap_or(usize::MAX - 1) };
            let long = usize::from(span.end - span.start >= LONGEST as u64);
            let value = span.value.map_or(usize::MAX, |value| place(&mut values, value));
            [content, parent, long, value, place(&mut resources, span.resource)]
        });
        let of_spans = of_spans.collect();
        let pairs = spans.iter().flat_map(|one| spans.iter().map(move |other| one.end <= other.start));
        let mut records: Vec<(usize, u8)> = self.traces[&trace.id.text()]
            .1
            .iter()
            .map(|record| {
                let at = spans.iter().position(|span| span.span_id == record.span_id);
                (at.map_or(0, |at| at + 1), record.shape)
            })
            .collect();
        records.sort_by_key(|record| record.0);
        (of_spans, pairs.collect(), records)
    }
}

fn place(known: &mut Vec<u8>, value: u8) -> usize {
    known.iter().position(|each| *each == value).unwrap_or_else(|| {
        known.push(value);
        known.len() - 1
    })
}

/// Return the digit after a mark.
fn digit(bytes: &[u8], mark: &[u8]) -> u8 {
    find(bytes, mark).map_or(0, |begin| bytes[begin + mark.len()])
}

fn is_large(span: &[u8]) -> bool {
    find(span, b"12.5").is_some() || find(span, &12.5f64.to_le_bytes()).is_some()
}

fuzz_target!(|bytes: &[u8]| {
    let made = documents(bytes);
    let (mut ends, mut store) = (TraceEnds::new(2, 7), Kept::default());
    let mut traces: HashMap<String, (Vec<&Span>, Vec<&Record>)> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    let id = |trace: u8| format!("{:032x}", u128::from(trace) + 1);
    for (document, place) in made.iter().zip(1..) {
        for trace in document.spans.iter().map(|span| span.trace).chain(document.records.iter().map(|each| each.trace))
        {
            ends.note(u128::from(trace) + 1, place);
            if !traces.contains_key(&id(trace)) {
                order.push(id(trace));
                traces.insert(id(trace), Default::default());
            }
        }
        let Ok(()) = ends.write_full(&mut store);
        document.spans.iter().for_each(|span| traces.get_mut(&id(span.trace)).expect("noted").0.push(span));
        document.records.iter().for_each(|each| traces.get_mut(&id(each.trace)).expect("noted").1.push(each));
    }
    let Ok(()) = ends.write_all(&mut store);
    let mut asked = Asked {
        traces,
        contents: HashMap::new(),
        like: Vec::new(),
        seen: Vec::new(),
        counted: 0,
        settled: 0,
        flows: 0,
    };
    let mut engine = Engine::<(), ()>::new(SCREEN.with(Rc::clone), ends, 1);
    let mut generation = 1;
    for (Made { encoding, bytes, records, renewed, .. }, place) in made.iter().zip(1..) {
        let Ok(()) = engine.ends().reach(place, &mut store);
        generation += i64::from(*renewed);
        engine.begin(&mut asked, generation).expect("begun");
        assert!(engine.take(&mut asked, *encoding, bytes, place).is_ok(), "{}", String::from_utf8_lossy(bytes));
        for record in records {
            let summary = ();
            let (shape, values) = (record.shape.into(), Vec::new());
            let record_of = NewRecord { span_id: Some(record.span_id), unsampled: false, shape, values, summary };
            assert!(engine.add_record(TraceId::WellFormed(u128::from(record.trace) + 1), record_of, generation, place));
        }
        engine.judge_until(&mut asked, place, u32::MAX).expect("judged");
    }
    engine.settle(&mut asked).expect("settled");
    let all: BTreeSet<&String> = asked.seen.iter().collect();
    assert_eq!(all.len(), asked.seen.len());
    assert_eq!(asked.seen, order);
    assert_eq!((engine.counted, asked.settled), (asked.counted, asked.counted));
    assert_eq!(asked.flows as u64, asked.counted * 2 * 24);
});
