"""A search: which traces of a service, and in which time window."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from spanpact.errors import UsageError
from spanpact.trace.model import Attributes, Span, Trace, Value


@dataclass(frozen=True, slots=True)
class Search:
    """A search for spans of a service (and operation) that started in a time range (ns since the Unix epoch).

    `limit` is the largest number of traces to return.
    """

    service: str
    start_ns: int
    end_ns: int
    limit: int
    operation: str = ""


Moment: TypeAlias = float | dt.datetime
"""Seconds before now, or a time with a zone."""

SECOND_NS: Final = 1_000_000_000
AHEAD_NS: Final = 60 * SECOND_NS
"""By how much the clock of another machine may be ahead: where a window has no end, it ends so long after now."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """A query for traces in which a span of the service started between `since` and `until`.

    Both are seconds before now, or times with a zone; `until=None` is the newest. `operation` is the name of that span.
    Some span of the trace must have all `attributes`, its own or its resource's, compared as text (`true`, `5`).
    `limit` is the number of traces that are enough, of the newest.
    """

    service: str
    operation: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    since: Moment = 3600.0
    limit: int | None = None
    until: Moment | None = None

    def check(self, store: str = "a search") -> None:
        """Raise UsageError, which begins with the name of the store, for values that no search can have."""
        if not self.service or (self.limit is not None and self.limit < 1):
            raise UsageError(f"{store}: a query needs a service and a positive limit")
        for name, moment in (("since", self.since), ("until", self.until)):
            if isinstance(moment, dt.datetime):
                if moment.utcoffset() is None:
                    raise UsageError(f"{store}: {name} has no time zone", hint="accepted: such as 2026-11-29T12:00:00Z")
            elif moment is not None and not 0 <= moment < math.inf:
                raise UsageError(f"{store}: {name} is {moment:g} s before now", hint="accepted: 0 s or more")

    def window(self, now_ns: int, store: str = "a search") -> tuple[int, int]:
        """Return start and end of the time window, in ns since the Unix epoch. Raise UsageError if it is empty."""
        start = max(0, _ns_of(self.since, now_ns))
        end = now_ns + AHEAD_NS if self.until is None else _ns_of(self.until, now_ns)
        if start >= end:
            hint = "accepted: such as since=15m&until=1m; without since, the window begins 1h ago"
            raise UsageError(f"{store}: since is not before until", hint=hint)
        return start, end

    def selects(self, trace: Trace) -> bool:
        """Return whether some span of the trace has all attributes; what a search itself selects is not looked at.

        Attributes are compared here, because some versions of Jaeger ignore them, and stores compare differently.
        """
        return not self.attributes or any(self._fits(span) for span in trace.spans)

    def _fits(self, span: Span) -> bool:
        own, resource = span.attributes, span.resource.attributes
        return all(_has(own, name, text) or _has(resource, name, text) for name, text in self.attributes.items())


def _ns_of(moment: Moment, now_ns: int) -> int:
    if isinstance(moment, dt.datetime):
        return (moment - _EPOCH) // dt.timedelta(microseconds=1) * 1000
    return now_ns - round(moment * SECOND_NS)


def _has(attributes: Attributes, name: str, text: str) -> bool:
    return name in attributes and _as_text(attributes[name]) == text


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
