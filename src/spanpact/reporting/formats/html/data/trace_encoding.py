"""A trace as plain values for the page: columns of numbers, texts by their number in the string table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.drawing.value_text import format_value, masked_text
from spanpact.reporting.formats.html.data.string_table import StringTable
from spanpact.reporting.formats.html.data.trace_rows import TraceRows
from spanpact.trace.attributes import Pair, pairs_of
from spanpact.trace.model import Attributes, LogRecord, Resource

KINDS: Final = ("internal", "client", "server", "producer", "consumer", "unspecified")
"""The kinds of spans by the number that stands for them in the page's data."""
STATUSES: Final = ("unset", "ok", "error")
_MOST_VALUES: Final = 128  # attributes, events, links and log records of a span
_MOST_KNOWN: Final = 1 << 16
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class TraceEncoder:
    """Encodes traces into one string table. Names and values are masked, escaped and cut as in text reports."""

    def __init__(self, table: StringTable, canvas: Canvas) -> None:
        self._table, self._canvas = table, canvas
        self._resources: dict[str, int] = {}
        self.resources: list[list[Any]] = []
        """Service and attributes of each resource, by the number that spans refer to."""
        self._known: dict[tuple[str, object], str] = {}

    def name(self, text: str) -> int:
        """Return the number of a text from a trace."""
        return self._table.number(masked_text(text, self._canvas))

    def forget_resources(self, length: int) -> None:
        """Take out the resources that were added since there were this many."""
        del self.resources[length:]
        self._resources = {text: number for text, number in self._resources.items() if number < length}

    def columns(self, rows: TraceRows) -> dict[str, Any]:
        """Return the columns of the spans of a trace.

        Times are nanoseconds since the first start of a span, and `took` is -1 for a span that never ended. `up` is how
        many rows above a span its parent is, 0 if it is not in the trace.
        """
        spans = [rows.topology.spans[i] for i in rows.spans]
        start = first_start(rows)
        return {
            "id": [self.name(span.span_id) for span in spans],
            "up": [number - parent if parent >= 0 else 0 for number, parent in enumerate(rows.parent)],
            "name": [self.name(span.name) for span in spans],
            "start": [span.start_ns - start for span in spans],
            "took": [span.end_ns - span.start_ns if span.end_ns else -1 for span in spans],
            "kind": [KINDS.index(span.kind) for span in spans],
            "status": [STATUSES.index(span.status) for span in spans],
            "resource": [self._resource(span.resource) for span in spans],
        }

    def details(self, rows: TraceRows, row: int) -> list[Any]:
        """Return parent id, status message, scope, attributes, events, links, logs; without empty ones at the end."""
        span, start = rows.topology.spans[rows.spans[row]], first_start(rows)
        events = [
            [event.time_ns - start if event.time_ns else -1, self.name(event.name), self._attributes(event.attributes)]
            for event in span.events[:_MOST_VALUES]
        ]
        links = [[self.name(link.trace_id), self.name(link.span_id)] for link in span.links[:_MOST_VALUES]]
        fields = [
            self.name(span.parent_id),
            self.name(span.status_message),
            self.name(f"{span.scope.name} {span.scope.version}".strip()),
            self._attributes(span.attributes),
            events,
            links,
            [self._log(record, start) for record in rows.logs.get(span.span_id, ())[:_MOST_VALUES]],
        ]
        while fields and not fields[-1]:
            fields.pop()
        return fields

    def _log(self, record: LogRecord, start: int) -> list[Any]:
        text = self.name(record.event_name) if record.event_name else self._value(("", record.body))
        at = record.time_ns - start if record.time_ns else -1
        return [at, self.name(record.severity), text, self._attributes(record.attributes)]

    def _resource(self, resource: Resource) -> int:
        text = repr(resource.attributes)  # a resource has no hash; its text distinguishes it
        if text not in self._resources:
            self._resources[text] = len(self.resources)
            service = self.name(str(resource.attributes.get("service.name", "")))
            self.resources.append([service, self._attributes(resource.attributes)])
        return self._resources[text]

    def _attributes(self, attributes: Attributes) -> list[int]:
        """Return names and values by turns."""
        return [number for pair in _first(pairs_of(attributes)) for number in (self.name(pair[0]), self._value(pair))]

    def _value(self, pair: Pair) -> int:
        name, value = pair
        if not isinstance(value, str | int | bool):
            return self._table.number(format_value(value, self._canvas, name))
        key = name, (type(value), value)
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = format_value(value, self._canvas, name)
        return self._table.number(self._known[key])


def _first(pairs: Iterable[Pair]) -> Iterable[Pair]:
    return [pair for pair, _ in zip(pairs, range(_MOST_VALUES), strict=False)]


def first_start(rows: TraceRows) -> int:
    """Return the first start of a span of a trace, in nanoseconds."""
    spans = rows.topology.spans  # by start
    return spans[0].start_ns if spans else 0


def start_text(rows: TraceRows) -> str:
    """Return when the first span of a trace started, in UTC; "" if it has none that a calendar knows."""
    start = first_start(rows)
    try:
        return (_EPOCH + timedelta(microseconds=start // 1000)).strftime("%Y-%m-%d %H:%M:%S.%f UTC") if start else ""
    except OverflowError:
        return ""
