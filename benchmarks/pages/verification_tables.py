"""The tables of verification: every row of a run, those that are furthest from their target first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from benchmarks.pages.cells import NOT_MEASURED, Row, Rows, measured_on, shown
from benchmarks.verification.paired_builds import CORE_ARM, EARLIER_ARM, PLAIN_ARM

_SPEED_HEAD: Final = (
    "traffic", "verified from", "contracts", "times faster, with the core", "without the core",
    "spans per CPU second: 47e6372, now", "judged by the engine",
)  # fmt: skip
_RATE_HEAD: Final = ("file", "contracts", "with the core", "without the core")
_MEMORY_HEAD: Final = (
    "file", "contracts", "MiB of 100,000, 1,000,000, 3,000,000 spans", "last / first", "47e6372: 100,000, 1,000,000",
)  # fmt: skip
_TRACE_HEAD: Final = ("contracts", "ms of CPU: 47e6372, now", "now / 47e6372")


def verification(_: str, rows: Rows) -> Sequence[str]:
    """Show how fast verification is by kinds of traffic, its memory, and the time of a test's trace."""
    found = [row for name, row in rows.items() if name.startswith("verification, ")]
    kinds = {kind: [row for row in found if row["facts"]["kind"] == kind] for kind in _KINDS}
    lines = [line for kind, table in _KINDS.items() if kinds[kind] for line in table(kinds[kind])]
    return [*lines, *measured_on(found)] if lines else NOT_MEASURED


def _speed(rows: Sequence[Row]) -> Sequence[str]:
    places = list(dict.fromkeys(map(_place, rows)))
    arms = {(_place(row), row["facts"]["arm"]): row for row in rows}
    lines = {}
    for place in places:
        core, plain = arms.get((place, CORE_ARM)), arms.get((place, PLAIN_ARM))
        best = core or plain
        assert best is not None
        facts = best["facts"]
        speeds = f"{shown(float(facts['earlier rate']))}, {shown(float(facts['rate']))}"
        by_engine = f"{100 * float(facts['by engine']):.1f} %"
        cells = (*place, _ratio(core), _ratio(plain), speeds, by_engine)
        lines[f"| {' | '.join(cells)} |"] = worst([core, plain])
    return [*_head(_SPEED_HEAD), *_sorted(lines)]


def _rates(rows: Sequence[Row]) -> Sequence[str]:
    arms = {(_file(row), row["facts"]["arm"]): row for row in rows}
    lines = {}
    for file in dict.fromkeys(map(_file, rows)):
        core, plain = arms.get((file, CORE_ARM)), arms.get((file, PLAIN_ARM))
        cells = (*file, _ratio(core), _ratio(plain))
        lines[f"| {' | '.join(cells)} |"] = worst([core, plain])
    text = "Spans of a CPU second, of traffic `same`, by today's contracts:"
    return ["", text, "", *_head(_RATE_HEAD), *_sorted(lines)]


def _memory(rows: Sequence[Row]) -> Sequence[str]:
    earlier = {_file(row): row for row in rows if row["facts"]["arm"] == EARLIER_ARM}
    lines = {}
    for row in rows:
        if row["facts"]["arm"] != EARLIER_ARM:
            before = earlier.get(_file(row))
            then = f"{before['facts']['MiB']} ({shown(before['median'])})" if before else ""
            cells = (*_file(row), row["facts"]["MiB"], _ratio(row), then)
            lines[f"| {' | '.join(cells)} |"] = worst([row])
    return ["", "Peak memory, each size in a process of its own:", "", *_head(_MEMORY_HEAD), *_sorted(lines)]


def _one_trace(rows: Sequence[Row]) -> Sequence[str]:
    lines = {}
    best = {row["facts"]["contracts"]: row for row in sorted(rows, key=lambda row: row["facts"]["arm"] == CORE_ARM)}
    for contracts, row in best.items():
        facts = row["facts"]
        cells = (contracts, f"{facts['earlier milliseconds']}, {facts['milliseconds']}", _ratio(row))
        lines[f"| {' | '.join(cells)} |"] = worst([row])
    spans = rows[0]["facts"]["spans"]
    text = f"One trace of a test, of {spans} spans in an SDK's exporter, contracts loaded (`verify_spans`):"
    return ["", text, "", *_head(_TRACE_HEAD), *_sorted(lines)]


_KINDS: Final = {"speed": _speed, "rate": _rates, "memory": _memory, "one trace": _one_trace}


def worst(rows: Iterable[Row | None]) -> float:
    """Return how much of its target the row that is furthest from it reaches: 1 or more where all are reached."""
    return min((reached(row) for row in rows if row is not None and row["goal"] is not None), default=float("inf"))


def reached(row: Row) -> float:
    """Return how much of its target a row with one reaches."""
    return float(row["median"] / row["goal"] if row["at_least"] else row["goal"] / row["median"])


def _place(row: Row) -> tuple[str, str, str]:
    return row["facts"]["traffic"], row["facts"]["source"], row["facts"]["contracts"]


def _file(row: Row) -> tuple[str, str]:
    return row["facts"]["source"], row["facts"]["contracts"]


def _ratio(row: Row | None) -> str:
    if row is None:
        return ""
    spread = f" ({shown(row['min'])} to {shown(row['max'])})" if row["samples"] > 1 else ""
    return f"{shown(row['median'])}{spread}{_goal(row)}"


def _goal(row: Row | None) -> str:
    if row is None or row["goal"] is None:
        return ""
    return f"; {'>=' if row['at_least'] else '<='} {shown(row['goal'])} {'met' if row['met'] else '**missed**'}"


def _head(cells: Sequence[str]) -> Sequence[str]:
    return [f"| {' | '.join(cells)} |", "|" + "---|" * len(cells)]


def _sorted(lines: Mapping[str, float]) -> Sequence[str]:
    return sorted(lines, key=lines.__getitem__)
