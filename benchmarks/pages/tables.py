"""Turn the figures of a run into Markdown tables for the docs (`benchmarks.pages.page`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from benchmarks.operations import one_operation as o
from benchmarks.pages.cells import NOT_MEASURED, Row, Rows, goal_of, measured_on, shown
from benchmarks.pages.service_tables import (
    BY_CLOCK,
    BY_CPU,
    OPERATION_TARGETS,
    carried,
    cost,
    goal_lines,
    latencies,
    machine,
    target_lines,
    targets,
)
from benchmarks.pages.verification_tables import verification
from benchmarks.service.load_points import target_name


def table_of(kind: str, words: str, rows: Rows) -> Sequence[str]:
    """Return the lines of a table. Raise ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"measured: {kind}: is not a kind of table; accepted: {', '.join(KINDS)}")
    return KINDS[kind](words, rows)


def listing(words: str, rows: Rows) -> Sequence[str]:
    """List every benchmark whose name starts with `words`."""
    found = [row for name, row in rows.items() if name.startswith(words)]
    if not found:
        return NOT_MEASURED
    head = ["| what | median | from, to | samples | goal |", "|---|---|---|---|---|"]
    return [*head, *map(_listed, found), *measured_on(found)]


def _listed(row: Row) -> str:
    spread = f"{shown(row['min'])}, {shown(row['max'])}" if row["samples"] > 1 else ""
    cells = (row["benchmark"], shown(row["median"], row["unit"]), spread, str(row["samples"]), goal_of(row))
    return f"| {' | '.join(cells)} |"


def goals(words: str, rows: Rows) -> Sequence[str]:
    """List the benchmarks with a goal whose name starts with `words`."""
    found = [row for name, row in rows.items() if name.startswith(words) and row["goal"] is not None]
    lines = [f"| {row['benchmark']} | {shown(row['median'])} | {goal_of(row)} |" for row in found]
    return ["| what | measured | goal |", "|---|---|---|", *lines] if found else NOT_MEASURED


def instructions(kind: str, rows: Rows) -> Sequence[str]:
    """Show the instructions that each variant adds, and their ratios to the bare sampled span and to contrib."""
    places = {(case, way): rows.get(f"{kind}, {case}: {way}") for way in _WAYS for case in o.CASES}
    bare = places[o.SAMPLED, o.BARE]
    if bare is None or any(row is None for row in places.values()):
        return NOT_MEASURED
    number = {place: row["median"] for place, row in places.items() if row is not None}

    def cell(case: str, way: str) -> str:
        one = number[case, way]
        return f"{one:,.0f} ({one / bare['median']:.2f}; {one / number[case, o.CONTRIB]:.2f})"

    return [*_by_case(cell, _WAYS), *measured_on([bare])]


def times(kind: str, rows: Rows) -> Sequence[str]:
    """Show the CPU time that each variant adds to a GET, and its ratio to contrib's."""
    names = {(case, way): f"GET, {kind}, {case}: + {way}" for way in _TIMED for case in o.CASES}
    plain = {case: rows.get(f"GET, {kind}, {case}: {o.UNTRACED}") for case in o.CASES}
    if not rows.keys() >= set(names.values()) or None in plain.values():
        return NOT_MEASURED

    def cell(case: str, way: str) -> str:
        if way == o.UNTRACED:
            return f"{rows[f'GET, {kind}, {case}: {way}']['median']:.0f}"
        one, theirs = rows[names[case, way]]["median"], rows[names[case, o.CONTRIB]]["median"]
        return f"{one:.0f} ({one / theirs:.2f})"

    return [*_by_case(cell, (o.UNTRACED, *_TIMED)), *measured_on([row for row in plain.values() if row])]


def _by_case(cell: Callable[[str, str], str], ways: Sequence[str]) -> Sequence[str]:
    head = [f"| | {' | '.join(o.CASES)} |", "|---|---|---|---|"]
    return [*head, *(f"| {way} | {' | '.join(cell(case, way) for case in o.CASES)} |" for way in ways)]


def short(_: str, rows: Rows) -> Sequence[str]:
    """Show the most important rows with their goals."""
    cpu = f"GET, sync, {{}}: {o.BOTH} / {o.CONTRIB}"
    wanted = {
        **OPERATION_TARGETS,
        "CPU time that tracing adds to a GET / opentelemetry-instrumentation-redis": cpu.format(o.SAMPLED),
        "CPU time under an unsampled parent / the same": cpu.format(o.UNSAMPLED),
        _lost_at(rows): "export, 8000 spans/s asked: lost",
        "from flush to the verdict of all contracts from Jaeger": "from flush to a verdict from Jaeger",
    }
    found = {what: rows[name] for what, name in wanted.items() if name in rows}
    lines = list(goal_lines(found))
    lines += [f"| studio-api: {line.removeprefix('| ')}" for line in target_lines(rows)]
    of_service = [row for name, row in rows.items() if name.startswith(target_name(""))]
    if not lines:
        return NOT_MEASURED
    speed = ["", *machine("", rows)] if of_service else []
    return ["| | measured | goal |", "|---|---|---|", *lines, *measured_on([*found.values(), *of_service]), *speed]


def _lost_at(rows: Rows) -> str:
    """Describe the loss at 8,000 spans a second; a busy machine makes fewer spans."""
    made = rows.get("export, 8000 spans/s asked: made", {}).get("median", 8_000.0)
    return "lost at 8,000 spans a second" + (f", of which the machine made {made:,.0f}" if made < 0.95 * 8_000 else "")


_WAYS: Final = (o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, *o.OURS)
_TIMED: Final = (o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, o.BOTH, o.MEASURED)

KINDS: Final[Mapping[str, Callable[[str, Rows], Sequence[str]]]] = {
    "listing": listing,
    "goals": goals,
    "instructions": instructions,
    "times": times,
    "machine": machine,
    "targets": targets,
    "cost": cost,
    "by-cpu-time": lambda _, rows: latencies(BY_CPU, rows),
    "by-the-clock": lambda _, rows: latencies(BY_CLOCK, rows),
    "carried": carried,
    "short": short,
    "verification": verification,
}
"""The kinds of tables. The words after the kind are the start of a name, sync or async, or nothing."""
