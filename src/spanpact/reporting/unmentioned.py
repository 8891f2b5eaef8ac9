"""The part of a text report on what no contract mentions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.findings import NamedCount, Report
from spanpact.reporting.drawing.canvas import Canvas

_MOST_NAMED: Final = 5


def unmentioned_lines(report: Report, canvas: Canvas, *, unplaced: bool) -> Iterator[str]:
    """Yield a line each for traces, spans and log records that no contract mentions, with the most frequent names.

    With `unplaced` also one for the spans within flows that have no place.
    """
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


def _names(counted: NamedCount, canvas: Canvas) -> str:
    """Return the most frequent names; the number of each where it is not 1, and how many have another name."""
    listed = counted.names[:_MOST_NAMED]
    parts = [_name(name, number, canvas) for name, number in listed]
    others = counted.count - sum(number for _, number in listed)
    return ", ".join(parts) + (f" and {others} of other names" if others else "")


def _name(name: str, number: int, canvas: Canvas) -> str:
    times = f" {canvas.glyphs.times}{number}" if number > 1 else ""
    return f"{canvas.escape(name) or '(no name)'}{times}"
