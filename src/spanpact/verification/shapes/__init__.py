"""The shape of a trace: everything about it that the contracts can distinguish (ADR 0011).

Traces of one shape get the same verdict. A shape is made of numbers: equal numbers mean equal shapes.

- `observed_properties`: what the contracts look at;
- `span_shapes`: the number of a span's shape, and what else of it matters; `lazy_span_shapes` finds the same without
  decoding attributes that it has met before (`attribute_shapes`);
- `record_shapes`, `lazy_record_shapes`: the same of log records;
- `trace_shapes`: the shape of a whole trace from those of its spans and log records.

May import: `engine`, `contract`, `otlp`, `trace`, `privacy`.
"""

from spanpact.verification.shapes.observed_properties import ObservedProperties
from spanpact.verification.shapes.record_shapes import RecordSummary, record_summary
from spanpact.verification.shapes.span_shapes import SpanShapes, SpanSummary
from spanpact.verification.shapes.trace_shapes import TraceShape, trace_shape

__all__ = [
    "ObservedProperties",
    "RecordSummary",
    "SpanShapes",
    "SpanSummary",
    "TraceShape",
    "record_summary",
    "trace_shape",
]
