"""What all tables of the docs share: how numbers, goals and the run are shown (`benchmarks.pages.tables`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
"""One benchmark, as in docs/benchmarks.json."""
Rows = Mapping[str, Row]
NOT_MEASURED: Final = ["Not measured yet: `nox -s bench -- --write-docs`."]


def shown(number: float, unit: str = "") -> str:
    """Format a number with about three significant digits, and its unit."""
    if abs(number) >= 1000 or number == int(number):
        text = f"{number:,.0f}"
    else:
        text = f"{number:.1f}" if abs(number) >= 100 else f"{number:.2f}" if abs(number) >= 0.1 else f"{number:.3f}"
    return f"{text} {unit}".strip()


def goal_of(row: Row) -> str:
    """Return the goal and whether it was met as text, "" without a goal."""
    if row["goal"] is None:
        return ""
    bound = f"{'>=' if row['at_least'] else '<='} {shown(row['goal'], row['unit'])}"
    return f"{bound}, {'met' if row['met'] else 'missed'}"


def measured_on(rows: Sequence[Row]) -> Sequence[str]:
    """Return the line that shows when and on what machine the rows were measured."""
    loads = sorted(float(row["facts"]["load of the last minute"]) for row in rows)
    busy = f"{loads[0]:g}" if loads[0] == loads[-1] else f"{loads[0]:g} to {loads[-1]:g}"
    when = " and ".join(sorted({row["when"] for row in rows}))
    python, cores = rows[0]["facts"]["python"], rows[0]["facts"]["cores"]
    return ["", f"Run of {when}: Python {python}, {cores} cores, load of the last minute {busy}."]
