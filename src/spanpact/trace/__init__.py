"""Traces: the model that every source produces and every check reads.

- `model`: spans, log records, traces and readings. `assembly` builds traces from batches of spans.
- `topology`: the tree that the spans of a trace form. `name_patterns`: patterns of span names.
- `equality`: which values and spans are equal. `process`: which spans come from one process. `clocks`: how far two
  times may differ.

May import: `errors`.
"""

from __future__ import annotations

from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Event, Link, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace, Value
from spanpact.trace.name_patterns import NamePattern
from spanpact.trace.topology import TOP, Topology

__all__ = [
    "TOP",
    "Event",
    "Link",
    "LogRecord",
    "NamePattern",
    "Reading",
    "Resource",
    "Scope",
    "SourceInfo",
    "Span",
    "Topology",
    "Trace",
    "TraceAssembler",
    "Value",
]
