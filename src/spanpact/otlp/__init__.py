"""The OTLP codec: OTLP JSON and protobuf into the neutral model, and the model back into OTLP JSON."""

from spanpact.otlp.batch import Batch, SharedValues, Signal
from spanpact.otlp.json_decoding import Origin, decode_json
from spanpact.otlp.json_encoding import encode_traces_json
from spanpact.otlp.message_counts import json_holds_more_than, logs_hold_more_than, traces_hold_more_than
from spanpact.otlp.protobuf_decoding import decode_protobuf_logs, decode_protobuf_traces
from spanpact.otlp.protobuf_wire import varint

__all__ = [
    "Batch",
    "Origin",
    "SharedValues",
    "Signal",
    "decode_json",
    "decode_protobuf_logs",
    "decode_protobuf_traces",
    "encode_traces_json",
    "json_holds_more_than",
    "logs_hold_more_than",
    "traces_hold_more_than",
    "varint",
]
