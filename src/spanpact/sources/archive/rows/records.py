"""Log records as rows of `logs`, and back."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

import msgspec

from spanpact.sources.archive.rows.columns import LEAST, MOST
from spanpact.sources.archive.rows.contents import id_number, trace_halves
from spanpact.sources.archive.rows.values import (
    attributes_from,
    dumped,
    pairs_json,
    resource_json,
    resource_of,
    scope_json,
    scope_of,
    value_json,
    value_of,
)
from spanpact.trace.attributes import pairs_of
from spanpact.trace.model import LogRecord, Resource, Scope

_MOST_SHARED: Final = 1 << 12


class LogRow(NamedTuple):
    """A row of `logs` without its number."""

    trace_hi: int | None
    trace_lo: int | None
    span_id: int | None
    time_ns: int
    trace_text: str | None
    event_name: str
    record: str


def log_row(record: LogRecord) -> LogRow:
    """Return the row of a log record."""
    whole = {name: getattr(record, name) for name in record.__struct_fields__}
    whole["body"] = value_json(record.body)
    whole["attributes"] = pairs_json(pairs_of(record.attributes))
    whole["resource"] = resource_json(record.resource)
    whole["scope"] = scope_json(record.scope)
    halves = trace_halves(record.trace_id)
    trace_hi, trace_lo = halves or (None, None)
    return LogRow(
        trace_hi,
        trace_lo,
        id_number(record.span_id),
        record.time_ns if LEAST <= record.time_ns <= MOST else 0,
        None if halves else json.dumps(record.trace_id),
        record.event_name.encode("utf-8", "replace").decode(),
        dumped(whole),
    )


class LogRecords:
    """Makes log records of rows. Resources and scopes that are equal are one object."""

    def __init__(self) -> None:
        self._shared: dict[str, Resource | Scope] = {}

    def record(self, text: str) -> LogRecord:
        """Return the log record of the JSON in its row."""
        whole: dict[str, Any] = json.loads(text)
        whole["body"] = value_of(whole["body"])
        whole["attributes"] = attributes_from(whole["attributes"])
        whole["resource"] = self._one("r", whole["resource"], resource_of)
        whole["scope"] = self._one("s", whole["scope"], scope_of)
        return msgspec.structs.replace(LogRecord(""), **whole)

    def _one(self, table: str, read: Any, of_json: Any) -> Any:
        key = table + dumped(read)
        if len(self._shared) >= _MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(key, of_json(read))
