"""Give log records shape numbers, as `span_shapes` does for spans (ADR 0038).

To a contract, a log record is an event of its span that also has a body, a severity, a resource and a scope of its own.
Its shape therefore holds:

- its event name, and its severity as contracts write it;
- its attributes, by the same numbers as those of spans;
- what each `forbid` finds in its body, but not the body;
- its resource and its scope by their test results, as they are scanned where they differ from those of the span.

Its times, trace flags and ids are left out. Two things are kept next to the shape, because they are compared or differ
in almost every trace: the values that a `same_as` compares, and the name under which it is counted if no contract
mentions it. Of an exception its type and message are compared too, where contracts look at events and log records.

The shape of a trace (`trace_shapes`) has for each record its shape and the place of its span among the spans, in the
order of these, and for one span in the order in which they were read. Records of no span come first, with place -1.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

from spanpact.engine.checks.integrity.log_correlation import is_unsampled
from spanpact.engine.checks.keywords.events import severity_of
from spanpact.engine.checks.keywords.exceptions import exception_texts
from spanpact.engine.results.mentions import log_name
from spanpact.trace.model import LogRecord
from spanpact.verification.shapes.span_shapes import NO_SHAPE, SpanShapes, Unshapeable, shapeable

RecordSummary: TypeAlias = tuple[str, bool, int, tuple[Hashable, ...], str, Any, Any]
"""What matters of a log record: the id of its span, whether its flags say that this span was not sampled, its shape,
the values that are compared with those of spans and other records, its name where its shape does not hold it, and the
record itself as it was read (with its group if it was decoded lazily, else None).
"""


def record_summary(record: LogRecord, shapes: SpanShapes) -> RecordSummary:
    """Return what matters of one log record."""
    compared: list[Hashable] = []
    try:
        shape = _shape(record, shapes, compared)
    except (Unshapeable, RecursionError):  # values may be nested to any depth
        shape = NO_SHAPE
    name = "" if record.event_name else log_name(record)
    return record.span_id, is_unsampled(record.trace_flags), shape, tuple(compared), name, record, None


def _shape(record: LogRecord, shapes: SpanShapes, compared: list[Hashable]) -> int:
    if record.dropped_attributes or not shapeable(record.body):
        raise Unshapeable
    attributes = shapes.attribute_numbers(record.attributes, compared)
    if shapes.observed.pairs_exceptions:
        compared += exception_texts(record)
    resource, scope = shapes.resource(record.resource)[0], shapes.scope_number(record.scope)
    body = shapes.observed.body_results(record.body)
    return shapes.number(("log record", record.event_name, severity_of(record), resource, scope, attributes, body))
