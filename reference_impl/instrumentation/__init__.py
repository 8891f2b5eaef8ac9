"""Instrumentation: spans around operations, what they show of an exception, and the hook for metrics (S3, S4).

`operation_spans` traces a method or a block by one line, `errors` keeps exception messages out of telemetry, `measures`
connects metrics, `faults` keeps failures of telemetry away from the application. `sampling_rules` and
`unchecked_attributes` make spans cheaper. Imports `vocabulary` only.
"""

from __future__ import annotations

from reference_impl.instrumentation.measures import MeasuredTracer, Measures
from reference_impl.instrumentation.operation_spans import operation_span, traced

__all__ = ["MeasuredTracer", "Measures", "operation_span", "traced"]
