//! What is asked of Python about traces that have ended, and what it adds to them.

use crate::groups::Groups;
use crate::split::asked::{KnownContract, PartAnswers};
use crate::split::contract::Found;
use crate::trace_key::KeyMaker;
use crate::traces::{OpenTrace, TraceId};
use crate::verdicts::Verdict;

/// What Python is asked about a trace that has ended.
pub trait Judge<G, F>: PartAnswers<Group = G> {
    /// Judge a trace whose key is new, or that has none. Return the verdict on all traces of its key, if there is one.
    ///
    /// `key`: the one that was made of it, if it has one.
    fn judge(
        &mut self,
        trace: &OpenTrace<F>,
        groups: &Groups<G>,
        key: Option<&KeyMaker>,
    ) -> Result<Option<Verdict>, Self::Error>;

    /// Judge a trace by the contracts that are not known in full. Return what is known now of those in `found`.
    ///
    /// `is_checked`: the engine should judge it for the others, too, as `check` does.
    fn judge_rest(
        &mut self,
        trace: &OpenTrace<F>,
        groups: &Groups<G>,
        key: &KeyMaker,
        found: &[Found],
        is_checked: bool,
    ) -> Result<Vec<KnownContract>, Self::Error>;

    /// Count the names of the log records of a trace that was counted; `order` is that of its key.
    fn names(&mut self, verdict: u32, trace: &OpenTrace<F>, order: &[u32]) -> Result<(), Self::Error>;

    /// Count the names of log records, given by their indexes, that are in no flow.
    fn outside(&mut self, trace: &OpenTrace<F>, indexes: &[usize]) -> Result<(), Self::Error>;

    /// Note the start of a root of a trace that was counted. Return whether Python wants more of its name.
    fn root(&mut self, name: u32, trace_id: &TraceId, start: u64) -> Result<bool, Self::Error>;

    /// Note the flows of a contract, packed.
    fn flows(&mut self, contract: usize, packed: &[u8]) -> Result<(), Self::Error>;

    /// Have the engine judge a trace that was counted, too, and fail if it says something else.
    ///
    /// `counts` are counters with how often each was counted, and `logs` is the number of log records that no contract
    /// mentions. `flows` are those that were noted of the trace, packed, of each contract by its index.
    fn check(
        &mut self,
        trace: &OpenTrace<F>,
        groups: &Groups<G>,
        counts: &[(u32, u32)],
        logs: usize,
        flows: &[(usize, &[u8])],
    ) -> Result<(), Self::Error>;

    /// Add what each counter has counted; then all numbers begin anew.
    fn settle(&mut self, times: &[u64]) -> Result<(), Self::Error>;
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
