"""The part of a text report on what no contract mentions, and on log records that belong to no span."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.findings import NamedCount, Report, ScannedLogs
from spanpact.reporting.drawing.canvas import Canvas

_MOST_NAMED: Final = 5


def unmentioned_lines(report: Report, canvas: Canvas, *, unplaced: bool) -> Iterator[str]:
    """Yield a line on log records without a span, and one for each kind of what no contract mentions, with names.

    With `unplaced` also one for the spans within flows that have no place.
    """
    if report.logs_without_span.count:
        yield _scanned_logs_text(report.logs_without_span)
    found = report.unmentioned
    if found is None:
        return
    for counted, what in ((found.traces, "trace"), (found.spans, "span"), (found.logs, "log record")):
        if counted.count:
            what += "" if counted.of == 1 else "s"
            yield f"no contract mentions {counted.count} of {counted.of} {what}: {_names(counted, canvas)}"
    if unplaced and found.unplaced.count:
        what = "span in a flow has" if found.unplaced.count == 1 else "spans in flows have"
        yield f"{found.unplaced.count} {what} no place in any entry or rule: {_names(found.unplaced, canvas)}"


def _scanned_logs_text(logs: ScannedLogs) -> str:
    """Return how many log records belong to no span, and how many of them were scanned for forbidden classes."""
    belong = "1 log record belongs" if logs.count == 1 else f"{logs.count} log records belong"
    if not logs.scanned:
        return f"{belong} to no span: not scanned, as no contract forbids a privacy class of every span"
    number = "scanned" if logs.scanned == logs.count else f"{logs.scanned} scanned"
    return f"{belong} to no span: {number} for what is forbidden of every span"


def _names(counted: NamedCount, canvas: Canvas) -> str:
    """Return the most frequent names; the number of each where it is not 1, and how many have another name."""
    listed = counted.names[:_MOST_NAMED]
    parts = [_name(name, number, canvas) for name, number in listed]
    others = counted.count - sum(number for _, number in listed)
    return ", ".join(parts) + (f" and {others} of other names" if others else "")


def _name(name: str, number: int, canvas: Canvas) -> str:
    times = f" {canvas.glyphs.times}{number}" if number > 1 else ""
    return f"{canvas.escape(name) or '(no name)'}{times}"
