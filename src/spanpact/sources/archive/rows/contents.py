"""Spans as rows: what many spans share is a content, which is stored once, and the rest is in columns.

A span that columns cannot hold has an `extra`: JSON with its events and links, and with what is out of the ordinary,
such as ids that are not hexadecimal, times beyond 64 bits, and attributes with a key that repeats.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from spanpact.sources.archive.rows.columns import LEAST, MOST, AttributeColumn, AttributeColumns, kind_of
from spanpact.sources.archive.rows.values import (
    attributes_from,
    dumped,
    event_json,
    event_of,
    link_json,
    link_of,
    pairs_json,
    resource_json,
    resource_of,
    scope_json,
    scope_of,
    value_json,
    value_of,
)
from spanpact.trace.attributes import Pair, attributes_of, pairs_of
from spanpact.trace.model import Attributes, Resource, Scope, Span, Value

_MOST_KNOWN: Final = 1 << 16  # contents, resources, scopes; then equal ones get another number
_HEX: Final = frozenset("0123456789abcdef")


class SpanRow(NamedTuple):
    """A row of `spans` without its number: the base columns after `seq`, and the values of attribute columns."""

    trace_hi: int | None
    trace_lo: int | None
    span_id: int | None
    parent_id: int | None
    start_ns: int
    end_ns: int
    content: int
    trace_text: str | None
    extra: str | None
    values: Sequence[tuple[AttributeColumn, Any]]


class ContentRow(NamedTuple):
    """A row of `contents`."""

    content: int
    name: str
    kind: str
    service: str
    span: str


class SpanRows:
    """Makes rows of spans. `new` are the contents that are not stored yet; `next_content` is the number of the next."""

    def __init__(self, columns: AttributeColumns, next_content: int = 0) -> None:
        self.columns = columns
        self.next_content = next_content
        self.new: list[ContentRow] = []
        self._contents: dict[Hashable, int] = {}
        self._resources: dict[int, tuple[Resource, str]] = {}
        self._scopes: dict[int, tuple[Scope, str]] = {}

    def row(self, span: Span) -> SpanRow:
        """Return the row of a span."""
        extra: dict[str, Any] = {}
        values: list[tuple[AttributeColumn, Any]] = []
        if type(span.attributes) is dict:
            fixed = [self._attribute(name, value, values) for name, value in span.attributes.items()]
        else:  # a key repeats
            fixed, extra["attributes"] = [], pairs_json(pairs_of(span.attributes))
        if span.events:
            extra["events"] = list(map(event_json, span.events))
        if span.links:
            extra["links"] = list(map(link_json, span.links))
        halves, span_id, parent_id = trace_halves(span.trace_id), id_number(span.span_id), id_number(span.parent_id)
        if span_id is None:
            extra["span_id"] = span.span_id
        if parent_id is None:
            extra["parent_id"] = span.parent_id
        times = [span.start_ns, span.end_ns]
        if not (min(times) >= LEAST and max(times) <= MOST):
            extra["times"], times = times, [0, 0]
        trace_hi, trace_lo = halves or (None, None)
        return SpanRow(
            trace_hi,
            trace_lo,
            span_id,
            parent_id,
            times[0],
            times[1],
            self._content(span, fixed),
            None if halves else json.dumps(span.trace_id),
            dumped(extra) if extra else None,
            values,
        )

    def _attribute(self, name: str, value: Value, values: list[tuple[AttributeColumn, Any]]) -> tuple[Hashable, ...]:
        """Return what the content holds of an attribute; add its value to `values` if it has a column."""
        kind = kind_of(value)
        if kind is None:
            return name, "fixed", bool(value), value is None
        stored = dumped(value_json(value)) if kind == "json" else value
        key: Any = repr(value) if kind == "double" else stored  # 0.0 equals -0.0
        column, varies = self.columns.column_for(name, kind, key)
        if column is not None:
            values.append((column, stored))
        return (name, kind) if varies else (name, kind, key)

    def _content(self, span: Span, fixed: Sequence[tuple[Hashable, ...]]) -> int:
        key = (
            span.name, span.kind, span.status, span.status_message, span.trace_state, span.parent_remote,
            span.dropped_attributes, span.dropped_events, span.dropped_links,
            self._text_of(self._resources, span.resource, resource_json),
            self._text_of(self._scopes, span.scope, scope_json), tuple(fixed),
        )  # fmt: skip
        number = self._contents.get(key)
        if number is None:
            if len(self._contents) >= _MOST_KNOWN:
                self._contents.clear()
            number = self._contents[key] = self.next_content
            self.next_content += 1
            self.new.append(self._row_of(number, span, fixed))
        return number

    def _row_of(self, number: int, span: Span, fixed: Sequence[tuple[Hashable, ...]]) -> ContentRow:
        attributes = [
            list(each) if len(each) == 2 else [each[0], None, value_json(span.attributes[str(each[0])])]
            for each in fixed
        ]
        whole = {
            "name": span.name,
            "kind": span.kind,
            "status": [span.status, span.status_message],
            "trace_state": span.trace_state,
            "remote": span.parent_remote,
            "dropped": [span.dropped_attributes, span.dropped_events, span.dropped_links],
            "resource": resource_json(span.resource),
            "scope": scope_json(span.scope),
            "attributes": attributes,
        }
        service = span.resource.attributes.get("service.name", "")
        shown = (each.encode("utf-8", "replace").decode() for each in (span.name, str(service)))
        name, service = shown
        return ContentRow(number, name, span.kind, service, dumped(whole))

    @staticmethod
    def _text_of(known: dict[int, tuple[Any, str]], value: Any, as_json: Any) -> str:
        """Return the JSON of a resource or a scope; the table holds the object, so that its id stays its own."""
        found = known.get(id(value))
        if found is None:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            found = known[id(value)] = value, dumped(as_json(value))
        return found[1]


def id_number(text: str) -> int | None:
    """Return the number of a span id, 0 for "" (no parent); None for what 64 bits do not hold as it was written."""
    if not text:
        return 0
    number = int(text, 16) if len(text) == 16 and _HEX.issuperset(text) else 0
    return number or None


def trace_halves(text: str) -> tuple[int, int] | None:
    """Return the upper and the lower half of a trace id; None for what 128 bits do not hold as it was written."""
    if len(text) != 32 or not _HEX.issuperset(text):
        return None
    return int(text[:16], 16), int(text[16:], 16)


def trace_id_of(trace_hi: int | None, trace_lo: int | None, trace_text: str | None) -> str:
    """Return the trace id of a row."""
    if trace_hi is None or trace_lo is None:
        return str(json.loads(trace_text or '""'))
    return f"{trace_hi:016x}{trace_lo:016x}"


class SpanContents:
    """Makes spans of rows. Contents, resources and scopes that are equal are one object each."""

    def __init__(self, columns: Iterable[AttributeColumn]) -> None:
        self._places = {(each.attribute, each.kind): i for i, each in enumerate(columns)}
        self._contents: dict[int, Mapping[str, Any]] = {}
        self._shared: dict[str, Resource | Scope] = {}

    def span(self, row: Sequence[Any], text: str) -> Span:
        """Return the span of a row: the columns of `SPANS` after `seq`, then those of attributes, all in order.

        `text` is the JSON of its content.
        """
        trace_hi, trace_lo, span_id, parent_id, start_ns, end_ns, number, trace_text, extra_text = row[:9]
        content = self._contents.get(number) or self._remember(number, text)
        extra = json.loads(extra_text) if extra_text else {}
        if "times" in extra:
            start_ns, end_ns = extra["times"]
        attributes = (
            attributes_from(extra["attributes"]) if "attributes" in extra else self._attributes(content, row[9:])
        )
        status, message = content["status"]
        return Span(
            trace_id=trace_id_of(trace_hi, trace_lo, trace_text),
            span_id=extra["span_id"] if "span_id" in extra else _id_text(span_id),
            name=content["name"],
            parent_id=extra["parent_id"] if "parent_id" in extra else _id_text(parent_id),
            kind=content["kind"],
            start_ns=start_ns,
            end_ns=end_ns,
            status=status,
            status_message=message,
            attributes=attributes,
            events=tuple(map(event_of, extra.get("events", ()))),
            links=tuple(map(link_of, extra.get("links", ()))),
            resource=content["resource"],
            scope=content["scope"],
            trace_state=content["trace_state"],
            parent_remote=content["remote"],
            dropped_attributes=content["dropped"][0],
            dropped_events=content["dropped"][1],
            dropped_links=content["dropped"][2],
        )

    def _remember(self, number: int, text: str) -> Mapping[str, Any]:
        content: dict[str, Any] = json.loads(text)
        content["resource"] = self._one("r", content["resource"], resource_of)
        content["scope"] = self._one("s", content["scope"], scope_of)
        content["attributes"] = [
            (name, value_of(value[0]), None) if value else (name, None, (self._places[name, kind], kind))
            for name, kind, *value in content["attributes"]
        ]
        if len(self._contents) >= _MOST_KNOWN:
            self._contents.clear()
        self._contents[number] = content
        return content

    def _one(self, table: str, read: Any, of_json: Any) -> Any:
        key = table + dumped(read)
        if len(self._shared) >= _MOST_KNOWN:
            self._shared.clear()
        return self._shared.setdefault(key, of_json(read))

    @staticmethod
    def _attributes(content: Mapping[str, Any], values: Sequence[Any]) -> Attributes:
        pairs: list[Pair] = []
        for name, value, column in content["attributes"]:
            if column is not None:
                value = values[column[0]]
                if column[1] == "json":
                    value = value_of(json.loads(value))
            pairs.append((name, value))
        return attributes_of(pairs)


def _id_text(number: int | None) -> str:
    return f"{number:016x}" if number else ""
