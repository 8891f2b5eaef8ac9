"""Encodes finished spans as an OTLP request, at a fifth of the SDK's cost (docs/adr/0010, docs/benchmarks.md).

The SDK makes a protobuf message of each attribute, and compares resources by their JSON. Here an ordinary span is
written directly where it ends: repeated texts and booleans from a cache, everything else in a few steps. An export only
joins such spans, for while a batch is encoded the interpreter runs nothing else, and requests wait (docs/adr/0052).
Spans with events, links, arrays, maps, a status description, values that are not safe or anything dropped are written
by the SDK's encoder, and so is each resource and scope, once.

Source: opentelemetry/proto/trace/v1/trace.proto and common.proto of OTLP 1, and protobuf's "Encoding".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from time import sleep
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

MAX_TEXT: Final = 16_384
"""The longest exported text, in characters."""
MOST_VALUES: Final = 64
"""The number of values of one attribute that are cached. One with more, such as an id, is not cached."""
MOST_ATTRIBUTES: Final = 512
"""The number of attributes whose values are cached."""
_LONGEST: Final = 128
_AHEAD: Final = "_encoded_ahead"

_NAME, _KEY, _TEXT = 0x2A, 0x0A, 0x0A  # the tags of Span.name, KeyValue.key, AnyValue.string_value
_ATTRIBUTE, _VALUE = 0x4A, 0x12  # of Span.attributes, KeyValue.value
_RESOURCE_SPANS, _SCOPE_SPANS, _SPANS = 0x0A, 0x12, 0x12
_IDS: Final = b"\x0a\x10%b\x12\x08%b"  # Span.trace_id, Span.span_id
_PARENT: Final = b"\x22\x08%b"
_TIMES: Final = struct.Struct("<cQcQ").pack
_DOUBLE: Final = struct.Struct("<2scd").pack  # KeyValue.value with AnyValue.double_value
_LENGTH: Final = struct.Struct("<I")
_BOOLEANS: Final = {True: b"\x12\x02\x10\x01", False: b"\x12\x02\x10\x00"}
_STATUS: Final = {
    StatusCode.UNSET: b"\x7a\x00",  # present and empty
    StatusCode.OK: b"\x7a\x02\x18\x01",
    StatusCode.ERROR: b"\x7a\x02\x18\x02",
}
_FLAGS: Final = b"\x85\x01\x00\x01\x00\x00"  # has_is_remote, and not is_remote
_FLAGS_REMOTE: Final = b"\x85\x01\x00\x03\x00\x00"


class SpanEncoder:
    """Encodes batches, with a cache of repeated values. One thread at a time may call `encode`."""

    def __init__(self) -> None:
        # By name and type of an attribute, because True == 1 == 1.0; None for one with too many values.
        self._values: dict[tuple[str, type], dict[Any, bytes] | None] = {}
        # By the ids of resource and scope, which are kept alive so that no other object gets the same id.
        self._heads: dict[tuple[int, int], tuple[object, object, bytes]] = {}

    @property
    def cached(self) -> int:
        """Return how many encoded values, resources and scopes are cached."""
        return sum(len(values or ()) for values in self._values.values()) + len(self._heads)

    def encode_ahead(self, span: ReadableSpan) -> None:
        """Encode a span that has ended, for a later `encode`. One that is not ordinary is left for that; never raises.

        Any thread may call this: what is cached is complete at every moment.
        """
        try:
            encoded = self._ordinary(span)
        except Exception:
            return  # `encode` raises
        if encoded is not None:
            setattr(span, _AHEAD, encoded)

    def encode(self, spans: Sequence[ReadableSpan]) -> bytes:
        """Return the spans as an ExportTraceServiceRequest. Raise if a span cannot be encoded unchanged."""
        return join_request((self._head(span), encoded_ahead(span) or self._late(span)) for span in spans)

    def encode_ordinary(self, span: ReadableSpan) -> tuple[bytes, bytes] | None:
        """Return head and bytes of a span for `join_request`; None if it has to be made safe, or `encode_one` has to.

        Never raises. Any thread may call this.
        """
        known = self._heads.get((id(span.resource), id(span.instrumentation_scope)))
        try:
            encoded = self._ordinary(span) if known else None
        except Exception:
            return None
        return (known[2], encoded) if known and encoded is not None else None

    def encode_one(self, span: ReadableSpan) -> tuple[bytes, bytes]:
        """Return head and bytes of a span for `join_request`. Raise if it cannot be encoded unchanged."""
        return self._head(span), self._unusual(span)

    def _head(self, span: ReadableSpan) -> bytes:
        """Return what is before the span: the length of the resource's bytes, they, and those of the scope."""
        place = (id(span.resource), id(span.instrumentation_scope))
        known = self._heads.get(place)
        if known is None:
            if len(self._heads) >= MOST_VALUES:
                self._heads.clear()
            (sent,) = encode_spans([span]).resource_spans
            (scoped,) = sent.scope_spans
            del sent.scope_spans[:], scoped.spans[:]
            resource = sent.SerializeToString()
            head = _LENGTH.pack(len(resource)) + resource + scoped.SerializeToString()
            known = self._heads[place] = (span.resource, span.instrumentation_scope, head)
        return known[2]

    def _late(self, span: ReadableSpan) -> bytes:
        # Other threads run first: a computing thread would keep the interpreter for five milliseconds.
        sleep(0)
        return self._unusual(span)

    def _unusual(self, span: ReadableSpan) -> bytes:
        encoded = self._ordinary(span)
        if encoded is None:
            (sent,) = encode_spans([span]).resource_spans[0].scope_spans[0].spans
            encoded = sent.SerializeToString()
        return encoded

    def _ordinary(self, span: ReadableSpan) -> bytes | None:
        """Return the encoded span; None if only the SDK's encoder writes it, or a value of it is not safe to send."""
        attributes = None if _needs_sdk_encoder(span) else self._attributes(attributes_dict(span.attributes))
        name = span.name
        if attributes is None or len(name) > MAX_TEXT:
            return None
        context, parent = span.context, span.parent
        return b"".join(
            [
                _IDS % (context.trace_id.to_bytes(16, "big"), context.span_id.to_bytes(8, "big")),
                _PARENT % parent.span_id.to_bytes(8, "big") if parent else b"",
                _field(_NAME, name.encode()),
                b"\x30%c" % (span.kind.value + 1),
                _TIMES(b"\x39", span.start_time, b"\x41", span.end_time),
                *attributes,
                _STATUS[span.status.status_code],
                _FLAGS_REMOTE if parent and parent.is_remote else _FLAGS,
            ]
        )

    def _attributes(self, attributes: Mapping[str, Any]) -> list[bytes] | None:
        """Return each encoded attribute; None if one is neither text, number nor boolean, or not safe to send."""
        found: list[bytes] = []
        for key, value in attributes.items():
            known = self._values.get((key, type(value)), {})
            encoded = known.get(value) if known else None
            if encoded is None:
                encoded = _attribute(key, value)
                if encoded is None:
                    return None
                if known is not None and type(value) is not float and len(encoded) <= _LONGEST:
                    self._remember((key, type(value)), value, encoded)
            found.append(encoded)
        return found

    def _remember(self, place: tuple[str, type], value: object, encoded: bytes) -> None:
        if place not in self._values and len(self._values) >= MOST_ATTRIBUTES:
            return
        values = self._values.setdefault(place, {})
        if values is not None and len(values) < MOST_VALUES:
            values[value] = encoded
        else:
            self._values[place] = None


def join_request(spans: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return encoded spans, each with its head, as an ExportTraceServiceRequest: those of a head together."""
    groups: dict[bytes, list[bytes]] = {}
    for head, span in spans:
        groups.setdefault(head, []).append(_field(_SPANS, span))
    resources: dict[bytes, list[bytes]] = {}
    for head, group in groups.items():
        scope = _LENGTH.size + _LENGTH.unpack_from(head)[0]
        body = _field(_SCOPE_SPANS, head[scope:] + b"".join(group))
        resources.setdefault(head[_LENGTH.size : scope], []).append(body)
    return b"".join([_field(_RESOURCE_SPANS, resource + b"".join(scopes)) for resource, scopes in resources.items()])


def encoded_ahead(span: ReadableSpan) -> bytes | None:
    """Return what `SpanEncoder.encode_ahead` made of a span, all of whose values are safe to send; None without it."""
    return getattr(span, _AHEAD, None)


def attributes_dict(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return attributes as a dict, because the SDK's mapping locks and copies itself at each access."""
    try:
        copied: Mapping[str, Any] = values.copy()  # type: ignore[union-attr]  # the SDK's mappings have it
    except AttributeError:
        return dict(values or {})
    return copied


def _needs_sdk_encoder(span: ReadableSpan) -> bool:
    """Return whether the span has anything that only the SDK's encoder writes."""
    return bool(
        span.events
        or span.links
        or span.status.description
        or span.context.trace_state
        or span.dropped_attributes
        or span.dropped_events
        or span.dropped_links
    )


def _attribute(key: str, value: Any) -> bytes | None:
    kind = type(value)
    if len(key) > MAX_TEXT:
        return None
    if kind is str:
        if len(value) > MAX_TEXT:
            return None
        encoded = _field(_VALUE, _field(_TEXT, value.encode()))
    elif kind is float:
        if not isfinite(value):
            return None
        encoded = _DOUBLE(b"\x12\x09", b"\x21", value)
    elif kind is bool:
        encoded = _BOOLEANS[value]
    elif kind is int:
        if not -(1 << 63) <= value < 1 << 63:
            return None
        encoded = _field(_VALUE, b"\x18" + _varint(value & 0xFFFF_FFFF_FFFF_FFFF))
    else:
        return None
    return _field(_ATTRIBUTE, _field(_KEY, key.encode()) + encoded)


def _field(tag: int, body: bytes) -> bytes:
    """Return a length-delimited protobuf field."""
    size = len(body)
    return b"%c%c%b" % (tag, size, body) if size < 128 else b"%c%b%b" % (tag, _varint(size), body)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
