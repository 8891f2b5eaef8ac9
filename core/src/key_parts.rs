//! What the last key says of its trace, for those who look at it part by part.

use crate::trace_key::KeyMaker;
use crate::traces::{RecordFacts, Span};

/// Parts of a key: the shape of each span, the place of its parent, and whether all have one resource.
pub struct PlainParts<'a> {
    /// The number of the shape of each span.
    pub shapes: &'a [u32],
    /// The place of its parent; the largest number where it has none, the one below where that is elsewhere.
    pub parents: &'a [u32],
    /// Whether all spans have one resource.
    pub one_resource: bool,
}

impl KeyMaker {
    /// Return the spans of the last key in the order of `Topology.spans`: by start, then by id.
    pub fn sorted(&self) -> &[Span] {
        &self.sorted
    }

    /// Return the indexes of the log records in the order in which the last key holds them.
    pub fn record_order(&self) -> &[u32] {
        &self.record_order
    }

    /// Return the last key in parts, if its trace has exact clocks, of which none stood still, and no log records.
    pub fn plain_parts(&self) -> Option<PlainParts<'_>> {
        let spans = self.sorted.len();
        let (shapes, parents) = (&self.key[1..1 + spans], self.parents());
        self.is_plain.then_some(PlainParts { shapes, parents, one_resource: self.one_resource })
    }

    /// Return the place of each span's parent in the last key.
    pub fn parents(&self) -> &[u32] {
        let spans = self.sorted.len();
        &self.key[1 + spans..1 + 2 * spans]
    }

    /// Return the log records of the last key in its order, each with the place of its span.
    pub fn records(&self) -> impl Iterator<Item = (Option<u32>, &RecordFacts)> {
        let of = |&index: &u32| (self.record_places[index as usize].checked_sub(1), &self.records[index as usize]);
        self.record_order.iter().map(of)
    }

    /// Return whether all spans of the last key have one resource.
    pub fn is_of_one_resource(&self) -> bool {
        self.one_resource
    }

    /// Return the resolution of each span's times in the last key; nothing if all are exact.
    pub fn resolutions(&self) -> &[i64] {
        &self.resolutions_of_spans
    }

    /// Return for each span of the last key whether its clock stood still; nothing if none did.
    pub fn still(&self) -> &[bool] {
        &self.still
    }

    /// Return the last key.
    pub fn key(&self) -> &[u32] {
        &self.key
    }
}
