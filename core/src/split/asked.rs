//! What is asked of Python about contracts and the parts of traces, so that the keys of parts can be built here.

use crate::answers::Answers;

/// A contract, as far as keys depend on it.
#[derive(Clone, Default)]
pub struct Outline {
    /// Whether it has a scenario: it applies to no trace here.
    pub scenario: bool,
    /// Whether it names the span that begins a flow; else the flow is the whole trace.
    pub has_span: bool,
    /// Whether it has a `where`, which candidates may not meet.
    pub has_where: bool,
    /// Whether it looks at durations.
    pub durations: bool,
    /// Whether it looks at `parent`.
    pub parent: bool,
    /// Whether it looks at the names of parents.
    pub parents: bool,
    /// Whether its rules compare values with those of the flow's own span.
    pub compares: bool,
    /// Its entries by number; none if it is left to Python.
    pub entries: Vec<Entry>,
    /// All places of its entries, in the order of these.
    pub places: Vec<Place>,
}

/// An entry of a contract.
#[derive(Clone)]
pub struct Entry {
    /// Whether an `order` names it.
    pub ordered: bool,
    /// Whether it has a `concurrency`.
    pub concurrent: bool,
    /// The first of its places, and the one after its last.
    pub places: (usize, usize),
}

/// One `children` or `descendants` of an entry.
#[derive(Clone)]
pub struct Place {
    /// Whether it is of children.
    pub of_children: bool,
    /// Whether spans count that fit no entry of it.
    pub closed: bool,
}

/// What all spans of one content have in common.
pub struct Content {
    /// The number of their name.
    pub name: u32,
    /// Whether Python wants roots of this name.
    pub wanted: bool,
    /// Whether such a span may break integrity if its parent is not in the trace.
    pub may_be_orphan: bool,
    /// What each contract sees of them.
    pub seen: Vec<Seen>,
}

/// What one contract sees of the spans of one content. Values are given by their place among those of a span.
#[derive(Default)]
pub struct Seen {
    /// Whether their name fits the contract's span.
    pub begins: bool,
    /// For each place of the contract, the entries that they fit there.
    pub fitting: Vec<Vec<u32>>,
    /// The values that entries compare.
    pub of_entries: Vec<u32>,
    /// The values that rules compare with those of the flow's own span.
    pub of_rules: Vec<u32>,
    /// Those that they are compared with, if such a span is the flow's own.
    pub references: Vec<Vec<u32>>,
}

/// What is known of a span's process.
#[derive(Clone, Copy)]
pub struct Process {
    /// The number of the process in its trace.
    pub number: u32,
    /// A number for what `parent` looks at.
    pub parent: u32,
    /// Whether flags that its parent is local say nothing.
    pub ignored: bool,
}

/// What is counted of names: the numbers are those that Python expects.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// A trace that no contract applies to, by the name of its first root.
    Trace = 0,
    /// A span in no flow.
    Span = 1,
    /// A span in a flow that has no place there.
    Unplaced = 2,
    /// A log record, of any name.
    Record = 3,
    /// A trace of which all parts were known.
    Known = 4,
}

/// What is known now of a contract that was not known in full: answers to `FoundContract` and its flows.
pub struct KnownContract {
    /// The counter of rejected spans, if the engine has seen one.
    pub rejected: Option<u32>,
    /// Whether the candidates that were asked about begin a flow.
    pub begins: Vec<Option<bool>>,
    /// What is known of the flows.
    pub flows: Vec<KnownFlow>,
}

/// What is known now of a flow.
pub struct KnownFlow {
    /// What its entries add, and which of the spans in its key they place.
    pub entries: Option<(u32, Vec<bool>)>,
    /// What the rules add for it as a whole: once, and once more for each of its spans.
    pub rules: Option<(u32, u32)>,
    /// What the rules say of the spans that were asked about.
    pub spans: Vec<Option<KnownSpan>>,
}

/// What the rules say of a span.
#[derive(Clone)]
pub struct KnownSpan {
    /// Whether it must be checked each time, as one of them is broken: then nothing else is known.
    pub is_broken: bool,
    /// What they add.
    pub counter: u32,
    /// How many of it each rule with `count` selects.
    pub numbers: Box<[u32]>,
    /// A bit for each rule that selects it.
    pub selecting: u64,
    /// Whether one places it.
    pub placed: bool,
}

/// The questions.
pub trait PartAnswers: Answers {
    /// Return the outlines of all contracts.
    fn outlines(&mut self) -> Result<Vec<Outline>, Self::Error>;

    /// Describe spans of a shape that have log records of some shapes; None as long as Python has seen none.
    fn content(&mut self, shape: u32, records: &[u32]) -> Result<Option<Content>, Self::Error>;

    /// Return the processes of spans by their shapes, resources and parents, of which the last two are as in a key.
    fn processes(&mut self, shapes: &[u32], resources: &[u32], parents: &[u32]) -> Result<Vec<Process>, Self::Error>;

    /// Return by how much times may contradict each other for a contract, sorted.
    fn part_allowances(
        &mut self,
        contract: usize,
        one_process: bool,
        resolutions: &[i64],
    ) -> Result<Vec<i64>, Self::Error>;

    /// Return the durations at which an outcome of a contract changes for times of this resolution, sorted.
    fn part_cuts(&mut self, contract: usize, resolution: i64) -> Result<Vec<i64>, Self::Error>;

    /// Return the counter of things under the number of a name; Python lists the name from now on.
    fn counter(&mut self, what: Counted, name: u32) -> Result<u32, Self::Error>;
}
