//! Questions to the Python object that answers them: see `_Answers` in `spanpact.verification.native.answers`.

use crate::answers::{Answers, Attribute, Encoding, Group, Shape, Stop, Texts, Value, NO_SHAPE};
use crate::groups::Groups;
use crate::scan::{Kind, NotUnderstood, RawGroup};
use crate::traces::{Member, OpenTrace, Span};
use crate::values::TEXT;
use pyo3::call::PyCallArgs;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use pyo3::IntoPyObjectExt;

/// The object that answers.
pub struct Asked {
    answers: Py<PyAny>,
}

pub(super) type Handle = Py<PyAny>;
type Answer<T> = Result<T, Stop<PyErr>>;
/// A shape as Python gives it: its number, or -1, and whether it is ordered, concurrent and called.
type Numbered = (i64, bool, bool, bool);
type Described = (i64, Option<Value>, Option<(u32, bool)>, Option<Vec<f64>>);

impl From<PyErr> for Stop<PyErr> {
    fn from(error: PyErr) -> Self {
        Stop::Failed(error)
    }
}

impl Asked {
    pub fn new(answers: Py<PyAny>) -> Self {
        Asked { answers }
    }

    /// Show the object to the garbage collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.answers)
    }

    pub(super) fn ask<'py, T: FromPyObjectOwned<'py>>(
        &self,
        py: Python<'py>,
        name: &str,
        arguments: impl PyCallArgs<'py>,
    ) -> PyResult<T> {
        self.answers.bind(py).call_method1(name, arguments)?.extract().map_err(Into::into)
    }

    pub(super) fn tell<'py>(&self, py: Python<'py>, name: &str, arguments: impl PyCallArgs<'py>) -> PyResult<()> {
        self.answers.bind(py).call_method1(name, arguments).map(drop)
    }

    /// Return the summaries of all spans of a trace, as `spanpact.verification.shapes` describes them.
    pub(super) fn summaries<'py>(
        &self,
        py: Python<'py>,
        trace: &OpenTrace<Handle>,
        groups: &Groups<Handle>,
    ) -> PyResult<Bound<'py, PyList>> {
        let summaries = PyList::empty(py);
        for member in &trace.members {
            match member {
                Member::Scanned(span) => summaries.append(self.summary(py, trace, groups, span)?)?,
                Member::Read(summary) => summaries.append(summary)?,
            }
        }
        Ok(summaries)
    }

    fn summary<'py>(
        &self,
        py: Python<'py>,
        trace: &OpenTrace<Handle>,
        groups: &Groups<Handle>,
        span: &Span,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let parent = if span.parent_id == 0 { String::new() } else { format!("{:016x}", span.parent_id) };
        let own = &trace.values[span.values.0 as usize..span.values.1 as usize];
        let values: Vec<Py<PyAny>> =
            own.iter().map(|&index| self.value(py, trace.distinct.get(index))).collect::<PyResult<_>>()?;
        let raw = PyBytes::new(py, &trace.raw[span.raw.0..span.raw.1]);
        let parts = [
            span.start.into_py_any(py)?,
            format!("{:016x}", span.span_id).into_py_any(py)?,
            parent.into_py_any(py)?,
            span.end.into_py_any(py)?,
            signed(span.shape.number).into_py_any(py)?,
            signed(span.process).into_py_any(py)?,
            PyTuple::new(py, values)?.into_py_any(py)?,
            PyTuple::empty(py).into_py_any(py)?,
            raw.into_py_any(py)?,
            groups.get(span.group).handle.clone_ref(py),
        ];
        PyTuple::new(py, parts)
    }

    fn value(&self, py: Python<'_>, value: &[u8]) -> PyResult<Py<PyAny>> {
        match value.split_first() {
            Some((&TEXT, text)) if text.is_ascii() => {
                PyString::new(py, std::str::from_utf8(text).unwrap_or_default()).into_py_any(py)
            }
            _ => Ok(self.answers.bind(py).call_method1("value", (PyBytes::new(py, value),))?.unbind()),
        }
    }
}

impl Answers for Asked {
    type Group = Handle;
    type Error = PyErr;

    fn group(&mut self, encoding: Encoding, document: &[u8], group: &RawGroup) -> Answer<Group<Handle>> {
        Python::attach(|py| {
            let parts = [group.resource, group.resource_url, group.scope, group.scope_url];
            let [resource, resource_url, scope, scope_url] = parts.map(|part| PyBytes::new(py, part.of(document)));
            let arguments = (is_json(encoding), resource, resource_url, scope, scope_url);
            let (handle, process): (Handle, i64) = understood(self.ask(py, "group", arguments)?)?;
            Ok(Group { handle, process: unsigned(process) })
        })
    }

    fn attribute(&mut self, encoding: Encoding, attribute: &[u8], kind: Kind) -> Answer<Attribute> {
        Python::attach(|py| {
            let arguments = (is_json(encoding), PyBytes::new(py, attribute), kind == Kind::Other);
            let (number, value, texts, bounds): Described = understood(self.ask(py, "attribute", arguments)?)?;
            let texts = texts.map(|(number, compared)| Texts { number, compared });
            Ok(Attribute { number: unsigned(number), value, texts, bounds })
        })
    }

    fn double(&mut self, encoding: Encoding, attribute: &[u8], value: f64) -> Answer<u32> {
        Python::attach(|py| {
            let arguments = (is_json(encoding), PyBytes::new(py, attribute), value);
            Ok(unsigned(understood(self.ask(py, "double", arguments)?)?))
        })
    }

    fn shape(&mut self, span: &[u8], group: &Handle, attributes: usize) -> Answer<Shape> {
        Python::attach(|py| {
            let arguments = (PyBytes::new(py, span), group, attributes);
            Ok(shape_of(understood(self.ask(py, "shape", arguments)?)?))
        })
    }

    fn full_shape(&mut self, span: &[u8], group: &Handle) -> Answer<(Shape, Vec<Value>)> {
        Python::attach(|py| {
            let arguments = (PyBytes::new(py, span), group);
            let (shape, values): (Numbered, Vec<Value>) = understood(self.ask(py, "full_shape", arguments)?)?;
            Ok((shape_of(shape), values))
        })
    }

    fn starts(&mut self, group: &Handle, starts: &[u64]) -> PyResult<bool> {
        Python::attach(|py| self.ask(py, "starts", (group, starts.to_vec())))
    }

    fn related(&mut self, one: u32, other: u32) -> PyResult<u32> {
        Python::attach(|py| self.ask(py, "related", (one, other)))
    }

    fn resolution(&mut self, process: u32) -> PyResult<i64> {
        Python::attach(|py| self.ask(py, "resolution", (process,)))
    }

    fn allowances(&mut self, one_process: bool, resolutions: &[i64]) -> PyResult<Vec<i64>> {
        Python::attach(|py| self.ask(py, "allowances", (one_process, resolutions.to_vec())))
    }

    fn cuts(&mut self, resolution: i64) -> PyResult<Vec<i64>> {
        Python::attach(|py| self.ask(py, "cuts", (resolution,)))
    }
}

/// Return what Python knows of the log records of a trace.
pub(super) fn records_of<'py>(py: Python<'py>, trace: &OpenTrace<Handle>) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, trace.records.iter().map(|(_, summary)| summary))
}

/// Python answers None about what it does not understand either.
fn understood<T>(answer: Option<T>) -> Answer<T> {
    answer.ok_or(Stop::NotUnderstood(NotUnderstood("something that lazy decoding does not read")))
}

fn shape_of((number, ordered, concurrent, called): Numbered) -> Shape {
    Shape { number: unsigned(number), ordered, concurrent, called }
}

/// Python's numbers of shapes are at least 0, and -1 for none.
pub fn unsigned(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(NO_SHAPE)
}

fn signed(number: u32) -> i64 {
    if number == NO_SHAPE {
        -1
    } else {
        i64::from(number)
    }
}

fn is_json(encoding: Encoding) -> bool {
    encoding == Encoding::Json
}
