"""OTLP: decode JSON and protobuf messages into spans and log records, and encode traces as OTLP JSON.

`json` and `protobuf` have one module for each step of their encoding. For streaming verification, their `lazy` decodes
without attributes; what it cannot read raises `NeedsFullDecoding`. `batch` is what both decode to, `ids` reads ids,
`message_counts` counts the messages of a body before it is decoded, `message_checks` checks one without building its
spans, and `unread` counts what unknown fields hold.

May import: `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.otlp.batch import Batch, SharedValues, Signal
    from spanpact.otlp.json.decoding import Origin, decode_json
    from spanpact.otlp.json.encoding import encode_traces_json
    from spanpact.otlp.message_counts import json_holds_more_than, logs_hold_more_than, traces_hold_more_than
    from spanpact.otlp.protobuf.decoding import decode_protobuf_logs, decode_protobuf_traces
    from spanpact.otlp.protobuf.wire import encode_varint

__all__ = [
    "Batch",
    "Origin",
    "SharedValues",
    "Signal",
    "decode_json",
    "decode_protobuf_logs",
    "decode_protobuf_traces",
    "encode_traces_json",
    "encode_varint",
    "json_holds_more_than",
    "logs_hold_more_than",
    "traces_hold_more_than",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.otlp.batch": ("Batch", "SharedValues", "Signal"),
        "spanpact.otlp.json.decoding": ("Origin", "decode_json"),
        "spanpact.otlp.json.encoding": ("encode_traces_json",),
        "spanpact.otlp.message_counts": ("json_holds_more_than", "logs_hold_more_than", "traces_hold_more_than"),
        "spanpact.otlp.protobuf.decoding": ("decode_protobuf_logs", "decode_protobuf_traces"),
        "spanpact.otlp.protobuf.wire": ("encode_varint",),
    },
)
