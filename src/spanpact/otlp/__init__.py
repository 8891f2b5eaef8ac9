"""OTLP: decode JSON and protobuf messages into spans and log records, and encode traces as OTLP JSON.

- `json_decoding` and `protobuf_decoding` decode a whole message; `json_messages` has the message types, `json_values`
  decodes attributes, `json_errors` finds the byte at which a JSON text is wrong, `json_surrogates` replaces
  halves of characters.
- `lazy_json` and `lazy_protobuf` decode without attributes, for streaming verification. What they cannot read raises
  `NeedsFullDecoding`.
- `message_counts` counts the messages of a body before it is decoded; `protobuf_wire` cuts a large file into parts.
- `ids` reads ids. `json_wrappers` finds requests in other JSON than requests. `protobuf_signals` recognises protobuf by
  its first bytes.
- `json_unknown_fields` and `protobuf_unknown_fields` read documents with fields of old versions, and count in `unread`
  what other unknown fields hold.
- `json_encoding` writes traces as OTLP JSON.

May import: `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.otlp.batch import Batch, SharedValues, Signal
    from spanpact.otlp.json_decoding import Origin, decode_json
    from spanpact.otlp.json_encoding import encode_traces_json
    from spanpact.otlp.message_counts import json_holds_more_than, logs_hold_more_than, traces_hold_more_than
    from spanpact.otlp.protobuf_decoding import decode_protobuf_logs, decode_protobuf_traces
    from spanpact.otlp.protobuf_wire import encode_varint

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
        "spanpact.otlp.json_decoding": ("Origin", "decode_json"),
        "spanpact.otlp.json_encoding": ("encode_traces_json",),
        "spanpact.otlp.message_counts": ("json_holds_more_than", "logs_hold_more_than", "traces_hold_more_than"),
        "spanpact.otlp.protobuf_decoding": ("decode_protobuf_logs", "decode_protobuf_traces"),
        "spanpact.otlp.protobuf_wire": ("encode_varint",),
    },
)
