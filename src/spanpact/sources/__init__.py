"""Sources: where traces come from. Each source implements `TraceSource` (`trace_source`); failures are `SourceError`s.

| source | module |
|---|---|
| finished spans of an OpenTelemetry SDK | `memory` |
| a file, of any known format | `files` |
| an OTLP endpoint in this process | `receiver` |
| Jaeger | `jaeger` |
| ClickHouse, with the table of the collector's exporter | `clickhouse` |
| Zipkin | `zipkin` |
| Tempo | `tempo` |
| an archive: a folder of Parquet, or a DuckDB database | `archive` |
| other packages, by entry point | `opening` |

`opening.open_source` turns the text after `--from` into a source. `http_client` and `tls` are shared by sources that
ask a server, `search` by stores that are searched.
May import: `otlp`, `privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.otlp import encode_traces_json
    from spanpact.sources.archive import ArchiveSource
    from spanpact.sources.clickhouse import ClickHouseSource
    from spanpact.sources.files import FileLimits, OtlpFileSource, iter_batches
    from spanpact.sources.http_client import HttpLimits
    from spanpact.sources.jaeger import JaegerSource
    from spanpact.sources.memory import MemorySource
    from spanpact.sources.opening import open_source
    from spanpact.sources.plugins import ENTRY_POINT_GROUP, SourceFactory
    from spanpact.sources.receiver import OtlpReceiver, ReceiverCounts, ReceiverLimits
    from spanpact.sources.search.query import TraceQuery
    from spanpact.sources.tempo import TempoSource
    from spanpact.sources.tls import TlsOptions
    from spanpact.sources.trace_source import SourceBase, TraceSource, full_trace_id
    from spanpact.sources.zipkin import ZipkinSource
    from spanpact.trace import TraceAssembler

__all__ = [
    "ENTRY_POINT_GROUP",
    "ArchiveSource",
    "ClickHouseSource",
    "FileLimits",
    "HttpLimits",
    "JaegerSource",
    "MemorySource",
    "OtlpFileSource",
    "OtlpReceiver",
    "ReceiverCounts",
    "ReceiverLimits",
    "SourceBase",
    "SourceFactory",
    "TempoSource",
    "TlsOptions",
    "TraceAssembler",
    "TraceQuery",
    "TraceSource",
    "ZipkinSource",
    "encode_traces_json",
    "full_trace_id",
    "iter_batches",
    "open_source",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.sources.archive": ("ArchiveSource",),
        "spanpact.sources.clickhouse": ("ClickHouseSource",),
        "spanpact.sources.files": ("FileLimits", "OtlpFileSource", "iter_batches"),
        "spanpact.sources.http_client": ("HttpLimits",),
        "spanpact.sources.jaeger": ("JaegerSource",),
        "spanpact.sources.memory": ("MemorySource",),
        "spanpact.sources.opening": ("open_source",),
        "spanpact.sources.plugins": ("ENTRY_POINT_GROUP", "SourceFactory"),
        "spanpact.sources.receiver": ("OtlpReceiver", "ReceiverCounts", "ReceiverLimits"),
        "spanpact.sources.search.query": ("TraceQuery",),
        "spanpact.sources.tempo": ("TempoSource",),
        "spanpact.sources.tls": ("TlsOptions",),
        "spanpact.sources.trace_source": ("SourceBase", "TraceSource", "full_trace_id"),
        "spanpact.sources.zipkin": ("ZipkinSource",),
        "spanpact.otlp.json.encoding": ("encode_traces_json",),
        "spanpact.trace.assembly": ("TraceAssembler",),
    },
)
