//! The temporary file of `spanpact.spool`, as a store of blocks.

use crate::trace_ends::Store;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A `Spool`, which keeps its blocks in memory where the disk is full.
pub struct Spool(pub Py<PyAny>);

impl Store for Spool {
    type Error = PyErr;

    fn write(&mut self, data: &[u8]) -> PyResult<i64> {
        Python::attach(|py| self.0.bind(py).call_method1("write", (PyBytes::new(py, data),))?.extract())
    }

    fn read(&mut self, place: i64, length: usize) -> PyResult<Vec<u8>> {
        Python::attach(|py| self.0.bind(py).call_method1("read", (place, length))?.extract())
    }
}
