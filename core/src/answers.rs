//! What is asked of Python: everything that is new. An answer is kept, and holds for all that has the same bytes.

use crate::scan::{Kind, NotUnderstood, RawGroup};

/// The shape of what only the engine may judge, and the process of a resource that no shape holds.
pub const NO_SHAPE: u32 = u32::MAX;

/// Why an answer does not come.
#[derive(Debug)]
pub enum Stop<E> {
    /// The document is for Python.
    NotUnderstood(NotUnderstood),
    /// A trace goes on that should have ended: the first pass has missed some of it.
    Late,
    /// Python has failed, or wants to end the verification in this form.
    Failed(E),
}

impl<E> From<NotUnderstood> for Stop<E> {
    fn from(what: NotUnderstood) -> Self {
        Stop::NotUnderstood(what)
    }
}

/// A value that is compared with those of other spans, as bytes that are equal for equal values.
pub type Value = Vec<u8>;

/// An attribute that was new.
#[derive(Default)]
pub struct Attribute {
    /// The number of its test results, `NO_SHAPE` if it has none.
    pub number: u32,
    /// Its value, if the values of this name are compared.
    pub value: Option<Value>,
    /// The number of every clean text of this name, if all have one.
    pub texts: Option<Texts>,
    /// The bounds that doubles of this name are compared with, if nothing else of them matters.
    pub bounds: Option<Vec<f64>>,
}

/// What all clean texts of a name have in common.
#[derive(Clone, Copy)]
pub struct Texts {
    /// The number of their test results.
    pub number: u32,
    /// Whether they are compared with those of other spans.
    pub compared: bool,
}

/// A resource with a scope that was new.
pub struct Group<G> {
    /// What Python needs to decode a span of it.
    pub handle: G,
    /// The number of the resource among those that are distinct.
    pub process: u32,
}

/// A span whose parts were new together.
#[derive(Clone, Copy)]
pub struct Shape {
    /// The number of the shape.
    pub number: u32,
    /// Whether the times of spans of this shape are compared in order.
    pub ordered: bool,
    /// Whether they are counted while open.
    pub concurrent: bool,
    /// Whether such a span may be of another process than its parent.
    pub called: bool,
}

/// How a document is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// OTLP JSON.
    Json,
    /// OTLP protobuf.
    Protobuf,
}

/// What is asked about documents and the traces in them. Each question may stop the reading of the document.
pub trait Answers {
    /// What is kept of a resource with its scope.
    type Group;
    /// Why Python has failed.
    type Error;

    /// Decode a resource and a scope.
    fn group(
        &mut self,
        encoding: Encoding,
        document: &[u8],
        group: &RawGroup,
    ) -> Result<Group<Self::Group>, Stop<Self::Error>>;

    /// Decode an attribute. Of a double or a text of a name that has bounds or `texts`, also say which.
    fn attribute(&mut self, encoding: Encoding, attribute: &[u8], kind: Kind) -> Result<Attribute, Stop<Self::Error>>;

    /// Return the number of a double of a name, which is given by an attribute that has it.
    fn double(&mut self, encoding: Encoding, attribute: &[u8], value: f64) -> Result<u32, Stop<Self::Error>>;

    /// Decode a span with so many attributes, and return its shape.
    fn shape(&mut self, span: &[u8], group: &Self::Group, attributes: usize) -> Result<Shape, Stop<Self::Error>>;

    /// Do the same for a span with events or links, and return the values in it that are compared.
    fn full_shape(&mut self, span: &[u8], group: &Self::Group) -> Result<(Shape, Vec<Value>), Stop<Self::Error>>;

    /// Note the starts of some spans of a resource. Return whether it wants to know more of them.
    fn starts(&mut self, group: &Self::Group, starts: &[u64]) -> Result<bool, Self::Error>;

    /// Return what shows whether two resources describe one process: a number that is equal for equal answers.
    fn related(&mut self, one: u32, other: u32) -> Result<u32, Self::Error>;

    /// Return the resolution of the times of a process, in nanoseconds.
    fn resolution(&mut self, process: u32) -> Result<i64, Self::Error>;

    /// Return by how much times may contradict each other in a trace whose clocks have these resolutions, sorted.
    fn allowances(&mut self, one_process: bool, resolutions: &[i64]) -> Result<Vec<i64>, Self::Error>;

    /// Return the durations at which an outcome changes for times of this resolution, sorted.
    fn cuts(&mut self, resolution: i64) -> Result<Vec<i64>, Self::Error>;
}
