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
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from operator import attrgetter
from time import sleep
from typing import Any, Final, TypeAlias

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

MAX_TEXT: Final = 16_384
"""The longest exported text, in characters."""
MOST_VALUES: Final = 64
"""The number of values of one attribute that are cached: the latest, as the spans of a request share its id."""
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
_STATUS: Final = (b"\x7a\x00", b"\x7a\x02\x18\x01", b"\x7a\x02\x18\x02")  # by StatusCode; unset: present and empty
_FLAGS: Final = b"\x85\x01\x00\x01\x00\x00"  # has_is_remote, and not is_remote
_FLAGS_REMOTE: Final = b"\x85\x01\x00\x03\x00\x00"
_PARTS: Final = attrgetter(
    "_name", "_context", "_parent", "_kind", "_start_time", "_end_time", "_status", "_attributes", "_events", "_links"
)
"""Reads a span as the SDK keeps it, because the properties of one span together cost as much as its encoding."""

_PLACE: Final = attrgetter("_resource", "_instrumentation_scope")

Encoded: TypeAlias = tuple[bytes, bytes]
"""A span for `join_request`: its head, made of resource and scope, and its own bytes."""
Place: TypeAlias = tuple[object, type]
"""The name and the type of an attribute, as True == 1 == 1.0."""


class SpanEncoder:
    """Encodes batches, with a cache of repeated values. One thread at a time may call `encode`."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, object, type], bytes] = {}  # by name, value and type of an attribute
        self._latest: dict[Place, deque[object]] = {}  # the values of an attribute that are known
        # By the ids of resource and scope, which are kept alive so that no other object gets the same id.
        self._heads: dict[tuple[int, int], tuple[object, object, bytes]] = {}

    @property
    def cached(self) -> int:
        """Return how many encoded values, resources and scopes are cached."""
        return len(self._known) + len(self._heads)

    def encode_ahead(self, span: ReadableSpan) -> None:
        """Encode a span that has ended, for a later `encode`. One that is not ordinary is left for that; never raises.

        Any thread may call this: what is cached is complete at every moment.
        """
        encoded = self.encode_ordinary(span)
        if encoded is not None:
            setattr(span, _AHEAD, encoded)

    def encode(self, spans: Sequence[ReadableSpan]) -> bytes:
        """Return the spans as an ExportTraceServiceRequest. Raise if a span cannot be encoded unchanged."""
        return join_request(encoded_ahead(span) or self._late(span) for span in spans)

    def encode_ordinary(self, span: ReadableSpan) -> Encoded | None:
        """Return head and bytes of a span for `join_request`; None if it has to be made safe, or `encode_one` has to.

        Never raises. Any thread may call this.
        """
        try:
            encoded = self._ordinary(span)
            # In this order: the head is the SDK's, which logs what it cannot encode.
            head = None if encoded is None else self._safe_head(span)
        except Exception:
            return None  # `encode` raises
        return None if head is None or encoded is None else (head, encoded)

    def encode_one(self, span: ReadableSpan) -> Encoded:
        """Return head and bytes of a span for `join_request`. Raise if it cannot be encoded unchanged."""
        return self._head(span), self._unusual(span)

    def _safe_head(self, span: ReadableSpan) -> bytes | None:
        """Return what is before the span; None if the resource is new and has values that may have to be made safe."""
        resource, scope = _PLACE(span)
        known = self._heads.get((id(resource), id(scope)))
        if known is not None:
            return known[2]
        return None if self._attributes(attributes_dict(resource.attributes)) is None else self._head(span)

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

    def _late(self, span: ReadableSpan) -> Encoded:
        # Other threads run first: a computing thread would keep the interpreter for five milliseconds.
        sleep(0)
        return self.encode_one(span)

    def _unusual(self, span: ReadableSpan) -> bytes:
        encoded = self._ordinary(span)
        if encoded is None:
            (sent,) = encode_spans([span]).resource_spans[0].scope_spans[0].spans
            encoded = sent.SerializeToString()
        return encoded

    def _ordinary(self, span: ReadableSpan) -> bytes | None:
        """Return the encoded span; None if only the SDK's encoder writes it, or a value of it is not safe to send."""
        try:
            name, context, parent, kind, start, end, status, attributes, events, links = _PARTS(span)
        except AttributeError:  # an SDK that keeps its spans differently
            return None
        if events or links or status.description or context.trace_state:
            return None
        if getattr(attributes, "dropped", 0) or getattr(events, "dropped", 0) or getattr(links, "dropped", 0):
            return None
        encoded = self._attributes(attributes_dict(attributes))
        if encoded is None or len(name) > MAX_TEXT:
            return None
        return b"".join(
            [
                _IDS % (context.trace_id.to_bytes(16, "big"), context.span_id.to_bytes(8, "big")),
                _PARENT % parent.span_id.to_bytes(8, "big") if parent else b"",
                _field(_NAME, name.encode()),
                b"\x30%c" % (kind._value_ + 1),
                _TIMES(b"\x39", start, b"\x41", end),
                *encoded,
                _STATUS[status.status_code._value_],
                _FLAGS_REMOTE if parent and parent.is_remote else _FLAGS,
            ]
        )

    def _attributes(self, attributes: Mapping[str, Any]) -> list[bytes] | None:
        """Return each encoded attribute; None if one is neither text, number nor boolean, or not safe to send."""
        known = self._known.get
        try:
            found = [known((name, value, type(value))) for name, value in attributes.items()]
        except Exception:  # a value that cannot be hashed: a list, a map
            return None
        if None not in found:
            return found  # type: ignore[return-value]  # mypy does not see it
        encoded: list[bytes] = []
        for (name, value), one in zip(attributes.items(), found, strict=True):
            made = one or _attribute(name, value)
            if made is None:
                return None
            if one is None and type(value) is not float and len(made) <= _LONGEST:
                self._remember((name, type(value)), value, made)
            encoded.append(made)
        return encoded

    def _remember(self, place: Place, value: object, encoded: bytes) -> None:
        latest = self._latest.get(place)
        if latest is None:
            if len(self._latest) >= MOST_ATTRIBUTES:
                return
            latest = self._latest.setdefault(place, deque())
        elif len(latest) >= MOST_VALUES:
            self._known.pop((place[0], latest.popleft(), place[1]), None)
        latest.append(value)
        self._known[place[0], value, place[1]] = encoded


def join_request(spans: Iterable[Encoded]) -> bytes:
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


def encoded_ahead(span: ReadableSpan) -> Encoded | None:
    """Return what `SpanEncoder.encode_ahead` made of a span, all of whose values are safe to send; None without it."""
    return getattr(span, _AHEAD, None)


def attributes_dict(values: Any) -> Mapping[str, Any]:
    """Return attributes as a dict, because the SDK's mapping locks and copies itself at each access."""
    try:
        copied: Mapping[str, Any] = values.copy()
    except AttributeError:
        return dict(values or {})
    return copied


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
    if size < 128:
        return b"%c%c%b" % (tag, size, body)
    if size < 16_384:
        return b"%c%c%c%b" % (tag, size & 127 | 128, size >> 7, body)
    return b"%c%b%b" % (tag, _varint(size), body)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
