use super::*;
use crate::trace_ends::tests::reached;

#[test]
fn ids_are_numbers_only_if_they_are_plain() {
    assert_eq!(TraceId::of(&"0a".repeat(16)).text(), "0a".repeat(16));
    assert!(matches!(TraceId::of(&"0a".repeat(16)), TraceId::WellFormed(_)));
    for text in ["", "0a", &"0A".repeat(16), &format!("+{}", "0".repeat(31))] {
        assert_eq!(TraceId::of(text), TraceId::Other(text.into()));
    }
}

fn traces(noted: &[(&str, u32)]) -> Traces<()> {
    let mut ends = TraceEnds::default();
    for (id, place) in noted {
        TraceId::of(id).note(&mut ends, *place);
    }
    Traces::new(reached(ends))
}

const ONE: &str = "00000000000000000000000000000001";
const TWO: &str = "00000000000000000000000000000002";

#[test]
fn traces_end_in_the_order_in_which_they_began() {
    let mut traces = traces(&[(ONE, 3), (TWO, 1), ("odd", 1)]);
    for id in [ONE, TWO, "odd"] {
        assert!(traces.slot_of(TraceId::of(id), 1, 7).is_some());
    }
    assert!(traces.next_ended(2).is_none());
    let mut ended = Vec::new();
    while let Some((slot, trace)) = traces.next_ended(3) {
        ended.push(trace.id.text());
        traces.give_back(slot, trace);
    }
    assert_eq!(ended, [ONE, TWO, "odd"]);
}

#[test]
fn a_trace_that_should_have_ended_is_told() {
    let mut traces = traces(&[(ONE, 2)]);
    assert!(traces.slot(1, 3, 0).is_none());
    assert!(traces.slot_of(TraceId::of("new"), 1, 0).is_none());
}

#[test]
fn spans_of_two_generations_have_none() {
    let mut traces = traces(&[(ONE, 2)]);
    let slot = traces.slot(1, 1, 4).expect("open");
    assert_eq!(traces.get_mut(slot).generation, Some(4));
    traces.slot(1, 2, 5);
    assert_eq!(traces.get_mut(slot).generation, None);
}
