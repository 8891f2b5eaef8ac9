//! Traces are counted by their parts only if a contract cannot distinguish these.

use super::tests::{document, unscreened, verified, Asked, Written};
use super::*;
use crate::split::asked::{Entry, Outline, Place};
use crate::trace_ends::tests::reached;

/// A contract: below its own span `n0` are `n1` and `n2`, as children.
fn outline() -> Outline {
    let entry = |places| Entry { ordered: false, concurrent: false, places };
    let places = vec![Place { of_children: true, closed: false }];
    let entries = vec![entry((0, 1)), entry((1, 1)), entry((1, 1))];
    Outline { has_span: true, compares: true, entries, places, ..Outline::default() }
}

/// Return who answers: `n1` fits the first entry and `n2` the second one, or both fit both.
fn asked(outline: Outline, competing: bool) -> Asked {
    let each = |own: u32| vec![if competing { vec![1, 2] } else { vec![own] }];
    let mut asked = Asked::default();
    asked.outline = Some(outline);
    asked.fitting = vec![vec![vec![]], each(1), each(2)];
    asked
}

/// Return whether the second trace is counted by the parts of the first one.
fn alike(one: &[Written], other: &[Written], asked: Asked) -> bool {
    let (asked, counted) = verified(&[document(one), document(other)], asked);
    assert_eq!(u64::from(asked.rest) + counted, 2);
    counted == 1
}

/// A trace with a span `n1`, one that no entry fits, and then `n2`.
const ONE: [Written; 4] =
    [(1, 1, 0, 10, 90, "a"), (1, 0x11, 1, 20, 30, "a"), (1, 0x31, 1, 30, 31, "a"), (1, 0x21, 1, 40, 50, "a")];

#[test]
fn what_no_entry_takes_and_the_order_of_others_do_not_matter() {
    let other = [
        (2, 1, 0, 10, 90, "b"),
        (2, 0x21, 1, 20, 30, "b"),
        (2, 0x31, 1, 30, 31, "b"),
        (2, 0x32, 1, 30, 31, "b"),
        (2, 0x11, 1, 40, 50, "b"),
    ];
    assert!(alike(&ONE, &other, asked(outline(), false)));
}

#[test]
fn the_order_of_spans_that_compete_matters() {
    let other =
        [(2, 1, 0, 10, 90, "a"), (2, 0x21, 1, 20, 30, "a"), (2, 0x31, 1, 30, 31, "a"), (2, 0x11, 1, 40, 50, "a")];
    assert!(!alike(&ONE, &other, asked(outline(), true)));
}

#[test]
fn spans_that_no_entry_takes_matter_in_a_closed_place() {
    let other = [&[(2, 0x32, 1, 30, 31, "a")], &ONE.map(|span| (2, span.1, span.2, span.3, span.4, "a"))[..]].concat();
    let mut closed = outline();
    closed.places[0].closed = true;
    assert!(alike(&ONE, &other, asked(outline(), false)));
    assert!(!alike(&ONE, &other, asked(closed, false)));
}

#[test]
fn spans_of_other_contents_or_at_other_places_are_others() {
    let others: [[Written; 4]; 3] = [
        [(2, 1, 0, 10, 90, "a"), (2, 0x11, 1, 20, 30, "a"), (2, 0x41, 1, 30, 31, "a"), (2, 0x21, 1, 40, 50, "a")],
        [(2, 1, 0, 10, 90, "a"), (2, 0x11, 1, 20, 30, "a"), (2, 0x31, 1, 30, 31, "a"), (2, 0x12, 1, 40, 50, "a")],
        [(2, 1, 0, 10, 90, "a"), (2, 0x31, 1, 20, 50, "a"), (2, 0x11, 1, 55, 60, "a"), (2, 0x21, 0x31, 40, 50, "a")],
    ];
    for other in others {
        assert!(!alike(&ONE, &other, asked(outline(), false)), "{other:?}");
    }
}

#[test]
fn values_are_compared_by_rules_and_entries_each_for_itself() {
    let with = |value: [&'static str; 4]| {
        let mut spans = ONE.map(|span| (2, span.1, span.2, span.3, span.4, span.5));
        spans.iter_mut().zip(value).for_each(|(span, value)| span.5 = value);
        spans
    };
    assert!(alike(&ONE, &with(["b", "b", "b", "b"]), asked(outline(), false)));
    assert!(!alike(&ONE, &with(["a", "b", "a", "a"]), asked(outline(), false)));
    assert!(!alike(&ONE, &with(["a", "a", "b", "a"]), asked(outline(), false)));
    let compares_none = Outline { compares: false, ..outline() };
    assert!(alike(&ONE, &with(["a", "a", "b", "a"]), asked(compares_none.clone(), false)));
    assert!(!alike(&ONE, &with(["a", "b", "a", "a"]), asked(compares_none, false)));
}

#[test]
fn times_matter_where_they_are_looked_at() {
    let mut longer = ONE.map(|span| (2, span.1, span.2, span.3, span.4, span.5));
    longer[1].4 = 75;
    assert!(alike(&ONE, &longer, asked(outline(), false)));
    assert!(!alike(&ONE, &longer, asked(Outline { durations: true, ..outline() }, false)));
    for (ordered, concurrent) in [(true, false), (false, true)] {
        let mut timed = outline();
        timed.entries.iter_mut().skip(1).for_each(|each| (each.ordered, each.concurrent) = (ordered, concurrent));
        assert!(!alike(&ONE, &longer, asked(timed, false)));
    }
}

#[test]
fn a_clock_that_stood_still_matters() {
    let still = ONE.map(|span| (2, span.1, span.2, 10, 10, span.5));
    assert!(!alike(&ONE, &still, asked(outline(), false)));
}

#[test]
fn log_records_are_part_of_a_content() {
    let mut ends = TraceEnds::default();
    (1..=3).for_each(|id| ends.note(id, 1));
    let mut engine = Engine::<(), ()>::new(unscreened(), reached(ends), 0);
    let mut asked = asked(outline(), false);
    engine.begin(&mut asked, 1).expect("begun");
    let spans = [(1, 1, 0, 10, 40, "a"), (2, 1, 0, 10, 40, "a"), (3, 1, 0, 10, 40, "a")];
    assert!(engine.take(&mut asked, Encoding::Json, document(&spans).as_bytes(), 1).is_ok());
    for (id, shape) in [(1, 8), (2, 9), (3, 9)] {
        let record = NewRecord { span_id: Some(1), unsampled: false, shape, values: vec![], summary: () };
        assert!(engine.add_record(TraceId::WellFormed(id), record, 1, 1));
    }
    engine.judge_until(&mut asked, 1, u32::MAX).expect("judged");
    assert_eq!((asked.rest, engine.counted), (2, 1));
}

#[test]
fn a_trace_that_comes_for_the_third_time_is_counted_as_a_whole() {
    let documents: Vec<String> =
        (1..=5).map(|trace| document(&ONE.map(|span| (trace, span.1, span.2, span.3, span.4, span.5)))).collect();
    let (asked, counted) = verified(&documents, asked(outline(), false));
    assert_eq!((asked.rest, counted), (1, 4));
}

#[test]
fn a_contract_left_to_python_keeps_the_key_of_the_whole_trace() {
    let documents: Vec<String> =
        (1..=4).map(|trace| document(&ONE.map(|span| (trace, span.1, span.2, span.3, span.4, span.5)))).collect();
    let left = Outline { entries: vec![], ..outline() };
    let (asked, counted) = verified(&documents, asked(left, false));
    assert_eq!((asked.rest, counted), (1, 2));
}

#[test]
fn nothing_is_asked_about_a_flow_that_only_breaks_rules() {
    let documents: Vec<String> =
        (1..=4).map(|trace| document(&ONE.map(|span| (trace, span.1, span.2, span.3, span.4, span.5)))).collect();
    let mut broken = asked(outline(), false);
    broken.broken = true;
    let (asked, counted) = verified(&documents, broken);
    assert_eq!((asked.rest, asked.flows_asked, counted), (4, 1, 0));
}
