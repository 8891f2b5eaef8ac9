use super::*;
use crate::answers::{Answers, Attribute, Group, Value};
use crate::groups::Groups;
use crate::ibans::Ibans;
use crate::judge::NewRecord;
use crate::scan::{Kind, RawGroup};
use crate::split::asked::{Content, Counted, KnownContract, KnownFlow, KnownSpan, Outline, PartAnswers, Process, Seen};
use crate::split::contract::Found;
use crate::trace_ends::tests::reached;
use crate::trace_key::KeyMaker;
use crate::traces::OpenTrace;
use crate::verdicts::Verdict;

/// Answers as Python does, by the simplest rules, and counts what it was asked.
#[derive(Default)]
pub(super) struct Asked {
    judged: Vec<String>,
    /// How often the rest of a trace was judged.
    pub rest: u32,
    shapes: u32,
    names: Vec<u32>,
    flows: usize,
    settled: Vec<u64>,
    checked: Vec<(u64, usize)>,
    every: u64,
    ordered: bool,
    /// The contract, if its parts are asked about.
    pub outline: Option<Outline>,
    /// Whether rules are broken by all spans.
    pub broken: bool,
    /// How many flows were asked about.
    pub flows_asked: usize,
    /// Which entries spans fit in each place, by the number of their name.
    pub fitting: Vec<Vec<Vec<u32>>>,
}

type Answer<T> = Result<T, Stop<()>>;

impl Answers for Asked {
    type Group = ();
    type Error = ();

    fn group(&mut self, _: Encoding, document: &[u8], group: &RawGroup) -> Answer<Group<()>> {
        Ok(Group { handle: (), process: group.resource.of(document).len() as u32 })
    }

    fn attribute(&mut self, _: Encoding, attribute: &[u8], _: Kind) -> Answer<Attribute> {
        let value: Option<Value> = attribute.starts_with(b"{\"key\":\"id\"").then(|| attribute.to_vec());
        Ok(Attribute { number: 1, value, ..Attribute::default() })
    }

    fn double(&mut self, _: Encoding, _: &[u8], _: f64) -> Answer<u32> {
        Ok(2)
    }

    fn shape(&mut self, span: &[u8], _: &(), _: usize) -> Answer<Shape> {
        self.shapes += 1;
        let begin = memchr::memmem::find(span, b"\"name\":\"n").expect("a name") + 9;
        self.names.resize(self.shapes as usize + 1, 0);
        self.names[self.shapes as usize] = u32::from(span[begin] - b'0');
        Ok(Shape { number: self.shapes, ordered: self.ordered, concurrent: false, called: false })
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
        Ok(vec![50])
    }
}

impl PartAnswers for Asked {
    fn outlines(&mut self) -> Result<Vec<Outline>, ()> {
        Ok(self.outline.iter().cloned().collect())
    }

    fn content(&mut self, shape: u32, _: &[u32]) -> Result<Option<Content>, ()> {
        if self.outline.is_none() {
            return Ok(None);
        }
        let name = self.names[shape as usize];
        let fitting = self.fitting.get(name as usize).cloned().unwrap_or_else(|| vec![Vec::new(); 2]);
        let (of_entries, of_rules, references) = (vec![0], vec![0], vec![vec![0]]);
        let seen = vec![Seen { begins: name == 0, fitting, of_entries, of_rules, references }];
        Ok(Some(Content { name, wanted: false, may_be_orphan: true, seen }))
    }

    fn processes(&mut self, shapes: &[u32], _: &[u32], _: &[u32]) -> Result<Vec<Process>, ()> {
        Ok(vec![Process { number: 0, parent: 0, ignored: false }; shapes.len()])
    }

    fn part_allowances(&mut self, _: usize, _: bool, _: &[i64]) -> Result<Vec<i64>, ()> {
        Ok(vec![0])
    }

    fn part_cuts(&mut self, _: usize, _: i64) -> Result<Vec<i64>, ()> {
        Ok(vec![50])
    }

    fn counter(&mut self, _: Counted, _: u32) -> Result<u32, ()> {
        Ok(1)
    }
}

impl Judge<(), ()> for Asked {
    fn judge(&mut self, trace: &OpenTrace<()>, _: &Groups<()>, key: Option<&KeyMaker>) -> Result<Option<Verdict>, ()> {
        self.judged.push(trace.id.text());
        Ok(key.map(|_| Verdict { counts: vec![(0, 1)], flows: vec![(0, vec![0])], ..Verdict::default() }))
    }

    fn judge_rest(
        &mut self,
        _: &OpenTrace<()>,
        _: &Groups<()>,
        _: &KeyMaker,
        found: &[Found],
        _: bool,
    ) -> Result<Vec<KnownContract>, ()> {
        self.rest += 1;
        self.flows_asked += found.iter().map(|found| found.asked.len()).sum::<usize>();
        let span = KnownSpan { is_broken: self.broken, counter: 1, numbers: [].into(), selecting: 1, placed: true };
        let flow = |unknown: usize| KnownFlow {
            entries: Some((1, vec![true; 9])),
            rules: Some((1, 1)),
            spans: vec![Some(span.clone()); unknown],
        };
        let known = |found: &Found| KnownContract {
            rejected: Some(1),
            begins: vec![Some(true); found.candidates.len()],
            flows: found.asked.iter().map(|asked| flow(asked.unknown.len())).collect(),
        };
        Ok(found.iter().filter(|found| !found.is_known).map(known).collect())
    }

    fn names(&mut self, _: u32, _: &OpenTrace<()>, _: &[u32]) -> Result<(), ()> {
        Ok(())
    }

    fn outside(&mut self, _: &OpenTrace<()>, _: &[usize]) -> Result<(), ()> {
        Ok(())
    }

    fn root(&mut self, _: u32, _: &TraceId, _: u64) -> Result<bool, ()> {
        Ok(false)
    }

    fn flows(&mut self, _: usize, packed: &[u8]) -> Result<(), ()> {
        self.flows += packed.len() / 24;
        Ok(())
    }

    fn check(
        &mut self,
        trace: &OpenTrace<()>,
        _: &Groups<()>,
        _: &[(u32, u32)],
        _: usize,
        flows: &[(usize, &[u8])],
    ) -> Result<(), ()> {
        self.checked.push((trace.number, flows.iter().map(|(_, packed)| packed.len() / 24).sum()));
        Ok(())
    }

    fn settle(&mut self, times: &[u64]) -> Result<(), ()> {
        self.settled.extend_from_slice(times);
        Ok(())
    }
}

/// A span: its trace, its id, that of its parent, start, end, and the value of `id`. Its name is `n` with the first digit
/// of its id.
pub(super) type Written<'a> = (u8, u8, u8, u64, u64, &'a str);

pub(super) fn document(spans: &[Written]) -> String {
    let written = spans.iter().map(|(trace, id, parent, start, end, value)| {
        let parent = if *parent == 0 { String::new() } else { format!("{parent:016x}") };
        format!(
            r#"{{"traceId":"{trace:032x}","spanId":"{id:016x}","parentSpanId":"{parent}","name":"n{:x}",
            "startTimeUnixNano":"{start}","endTimeUnixNano":"{end}",
            "attributes":[{{"key":"id","value":{{"stringValue":"{value}"}}}}]}}"#,
            id >> 4
        )
    });
    let spans = written.collect::<Vec<_>>().join(",");
    format!(r#"{{"resourceSpans":[{{"resource":{{}},"scopeSpans":[{{"scope":{{}},"spans":[{spans}]}}]}}]}}"#)
}

pub(super) fn unscreened() -> Rc<Screen> {
    Rc::new(Screen::new(&[], Ibans::default(), 0))
}

/// Verify documents one after another, and return what was asked and how many traces were counted.
pub(super) fn verified(documents: &[String], mut asked: Asked) -> (Asked, u64) {
    let mut ends = TraceEnds::default();
    let name = memchr::memmem::Finder::new("\"traceId\":");
    for (document, place) in documents.iter().zip(1..) {
        json::trace_ids(document.as_bytes(), &name, |id| ends.note(id, place));
    }
    let mut engine = Engine::<(), ()>::new(unscreened(), reached(ends), asked.every);
    for (document, place) in documents.iter().zip(1..) {
        engine.begin(&mut asked, 1).expect("begun");
        assert!(engine.take(&mut asked, Encoding::Json, document.as_bytes(), place).is_ok(), "{document}");
        engine.judge_until(&mut asked, place, u32::MAX).expect("judged");
    }
    engine.settle(&mut asked).expect("settled");
    (asked, engine.counted)
}

/// Return whether the second trace is counted like the first one.
fn alike(one: &[Written], other: &[Written], asked: Asked) -> bool {
    verified(&[document(one), document(other)], asked).1 == 1
}

const ONE: [Written; 2] = [(1, 1, 0, 10, 40, "a"), (1, 2, 1, 20, 30, "a")];

#[test]
fn traces_of_one_shape_are_judged_once() {
    let two = [(2, 8, 7, 120, 121, "b"), (2, 7, 0, 110, 130, "b")];
    let (asked, counted) = verified(&[document(&ONE), document(&two)], Asked::default());
    assert_eq!((asked.judged.len(), asked.shapes, counted), (1, 1, 1));
    assert_eq!((asked.flows, asked.settled), (1, vec![1]));
}

#[test]
fn every_so_many_th_trace_that_is_counted_is_checked_with_its_flows() {
    let documents: Vec<String> = (1..=7).map(|id| document(&[(id, 1, 0, 10, 40, "a")])).collect();
    let checked = |every| verified(&documents, Asked { every, ..Asked::default() }).0.checked;
    assert_eq!(checked(0), []);
    assert_eq!(checked(1), (2..=7).map(|number| (number, 1)).collect::<Vec<_>>());
    assert_eq!(checked(3), [(3, 1), (6, 1)]);
}

#[test]
fn traces_that_differ_are_judged_each() {
    let others: [&[Written]; 6] = [
        &[(2, 1, 0, 10, 40, "a")],                         // a span less
        &[(2, 1, 0, 10, 40, "a"), (2, 2, 9, 20, 30, "a")], // a parent that is elsewhere
        &[(2, 1, 0, 10, 40, "a"), (2, 2, 0, 20, 30, "a")], // no parent
        &[(2, 1, 0, 10, 40, "a"), (2, 2, 1, 20, 30, "b")], // values that differ
        &[(2, 1, 0, 10, 90, "a"), (2, 2, 1, 20, 30, "a")], // a duration beyond a bound
        &[(2, 1, 0, 10, 40, "a"), (2, 2, 1, 20, 41, "a")], // a child that outlasts its parent
    ];
    for other in others {
        assert!(!alike(&ONE, other, Asked::default()), "{other:?}");
    }
}

#[test]
fn the_order_of_siblings_matters_only_where_it_is_compared() {
    let apart = [(1, 1, 0, 0, 40, "a"), (1, 2, 1, 5, 10, "a"), (1, 3, 1, 20, 30, "a")];
    let together = [(2, 1, 0, 0, 40, "a"), (2, 2, 1, 5, 25, "a"), (2, 3, 1, 20, 30, "a")];
    assert!(alike(&apart, &together, Asked::default()));
    assert!(!alike(&apart, &together, Asked { ordered: true, ..Asked::default() }));
}

#[test]
fn a_trace_of_several_documents_is_judged_when_it_has_ended() {
    let documents = [document(&ONE[..1]), document(&[(2, 5, 0, 1, 2, "a")]), document(&ONE[1..])];
    let (asked, _) = verified(&documents, Asked::default());
    assert_eq!(asked.judged, [format!("{:032x}", 1), format!("{:032x}", 2)]);
}

#[test]
fn a_span_of_a_trace_that_has_ended_is_told() {
    let mut engine = Engine::<(), ()>::new(unscreened(), TraceEnds::default(), 0);
    let taken = engine.take(&mut Asked::default(), Encoding::Json, document(&ONE).as_bytes(), 1);
    assert!(matches!(taken, Err(Stop::Late)));
}

#[test]
fn of_a_document_that_is_not_understood_nothing_is_kept() {
    let mut engine = Engine::<(), ()>::new(unscreened(), TraceEnds::default(), 0);
    let cut = document(&ONE).replace("]}]}]}", "]}]}");
    let taken = engine.take(&mut Asked::default(), Encoding::Json, cut.as_bytes(), 1);
    assert!(matches!(taken, Err(Stop::NotUnderstood(_))));
    assert_eq!(engine.spans, 0);
}

#[test]
fn log_records_are_part_of_the_shape() {
    let mut ends = TraceEnds::default();
    (1..=3).for_each(|id| ends.note(id, 1));
    let mut engine = Engine::<(), ()>::new(unscreened(), reached(ends), 0);
    let mut asked = Asked::default();
    engine.begin(&mut asked, 1).expect("begun");
    let spans = [(1, 1, 0, 10, 40, "a"), (2, 1, 0, 10, 40, "a"), (3, 1, 0, 10, 40, "a")];
    assert!(engine.take(&mut asked, Encoding::Json, document(&spans).as_bytes(), 1).is_ok());
    for id in [1, 2] {
        let record = NewRecord { span_id: Some(1), unsampled: false, shape: 9, values: vec![], summary: () };
        assert!(engine.add_record(TraceId::WellFormed(id), record, 1, 1));
    }
    engine.judge_until(&mut asked, 1, u32::MAX).expect("judged");
    assert_eq!((asked.judged.len(), engine.counted), (2, 1));
}
