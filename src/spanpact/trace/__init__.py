"""The neutral model of traces: what every source gives and every check reads.

`model` has spans and log records, `topology` the tree that they form, `name_patterns` the patterns of span names.
`equality` says which values and spans are equal, `process` which spans come from one process, `clocks` how far two
times may differ, `assembly` gathers batches into traces. May import: `errors`.
"""

from __future__ import annotations

from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import (
    Event,
    Link,
    LogRecord,
    Reading,
    Resource,
    Scope,
    SourceInfo,
    Span,
    Trace,
    Value,
)
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
