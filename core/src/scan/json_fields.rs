//! The names of a span's fields in OTLP JSON.

use super::{field, refuse, Result};

/// Return the number of a field, chosen by its length first, as this is asked a dozen times for each span.
#[inline]
pub fn field_number(name: &[u8]) -> Result<u8> {
    let (expected, number): (&[u8], u8) = match (name.len(), name.first()) {
        (4, Some(b'n')) => (b"name", field::NAME),
        (4, Some(b'k')) => (b"kind", field::KIND),
        (5, Some(b'f')) => (b"flags", field::FLAGS),
        (5, Some(b'l')) => (b"links", field::LINKS),
        (6, Some(b'e')) => (b"events", field::EVENTS),
        (6, _) if name == b"spanId" => (b"spanId", field::SPAN_ID),
        (6, _) => (b"status", field::STATUS),
        (7, _) => (b"traceId", field::TRACE_ID),
        (10, Some(b'a')) => (b"attributes", field::ATTRIBUTES),
        (10, _) => (b"traceState", field::TRACE_STATE),
        (12, _) => (b"parentSpanId", field::PARENT_SPAN_ID),
        (15, _) => (b"endTimeUnixNano", field::END),
        (17, Some(b's')) => (b"startTimeUnixNano", field::START),
        (17, _) => (b"droppedLinksCount", field::DROPPED_LINKS),
        (18, _) => (b"droppedEventsCount", field::DROPPED_EVENTS),
        (22, _) => (b"droppedAttributesCount", field::DROPPED_ATTRIBUTES),
        _ => return refuse("an unknown field of a span"),
    };
    if name == expected {
        Ok(number)
    } else {
        refuse("an unknown field of a span")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_number_and_nothing_else_has_one() {
        let names = "traceId spanId traceState parentSpanId name kind startTimeUnixNano endTimeUnixNano attributes \
                     droppedAttributesCount events droppedEventsCount links droppedLinksCount status flags";
        for (index, name) in names.split(' ').enumerate() {
            assert_eq!(field_number(name.as_bytes()), Ok(index as u8 + 1), "{name}");
            let (upper, longer) = (name.to_uppercase(), format!("{name}s"));
            for other in [upper.as_str(), longer.as_str(), &name[1..], &name[..name.len() - 1]] {
                assert!(field_number(other.as_bytes()).is_err(), "{other}");
            }
        }
    }
}
