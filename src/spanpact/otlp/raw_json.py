"""OTLP JSON read only as far as a verification needs that lets most spans go: attributes stay bytes until asked for.

A span's attributes are cut into pieces, one for each, which are the same bytes wherever the same attribute is written.
What this reads, `json_decoding` reads too, and alike; what it does not understand is left to that, which says why.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from sys import intern
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from spanpact.model import Resource, Scope, Span, Value
from spanpact.otlp import wire
from spanpact.otlp.batch import MalformedValue, NotPlain, SharedValues
from spanpact.otlp.json_decoding import resource_of, scope_of, span_of, value_of

_NOTHING: Final = Raw(b"")
_FIRST, _BETWEEN, _LAST = b'[{"key":', b'},{"key":', b"}]"
_SKIPPED: Final = len(_FIRST)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError, MalformedValue)
_NO_ATTRIBUTES: Final = (b"", b"null", b"[]")


class RawSpan(Struct, rename="camel", gc=False):
    """Span, its attributes unread. The fields are those of `wire.WireSpan`."""

    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    parent_span_id: str | None = None
    flags: int | str | None = None
    name: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None
    attributes: Raw = _NOTHING
    dropped_attributes_count: int | str | None = None
    events: list[wire.WireEvent] | None = None
    dropped_events_count: int | str | None = None
    links: list[wire.WireLink] | None = None
    dropped_links_count: int | str | None = None
    status: wire.WireStatus | None = None


class _ScopeSpans(Struct, rename="camel", gc=False):
    scope: wire.WireScope | None = None
    spans: list[RawSpan] | None = None


class _ResourceSpans(Struct, rename="camel", gc=False):
    resource: wire.WireResource | None = None
    scope_spans: list[_ScopeSpans] | None = None
    schema_url: str | None = None


class _Request(Struct, rename="camel", gc=False):
    resource_spans: list[_ResourceSpans] | None = None
    resource_logs: Raw | UnsetType = UNSET
    resource_metrics: list[wire.Ignored] | UnsetType | None = UNSET


_DECODER = msgspec.json.Decoder(_Request)
_ATTRIBUTE = msgspec.json.Decoder(wire.KeyValue)
_ATTRIBUTES = msgspec.json.Decoder(list[wire.KeyValue] | None)


class RawGroup(Struct, frozen=True):
    """The spans of one resource and scope."""

    resource: Resource
    scope: Scope
    spans: Sequence[RawSpan]


def read_groups(data: bytes, shared: SharedValues) -> list[RawGroup]:
    """The spans of one document. Raises NotPlain for log records, and for whatever is not OTLP JSON."""
    with _careful():
        request = _DECODER.decode(data)
        if request.resource_logs is not UNSET:
            raise NotPlain
        return [
            RawGroup(resource, scope_of(scoped.scope, shared), scoped.spans or ())
            for group in request.resource_spans or ()
            for resource in (resource_of(group.resource, group.schema_url, shared),)
            for scoped in group.scope_spans or ()
        ]


Plain: TypeAlias = tuple[int, str, str, int, tuple[Hashable, ...], list[bytes]]
"""Start, span id, parent id, end, all else of a plain span (name, kind, flags), and the pieces of its attributes."""


def plain(span: RawSpan) -> Plain | None:
    """What a span says if it is as most are: no status, nothing carried or lost. None where there is more to it."""
    status = span.status
    if (
        (status is not None and (status.code or status.message))
        or span.events
        or span.links
        or span.trace_state
        or span.dropped_attributes_count
        or span.dropped_events_count
        or span.dropped_links_count
    ):
        return None
    text = bytes(span.attributes)
    if text.startswith(_FIRST) and text.endswith(_LAST):
        pieces = text[_SKIPPED:-2].split(_BETWEEN)
    elif text in _NO_ATTRIBUTES:
        pieces = []
    else:
        return None
    try:
        start, end = int(span.start_time_unix_nano or 0), int(span.end_time_unix_nano or 0)
    except ValueError as error:
        raise NotPlain from error
    look = (span.name, span.kind, span.flags)
    return start, span.span_id or "", span.parent_span_id or "", end, look, pieces


def read_piece(piece: bytes) -> tuple[str, Value]:
    """Name and value of an attribute. Raises NotPlain for what is none.

    An object that starts with its key follows another only in a list, as no text holds a quote that is not escaped. In
    a list within a list the pieces are halves of attributes, which nobody can read.
    """
    try:
        pair = _ATTRIBUTE.decode(b'{"key":%b}' % piece)
        return intern(pair.key or ""), value_of(pair.value, 0) if pair.value else None
    except _UNREADABLE as error:
        raise NotPlain from error


def read_span(span: RawSpan, group: RawGroup) -> Span:
    """The whole span. Raises NotPlain for what is none."""
    with _careful():
        text = bytes(span.attributes)
        fields = {name: getattr(span, name) for name in _FIELDS}
        whole = wire.WireSpan(**fields, attributes=_ATTRIBUTES.decode(text) if text else None)
        return span_of(whole, group.resource, group.scope)


_FIELDS: Final = tuple(name for name in RawSpan.__struct_fields__ if name != "attributes")


@contextmanager
def _careful() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise NotPlain from error
