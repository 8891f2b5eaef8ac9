"""Where traces come from: memory, an OTLP file, the embedded OTLP receiver, Jaeger, and the plug-ins of others.

`open_source` turns the text after `--from` into a source. Every failure of a source is a `SourceError`.
"""

from spanpact.otlp import encode_traces_json
from spanpact.sources.files.otlp_file import FileLimits, OtlpFileSource, iter_batches
from spanpact.sources.http_client import HttpLimits, TlsOptions
from spanpact.sources.jaeger.source import JaegerQuery, JaegerSource, full_trace_id
from spanpact.sources.memory import MemorySource
from spanpact.sources.opening import ENTRY_POINT_GROUP, SourceFactory, open_source
from spanpact.sources.receiver.http_server import ReceiverLimits
from spanpact.sources.receiver.otlp_receiver import OtlpReceiver, ReceiverCounts
from spanpact.sources.trace_source import SourceBase, TraceSource
from spanpact.trace.assembly import TraceAssembler

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
