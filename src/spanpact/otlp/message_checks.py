"""Check that the bytes of a message can be decoded, and count what they hold, without keeping what was decoded.

What passes here is decoded later without an error, as long as the same function decodes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanpact.otlp.batch import Batch
from spanpact.otlp.protobuf.decoding import decode_protobuf_traces, parse_message
from spanpact.otlp.protobuf.unknown_fields import has_unknown_fields
from spanpact.trace.model import UnreadField


@dataclass(frozen=True, slots=True)
class MessageContent:
    """The number of spans and log records of a message, and what its unknown fields hold."""

    spans: int = 0
    logs: int = 0
    unread: tuple[UnreadField, ...] = ()

    @classmethod
    def of(cls, batch: Batch) -> MessageContent:
        """Return the content of a decoded message."""
        return cls(len(batch.spans), len(batch.logs), batch.unread)


def check_protobuf_traces(data: bytes, *, name: str = "OTLP protobuf") -> MessageContent:
    """Return what an ExportTraceServiceRequest holds. Raise SourceError as `decode_protobuf_traces` does.

    The protobuf runtime has checked framing, UTF-8 and depth when it has parsed a message; nothing else can be wrong.
    """
    message = parse_message(ExportTraceServiceRequest, data, name)
    spans = 0
    unknown = has_unknown_fields(message)
    for group in message.resource_spans:
        unknown = unknown or has_unknown_fields(group)
        for scoped in group.scope_spans:
            unknown = unknown or has_unknown_fields(scoped)
            spans += len(scoped.spans)
    if unknown:
        return MessageContent.of(decode_protobuf_traces(data, name=name))
    return MessageContent(spans)
