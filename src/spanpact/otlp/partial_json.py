"""OTLP JSON read only as far as a verification needs that lets most spans go: attributes stay bytes until asked for.

A span's attributes are cut into pieces, one for each, which are the same bytes wherever the same attribute is written.
What this reads, `json_decoding` reads too, and alike; what it does not understand is left to that, which says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from sys import intern
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from spanpact.otlp import json_messages as wire
from spanpact.otlp.batch import MalformedValue, NotPlain, Plain, SharedValues
from spanpact.otlp.json_decoding import resource_of, scope_of, span_of, value_of
from spanpact.trace.model import Resource, Scope, Span, Value

_NOTHING: Final = Raw(b"")
_FIRST, _BETWEEN, _LAST = b'[{"key":', b'},{"key":', b"}]"
_SKIPPED: Final = len(_FIRST)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError, MalformedValue)
_DOUBLE: Final = b'{"doubleValue":'
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
    scope: Raw = _NOTHING
    spans: list[RawSpan] | None = None


class _ResourceSpans(Struct, rename="camel", gc=False):
    resource: Raw = _NOTHING
    scope_spans: list[_ScopeSpans] | None = None
    schema_url: str | None = None


class _Request(Struct, rename="camel", gc=False):
    resource_spans: list[_ResourceSpans] | None = None
    resource_logs: Raw | UnsetType = UNSET
    resource_metrics: list[wire.Ignored] | UnsetType | None = UNSET


_DECODER = msgspec.json.Decoder(_Request)
_RESOURCE = msgspec.json.Decoder(wire.WireResource | None)
_SCOPE = msgspec.json.Decoder(wire.WireScope | None)
_ATTRIBUTE = msgspec.json.Decoder(wire.KeyValue)
_ATTRIBUTES = msgspec.json.Decoder(list[wire.KeyValue] | None)


class RawGroup(NamedTuple):
    """The resource and the scope of some spans, not read yet: equal groups are the same."""

    resource: bytes
    schema_url: str | None
    scope: bytes


def read_groups(data: bytes) -> Iterator[tuple[RawGroup, Sequence[RawSpan]]]:
    """The spans of one document, by group. Raises NotPlain for log records, and for whatever is not OTLP JSON."""
    with _careful():
        request = _DECODER.decode(data)
    if request.resource_logs is not UNSET:
        raise NotPlain
    for part in request.resource_spans or ():
        resource = bytes(part.resource)
        for scoped in part.scope_spans or ():
            yield RawGroup(resource, part.schema_url, bytes(scoped.scope)), scoped.spans or ()


def read_group(group: RawGroup, shared: SharedValues) -> tuple[Resource, Scope]:
    """The resource and the scope of a group. Raises NotPlain for what is none."""
    with _careful():
        resource = _RESOURCE.decode(group.resource) if group.resource else None
        scope = _SCOPE.decode(group.scope) if group.scope else None
        return resource_of(resource, group.schema_url, shared), scope_of(scope, shared)


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


def cut_number(piece: bytes) -> tuple[bytes, float]:
    """What stands before the number in an attribute that is a double, and the number; nothing and 0 for another.

    That it is a number by the rules of JSON is known already: they hold for the whole document.
    """
    head, _, rest = piece.partition(_DOUBLE)
    if rest.endswith(b"}"):
        try:
            return head, float(rest[:-1])
        except ValueError:
            pass
    return b"", 0.0


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


def read_span(span: RawSpan, resource: Resource, scope: Scope) -> Span:
    """The whole span. Raises NotPlain for what is none."""
    with _careful():
        text = bytes(span.attributes)
        fields = {name: getattr(span, name) for name in _FIELDS}
        whole = wire.WireSpan(**fields, attributes=_ATTRIBUTES.decode(text) if text else None)
        return span_of(whole, resource, scope)


_FIELDS: Final = tuple(name for name in RawSpan.__struct_fields__ if name != "attributes")


@contextmanager
def _careful() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise NotPlain from error
