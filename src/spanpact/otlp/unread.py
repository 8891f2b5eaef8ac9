"""Count what fields that OTLP does not know hold: spans, log records, events, attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from spanpact.trace.model import UnreadField

_SPAN_ID: Final = frozenset(["spanId", "span_id"])
_OF_SPANS: Final = frozenset(
    ["name", "startTimeUnixNano", "start_time_unix_nano", "parentSpanId", "parent_span_id", "kind"]
)
_OF_OTHER_FORMATS: Final = (  # keys that a span has in Zipkin's and Jaeger's JSON, and in console output
    (
        frozenset(["traceId", "id"]),
        frozenset(["localEndpoint", "duration", "tags", "annotations", "binaryAnnotations"]),
    ),
    (frozenset(["traceID", "spanID"]), frozenset(["operationName"])),
    (frozenset(["SpanContext"]), frozenset(["StartTime"])),
    (frozenset(["context", "kind"]), frozenset(["start_time"])),
)
_OF_LOGS: Final = frozenset(
    ["body", "severityNumber", "severity_number", "severityText", "severity_text", "observedTimeUnixNano"]
)
_TIME: Final = frozenset(["timeUnixNano", "time_unix_nano"])
_PAIR: Final = frozenset(["key", "value"])
_BY_NAME: Final = (("span", "spans"), ("log", "log records"), ("event", "events"), ("attribute", "attributes"))
_MOST_FIELDS: Final = 100
_OTHER: Final = "other fields"


class UnreadFields:
    """The unknown fields of one or several messages that hold data, with how much of what each holds."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, field: str, value: Any) -> None:
        """Count what an unknown field of a JSON document holds."""
        for holds, number in (_contents(value) or _by_name(field, value)).items():
            self.count(field, holds, number)

    def count(self, field: str, holds: str, number: int) -> None:
        """Count `number` of what an unknown field holds."""
        key = (field, holds)
        if key not in self._counts and len(self._counts) >= _MOST_FIELDS:
            key = (_OTHER, holds)
        self._counts[key] += number

    def update(self, fields: Iterable[UnreadField]) -> None:
        """Count the fields of another message too."""
        for each in fields:
            self.count(each.field, each.holds, each.count)

    def fields(self) -> tuple[UnreadField, ...]:
        """Return the fields, in the order in which they were met."""
        return tuple(UnreadField(field, holds, number) for (field, holds), number in self._counts.items())

    def __iter__(self) -> Iterator[UnreadField]:
        return iter(self.fields())


def is_foreign_span(item: Mapping[str, Any]) -> bool:
    """Return whether an object has the keys of a span in Zipkin's or Jaeger's JSON, or in console output."""
    keys = item.keys()
    return any(keys >= all_of and bool(keys & one_of) for all_of, one_of in _OF_OTHER_FORMATS)


def spans_in(value: Any) -> int:
    """Return how many spans a JSON value holds, at any depth, in any format that is known by its keys."""
    return _contents(value).get("spans", 0)


def _contents(value: Any) -> Mapping[str, int]:
    """Return how many spans, log records, events and attributes a JSON value holds, at any depth.

    What is within a span, a log record or an event is not counted by itself.
    """
    found: Counter[str] = Counter()
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack += one
        elif isinstance(one, dict):
            if holds := _kind_of(one):
                found[holds] += 1
            else:
                stack += one.values()
    return found


def _kind_of(item: Mapping[str, Any]) -> str:
    keys = item.keys()
    if keys & _SPAN_ID and keys & _OF_SPANS:
        return "spans"
    if is_foreign_span(item):
        return "spans"
    if keys & _OF_LOGS:
        return "log records"
    if keys & _TIME and "name" in keys:
        return "events"
    return "attributes" if keys >= _PAIR else ""


def _by_name(field: str, value: Any) -> Mapping[str, int]:
    """Return what a field holds by its own name, where its content is of another form."""
    if not isinstance(value, list | dict) or not value:
        return {}
    items = len(value) if isinstance(value, dict) else sum(isinstance(each, dict) for each in value)
    lower = field.lower()
    return next(({holds: items} for word, holds in _BY_NAME if word in lower and items), {})
