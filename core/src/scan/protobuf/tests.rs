use super::*;
use crate::scan::NotUnderstood;

fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, value) in fields {
        bytes.extend([number << 3 | 2, value.len() as u8]);
        bytes.extend_from_slice(value);
    }
    bytes
}

fn a_span(more: &[u8]) -> Vec<u8> {
    let mut span = message(&[(1, &[7; 16]), (2, &[1; 8]), (4, &[2; 8]), (5, b"GET")]);
    span.extend([0x39, 5, 0, 0, 0, 0, 0, 0, 0, 0x41, 9, 0, 0, 0, 0, 0, 0, 0]);
    span.extend_from_slice(more);
    span
}

fn a_request(span: &[u8]) -> Vec<u8> {
    message(&[(1, &message(&[(1, b"R"), (2, &message(&[(1, b"S"), (2, span)]))]))])
}

fn scanned(document: &[u8]) -> Result<Scanned> {
    let mut found = Scanned::default();
    scan(document, &mut found).map(|()| found)
}

#[test]
fn a_span_has_ids_times_and_a_rest() {
    let document = a_request(&a_span(&[]));
    let found = scanned(&document).expect("understood");
    let span = &found.spans[0];
    assert_eq!((span.start, span.end, span.full), (5, 9, false));
    assert_eq!(span.trace_id, u128::from_be_bytes([7; 16]));
    assert_eq!((span.span_id, span.parent_id), (u64::from_be_bytes([1; 8]), u64::from_be_bytes([2; 8])));
    assert_eq!(span.rest.of(&found.rests), b"\x05\x03\0\0\0GET");
    assert_eq!((found.groups[0].resource.of(&document), found.groups[0].scope.of(&document)), (&b"R"[..], &b"S"[..]));
}

#[test]
fn attributes_are_simple_or_not() {
    let text = message(&[(1, b"k"), (2, &message(&[(1, b"v")]))]);
    let twice = message(&[(1, b"k"), (2, &message(&[(1, b"v"), (1, b"w")]))]);
    let reversed = message(&[(2, &message(&[(1, b"v")])), (1, b"k")]);
    let document = a_request(&a_span(&message(&[(9, &text), (9, &twice), (9, &reversed)])));
    let found = scanned(&document).expect("understood");
    let kinds: Vec<Kind> = found.attributes.iter().map(|each| each.kind).collect();
    assert_eq!(kinds, [Kind::Text, Kind::Other, Kind::Other]);
    assert_eq!(found.attributes[0].value.of(&document), b"v");
    assert_eq!(found.attributes[2].whole.of(&document), reversed);
}

#[test]
fn what_decoders_treat_specially_is_refused() {
    let refused = |more: &[u8]| scanned(&a_request(&a_span(more))).err();
    assert_eq!(refused(&message(&[(5, b"again")])), Some(NotUnderstood("a field twice")));
    for more in [&[0x98, 0x06, 1][..], &[0x28, 1], &[0x33], &[0x2a, 9, 1], &[0x00, 1], &[0xff]] {
        assert!(refused(more).is_some(), "{more:?}");
    }
    assert!(scanned(&a_request(&message(&[(1, &[7; 16])]))).is_err());
}

#[test]
fn every_prefix_is_refused_or_shorter() {
    let document = a_request(&a_span(&[]));
    for end in 1..document.len() {
        assert!(scanned(&document[..end]).is_err(), "{end}");
    }
}

#[test]
fn trace_ids_are_those_of_the_spans() {
    let mut ids = Vec::new();
    trace_ids(&a_request(&a_span(&[])), |id| ids.push(id)).expect("a message");
    assert_eq!(ids, [u128::from_be_bytes([7; 16])]);
}
