//! What is asked of Python about traces that have ended, and what it adds to them.

use crate::answers::Answers;
use crate::groups::Groups;
use crate::trace_key::KeyMaker;
use crate::traces::{OpenTrace, TraceId};

/// What Python is asked about a trace that has ended.
pub trait Judge<G, F>: Answers<Group = G> {
    /// Judge a trace whose key is new, or that has none. Return the verdict on all traces of its key, if there is one.
    ///
    /// `key`: the one that was made of it, if it has one.
    fn judge(
        &mut self,
        trace: &OpenTrace<F>,
        groups: &Groups<G>,
        key: Option<&KeyMaker>,
    ) -> Result<Option<Judged>, Self::Error>;

    /// Count the names of the log records of a trace that was counted; `order` is that of its key.
    fn names(&mut self, verdict: u32, trace: &OpenTrace<F>, order: &[u32]) -> Result<(), Self::Error>;

    /// Note the starts of the roots of a trace that was counted. Return whether Python wants more of this verdict.
    fn roots(&mut self, verdict: u32, trace_id: &TraceId, starts: &[u64]) -> Result<bool, Self::Error>;

    /// Note the flows of a contract, packed.
    fn flows(&mut self, contract: usize, packed: &[u8]) -> Result<(), Self::Error>;

    /// Have the engine judge a trace that was counted, too, and fail if it says something else.
    ///
    /// `flows` are those that were noted of the trace, packed, of each contract by its index.
    fn check(
        &mut self,
        trace: &OpenTrace<F>,
        groups: &Groups<G>,
        verdict: u32,
        flows: &[(usize, &[u8])],
    ) -> Result<(), Self::Error>;

    /// Add what each verdict adds, so many times; then their numbers begin anew.
    fn settle(&mut self, times: &[u64]) -> Result<(), Self::Error>;
}

/// A verdict that holds for all traces of a key: see `verdicts::Verdict`.
pub struct Judged {
    /// The places of the flows.
    pub flows: Vec<(usize, Vec<i32>)>,
    /// The places of roots that Python notes of each trace.
    pub roots: Vec<u32>,
    /// Whether Python counts the names of log records of each trace.
    pub names: bool,
}

/// A log record as Python has read it.
pub struct NewRecord<F> {
    /// The id of its span, 0 for none; None if it is malformed.
    pub span_id: Option<u64>,
    /// Whether its flags say that this span was not sampled.
    pub unsampled: bool,
    /// The number of its shape.
    pub shape: u32,
    /// Its values that are compared with others.
    pub values: Vec<Vec<u8>>,
    /// What Python knows of it.
    pub summary: F,
}
