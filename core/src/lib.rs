//! The optional, faster reader of spanpact: it scans OTLP, looks up what Python has answered before, and counts.
//!
//! It never judges. What is new it asks of Python (`answers`, `judge`), and keeps the answer:
//!
//! - `scan` finds everything in the bytes of a document, or leaves it to Python;
//! - `tables` have the answers by the bytes that were asked about, `screen` and `ibans` tell which texts are not worth
//!   keeping;
//! - `traces` gather the spans of each trace until `trace_ends` says that it has ended;
//! - `trace_key` makes the key of a whole trace, with what `trace_times` finds, and `key_parts` shows it;
//!   `verdicts` are those on all of a key;
//! - `split` knows the parts of traces, by keys of their own; what both count is in `counters`;
//! - `engine` does all this, document by document;
//! - `python` is the module that Python imports.

pub mod answers;
pub mod counters;
pub mod engine;
pub mod groups;
pub mod ibans;
pub mod judge;
pub mod key_parts;
pub mod scan;
pub mod screen;
pub mod split;
pub mod tables;
pub mod trace_ends;
pub mod trace_key;
mod trace_times;
pub mod traces;
pub mod values;
pub mod verdicts;

#[cfg(feature = "python")]
mod python;
