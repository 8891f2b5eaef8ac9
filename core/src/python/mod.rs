//! The module that Python imports: `spanpact.verification.native` is the only one that does.

mod asked;
mod asked_traces;
mod spool;

use crate::answers::{Encoding, Stop};
use crate::engine::Engine;
use crate::ibans::Ibans;
use crate::judge::NewRecord;
use crate::scan::{json, protobuf};
use crate::screen::Screen;
use crate::trace_ends::TraceEnds;
use crate::traces::TraceId;
use asked::{unsigned, Asked};
use memchr::memmem::Finder;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use spool::Spool;
use std::collections::HashMap;
use std::rc::Rc;

create_exception!(spanpact_core, TraceEnded, PyException, "A trace goes on that should have ended.");

/// Tells which texts no privacy class can be in.
#[pyclass(name = "Screen", frozen, unsendable)]
struct PyScreen(Rc<Screen>);

#[pymethods]
impl PyScreen {
    /// In a text of at most `longest` characters no class is in which none of `patterns` fits, and no number of a bank
    /// account is: `ibans` has the lengths of these by country.
    #[new]
    fn new(patterns: Vec<String>, ibans: HashMap<[u8; 2], usize>, longest: usize) -> Self {
        PyScreen(Rc::new(Screen::new(&patterns, Ibans::new(ibans), longest)))
    }

    /// Return whether the patterns are known here.
    #[getter]
    fn works(&self) -> bool {
        self.0.works()
    }

    /// Return whether no class is in the UTF-8 text.
    fn is_clean(&self, text: &[u8]) -> bool {
        self.0.is_clean(text)
    }
}

/// Notes where each trace ends, most of it in a `spanpact.spool.Spool`.
#[pyclass(unsendable)]
struct FirstPass {
    ends: TraceEnds,
    spool: Spool,
    trace_id: Box<Finder<'static>>,
    logs: Box<Finder<'static>>,
}

#[pymethods]
impl FirstPass {
    #[new]
    fn new(spool: Py<PyAny>) -> Self {
        let [trace_id, logs] = [&b"\"traceId\":"[..], b"ogs\""].map(|name| Box::new(Finder::new(name)));
        FirstPass { ends: TraceEnds::default(), spool: Spool(spool), trace_id, logs }
    }

    /// Note the traces of the next document. Return whether it may have log records, None if it was not understood.
    fn note(&mut self, document: &[u8], json: bool, place: u32) -> PyResult<Option<bool>> {
        let note = |id| self.ends.note(id, place);
        let may_have_logs = if json {
            json::trace_ids(document, &self.trace_id, note);
            Some(self.logs.find(document).is_some())
        } else {
            protobuf::trace_ids(document, note).ok().map(|()| false)
        };
        self.ends.write_full(&mut self.spool)?;
        Ok(may_have_logs)
    }

    /// Note traces of the next document by their ids.
    fn note_ids(&mut self, trace_ids: Vec<String>, place: u32) -> PyResult<()> {
        for id in trace_ids {
            TraceId::of(&id).note(&mut self.ends, place);
        }
        self.ends.write_full(&mut self.spool)
    }
}

/// Reads the documents of one verification for the second time. `answers` is asked for everything that is new.
#[pyclass(unsendable)]
struct Core {
    asked: Asked,
    engine: Engine<Py<PyAny>, Py<PyAny>>,
    spool: Spool,
}

#[pymethods]
impl Core {
    /// Make a core after the first pass, which is empty then.
    ///
    /// Of the traces that are counted, every `check_every`-th is checked, 0 for none.
    #[new]
    fn new(
        py: Python<'_>,
        first: &mut FirstPass,
        answers: Py<PyAny>,
        screen: &PyScreen,
        check_every: u64,
    ) -> PyResult<Self> {
        let mut ends = std::mem::take(&mut first.ends);
        ends.write_all(&mut first.spool)?;
        let engine = Engine::new(Rc::clone(&screen.0), ends, check_every);
        Ok(Core { asked: Asked::new(answers), engine, spool: Spool(first.spool.0.clone_ref(py)) })
    }

    /// Learn where the traces end that begin up to a document. Call it before the document.
    fn reach(&mut self, place: u32) -> PyResult<()> {
        self.engine.ends().reach(place, &mut self.spool)
    }

    /// Begin a document of the second pass. `generation` is that of the numbers of shapes.
    fn begin(&mut self, generation: i64) -> PyResult<()> {
        self.engine.begin(&mut self.asked, generation)
    }

    /// Add the spans of a document. Return false, and add nothing, if it is for Python.
    fn take(&mut self, document: &[u8], json: bool, place: u32) -> PyResult<bool> {
        match self.engine.take(&mut self.asked, encoding(json), document, place) {
            Ok(()) => Ok(true),
            Err(Stop::NotUnderstood(_)) => Ok(false),
            Err(Stop::Late) => Err(TraceEnded::new_err(())),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Add spans that Python has read: the ids of their traces, and a summary of each.
    fn add(&mut self, trace_ids: Vec<String>, summaries: Vec<Py<PyAny>>, generation: i64, place: u32) -> PyResult<()> {
        for (id, summary) in trace_ids.iter().zip(summaries) {
            if !self.engine.add_read(TraceId::of(id), summary, generation, place) {
                return Err(TraceEnded::new_err(()));
            }
        }
        Ok(())
    }

    /// Add a log record that Python has read: the ids of its trace and of its span, whether this was not sampled, the
    /// number of its shape, the values that are compared, and its summary.
    #[allow(clippy::too_many_arguments)]
    fn add_record(
        &mut self,
        trace_id: &str,
        span_id: &str,
        unsampled: bool,
        shape: i64,
        values: Vec<Vec<u8>>,
        summary: Py<PyAny>,
        generation: i64,
        place: u32,
    ) -> PyResult<()> {
        let record = NewRecord { span_id: short_id(span_id), unsampled, shape: unsigned(shape), values, summary };
        if self.engine.add_record(TraceId::of(trace_id), record, generation, place) {
            Ok(())
        } else {
            Err(TraceEnded::new_err(()))
        }
    }

    /// Return the next number under which a trace, or something else, begins.
    fn next_number(&mut self) -> u64 {
        self.engine.next_number()
    }

    /// Judge the traces that have ended by a document. Those that end after `settled` are incomplete.
    fn judge_until(&mut self, place: u32, settled: u32) -> PyResult<()> {
        self.engine.judge_until(&mut self.asked, place, settled)
    }

    /// Hand over everything that was counted.
    fn settle(&mut self) -> PyResult<()> {
        self.engine.settle(&mut self.asked)
    }

    /// Show what may refer back to this object to the garbage collector.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.asked.traverse(&visit)
    }

    /// How many spans were added, how many traces have ended, and how many of them were counted without Python.
    #[getter]
    fn counts(&self) -> (u64, u64, u64) {
        (self.engine.spans, self.engine.traces_ended, self.engine.counted)
    }
}

/// The number of the questions, answers and classes of this module; a change of any of them counts it up, here and in
/// `spanpact.verification.native.core_module`.
const INTERFACE: u32 = 5;

/// Python allocates its objects at multiples of 16 bytes; what needs more, such as a `Finder`, must be in a box.
const ALIGNED: () = {
    assert!(align_of::<PyScreen>() <= 16);
    assert!(align_of::<FirstPass>() <= 16);
    assert!(align_of::<Core>() <= 16);
};

/// Return the number of a span id, 0 for none, None if it is malformed.
fn short_id(text: &str) -> Option<u64> {
    let plain = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match (text, u64::from_str_radix(text, 16)) {
        ("", _) => Some(0),
        (_, Ok(number)) if plain && number != 0 => Some(number),
        _ => None,
    }
}

fn encoding(json: bool) -> Encoding {
    if json {
        Encoding::Json
    } else {
        Encoding::Protobuf
    }
}

/// The optional, faster reader of spanpact.
#[pymodule]
fn spanpact_core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let () = ALIGNED;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("INTERFACE", INTERFACE)?;
    module.add("TraceEnded", module.py().get_type::<TraceEnded>())?;
    module.add_class::<PyScreen>()?;
    module.add_class::<FirstPass>()?;
    module.add_class::<Core>()
}
