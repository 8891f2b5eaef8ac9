"""Decode rows of the exporter's table to spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from spanpact.otlp import SharedValues
from spanpact.sources.clickhouse.json_columns import attributes_in
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import Attributes, Event, Link, Resource, Scope, Span, SpanKind, StatusCode, Value

_KINDS: Final[Mapping[str, SpanKind]] = {
    "INTERNAL": "internal", "SERVER": "server", "CLIENT": "client", "PRODUCER": "producer", "CONSUMER": "consumer",
}  # fmt: skip
_STATUSES: Final[Mapping[str, StatusCode]] = {"OK": "ok", "ERROR": "error"}
_SCOPES: Final = (("otel.scope.name", "otel.scope.version"), ("otel.library.name", "otel.library.version"))
_NOT_FINITE: Final = "json: unsupported value: "
"""What older collectors write before the name of a double that is not finite."""


class Row(msgspec.Struct, array_like=True):
    """A row, as `queries` selects it. Attributes are names and values of maps, or JSON values and types of paths."""

    trace_id: str
    span_id: str
    parent_id: str
    trace_state: str
    name: str
    kind: str
    start: str
    duration: str
    status: str
    status_message: str
    scope_name: str
    scope_version: str
    resource: Any
    resource_values: Any
    resource_names: list[str]
    own: Any
    own_values: Any
    own_names: list[str]
    event_times: list[str]
    event_names: list[str]
    event_attributes: list[Any]
    event_values: list[Any]
    link_trace_ids: list[str]
    link_span_ids: list[str]
    link_states: list[str]
    link_attributes: list[Any]
    link_values: list[Any]


class RowDecoder:
    """Decodes the rows of answers. `has_scopes`: the table has columns for scopes, else they are among attributes."""

    def __init__(self, *, has_scopes: bool) -> None:
        self._decoder = msgspec.json.Decoder(Row)
        self._has_scopes = has_scopes
        self._shared = SharedValues()

    def spans(self, body: bytes) -> list[Span]:
        """Return the spans of a body of one row a line. Raise msgspec.MsgspecError or ValueError for another body."""
        try:
            rows = self._decoder.decode_lines(body)
        except UnicodeDecodeError:  # ClickHouse keeps texts that are not UTF-8
            rows = self._decoder.decode_lines(body.decode("utf-8", "replace").encode())
        return list(map(self._span, rows))

    def _span(self, row: Row) -> Span:
        start = int(row.start)
        attributes = _attributes(row.own, row.own_values, row.own_names)
        scope = self._scope(row, attributes)
        return Span(
            trace_id=row.trace_id,
            span_id=row.span_id,
            name=row.name,
            parent_id=row.parent_id,
            kind=_KINDS.get(_word(row.kind, "SPAN_KIND_"), "unspecified"),
            start_ns=start,
            end_ns=_end(start, int(row.duration)),
            status=_STATUSES.get(_word(row.status, "STATUS_CODE_"), "unset"),
            status_message=row.status_message,
            attributes=attributes,
            events=_events(row) if row.event_times else (),
            links=_links(row) if row.link_trace_ids else (),
            resource=self._resource(row),
            scope=scope,
            trace_state=row.trace_state,
        )

    def _resource(self, row: Row) -> Resource:
        return self._shared.resource(_attributes(row.resource, row.resource_values, row.resource_names), "")

    def _scope(self, row: Row, attributes: Attributes) -> Scope:
        """Return the scope; tables of old exporters have it among the attributes, from which it is taken."""
        if self._has_scopes:
            return self._shared.scope(row.scope_name, row.scope_version, {})
        for names in _SCOPES:
            if any(name in attributes for name in names):
                name, version = (str(attributes.pop(each, "")) for each in names)
                return self._shared.scope(name, version, {})
        return self._shared.scope("", "", {})


def _word(text: str, prefix: str) -> str:
    return text.upper().removeprefix(prefix)


def _end(start: int, duration: int) -> int:
    """Return the end. The exporter subtracts in 64 bits without a sign: a span may end before its start, or never."""
    end = (start + duration) % (1 << 64)
    return end - (1 << 64) if end >= 1 << 63 else end


def _attributes(names: Any, values: Any, noted: Sequence[str] = ()) -> Attributes:
    if isinstance(names, dict):
        return attributes_in(names, values, noted)
    return attributes_of_map(names, values)


def attributes_of_map(names: Sequence[str], values: Sequence[str]) -> Attributes:
    """Return the attributes of a map."""
    return attributes_of(list(zip(names, map(value_of, values), strict=True)))


def value_of(text: str) -> Value:
    """Return a value of a map, which has only texts."""
    return text.removeprefix(_NOT_FINITE)


def _events(row: Row) -> list[Event]:
    columns = zip(row.event_names, row.event_times, row.event_attributes, row.event_values, strict=True)
    return [Event(name, int(time), _attributes(names, values)) for name, time, names, values in columns]


def _links(row: Row) -> list[Link]:
    ids = zip(row.link_trace_ids, row.link_span_ids, row.link_states, strict=True)
    attributes = map(_attributes, row.link_attributes, row.link_values)
    return [Link(trace, span, each, state) for (trace, span, state), each in zip(ids, attributes, strict=True)]
