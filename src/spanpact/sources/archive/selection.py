"""Which traces of an archive are read: by service, by time, by the beginnings of their ids."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass

from spanpact.sources.archive.database import ArchiveDatabase
from spanpact.sources.search.query import Moment
from spanpact.trace.trace_selection import TraceSelection

_DIGITS = 32
_CHOSEN = (
    "(trace_hi, trace_lo) IN (SELECT trace_hi, trace_lo FROM work.chosen WHERE trace_text IS NULL)"
    " OR trace_text IN (SELECT trace_text FROM work.chosen WHERE trace_text IS NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class ArchiveSelection:
    """The traces with a span of a service (any, where it is empty) that starts at `since` or later.

    `since` is a time before now in seconds, or a moment.
    """

    service: str = ""
    since: Moment | None = None

    def __bool__(self) -> bool:
        return bool(self.service) or self.since is not None

    def condition(self, database: ArchiveDatabase) -> str:
        """Return the condition of SQL on the trace of a row. It may need a table that this makes."""
        if not self:
            return "true"
        found = (
            f"SELECT DISTINCT trace_hi, trace_lo, trace_text FROM {database.relation('spans')}"
            f" JOIN {database.relation('contents')} USING (content) WHERE start_ns >= ? AND (? = '' OR service = ?)"
        )
        since = -(1 << 63) if self.since is None else _ns(self.since)
        database.execute(f"CREATE OR REPLACE TABLE work.chosen AS {found}", [since, self.service, self.service])
        return _CHOSEN


def _ns(since: Moment) -> int:
    if isinstance(since, dt.datetime):
        return int((since - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1)) * 1000
    return time.time_ns() - round(since * 1e9)


def condition_on_ids(wanted: TraceSelection) -> str:
    """Return the condition of SQL that holds for the traces that are wanted, and for some others with odd ids."""
    if not wanted:
        return "true"
    return " OR ".join(["trace_text IS NOT NULL", *(each for text in wanted.texts for each in _conditions(text))])


def _conditions(text: str) -> Sequence[str]:
    """Return the conditions for ids that begin with a text, and for the one that it is without leading zeros."""
    least, most = text.ljust(_DIGITS, "0"), text.ljust(_DIGITS, "f")
    conditions = []
    for first, last in ((least, most), (text.zfill(_DIGITS), text.zfill(_DIGITS))):
        (hi, lo), (last_hi, last_lo) = _halves(first), _halves(last)
        if hi == last_hi:
            conditions.append(f"(trace_hi = {hi} AND trace_lo BETWEEN {lo} AND {last_lo})")
        else:
            conditions.append(f"trace_hi BETWEEN {hi} AND {last_hi}")
    return conditions


def _halves(digits: str) -> tuple[int, int]:
    return int(digits[:16], 16), int(digits[16:], 16)
