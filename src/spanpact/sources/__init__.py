"""Sources: where traces come from. Each source implements `TraceSource` (`trace_source`); failures are `SourceError`s.

| source | module |
|---|---|
| finished spans of an OpenTelemetry SDK | `memory` |
| an OTLP file | `files` |
| an OTLP endpoint in this process | `receiver` |
| Jaeger | `jaeger` |
| other packages, by entry point | `opening` |

`opening.open_source` turns the text after `--from` into a source. `http_client` is shared by sources that ask a server.
May import: `otlp`, `privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.otlp import encode_traces_json
    from spanpact.sources.files import FileLimits, OtlpFileSource, iter_batches
    from spanpact.sources.http_client import HttpLimits, TlsOptions
    from spanpact.sources.jaeger import JaegerQuery, JaegerSource, full_trace_id
    from spanpact.sources.memory import MemorySource
    from spanpact.sources.opening import ENTRY_POINT_GROUP, SourceFactory, open_source
    from spanpact.sources.receiver import OtlpReceiver, ReceiverCounts, ReceiverLimits
    from spanpact.sources.trace_source import SourceBase, TraceSource
    from spanpact.trace import TraceAssembler

__all__ = [
    "ENTRY_POINT_GROUP",
    "FileLimits",
    "HttpLimits",
    "JaegerQuery",
    "JaegerSource",
    "MemorySource",
    "OtlpFileSource",
    "OtlpReceiver",
    "ReceiverCounts",
    "ReceiverLimits",
    "SourceBase",
    "SourceFactory",
    "TlsOptions",
    "TraceAssembler",
    "TraceSource",
    "encode_traces_json",
    "full_trace_id",
    "iter_batches",
    "open_source",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.sources.files": ("FileLimits", "OtlpFileSource", "iter_batches"),
        "spanpact.sources.http_client": ("HttpLimits", "TlsOptions"),
        "spanpact.sources.jaeger": ("JaegerQuery", "JaegerSource", "full_trace_id"),
        "spanpact.sources.memory": ("MemorySource",),
        "spanpact.sources.opening": ("ENTRY_POINT_GROUP", "SourceFactory", "open_source"),
        "spanpact.sources.receiver": ("OtlpReceiver", "ReceiverCounts", "ReceiverLimits"),
        "spanpact.sources.trace_source": ("SourceBase", "TraceSource"),
        "spanpact.otlp.json_encoding": ("encode_traces_json",),
        "spanpact.trace.assembly": ("TraceAssembler",),
    },
)
