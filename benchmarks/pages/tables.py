"""Turn the figures of a run into Markdown tables for the docs (`benchmarks.pages.page`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from benchmarks.operations import one_operation as o
from benchmarks.service import studio_load as s

Row = Mapping[str, Any]
"""One benchmark, as in docs/benchmarks.json."""
Rows = Mapping[str, Row]
NOT_MEASURED: Final = ["Not measured yet: `nox -s bench -- --write-docs`."]
MOST_NOISE_MS: Final = 0.5
"""If the P95 of two untraced services differs by more, the run cannot show what tracing adds to it."""
PERCENTILES: Final = ("P50", "P95", "P99")
_RATE: Final = re.compile(r"studio-api, ([\d,]+)/s, ")


def table_of(kind: str, words: str, rows: Rows) -> Sequence[str]:
    """Return the lines of a table. Raise ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"measured: {kind}: is not a kind of table; accepted: {', '.join(KINDS)}")
    return KINDS[kind](words, rows)


def shown(number: float, unit: str = "") -> str:
    """Format a number with about three significant digits, and its unit."""
    if abs(number) >= 1000 or number == int(number):
        text = f"{number:,.0f}"
    else:
        text = f"{number:.1f}" if abs(number) >= 100 else f"{number:.2f}" if abs(number) >= 0.1 else f"{number:.3f}"
    return f"{text} {unit}".strip()


def listing(words: str, rows: Rows) -> Sequence[str]:
    """List every benchmark whose name starts with `words`."""
    found = [row for name, row in rows.items() if name.startswith(words)]
    if not found:
        return NOT_MEASURED
    head = ["| what | median | from, to | samples | goal |", "|---|---|---|---|---|"]
    return [*head, *map(_listed, found), *_measured_on(found)]


def _listed(row: Row) -> str:
    spread = f"{shown(row['min'])}, {shown(row['max'])}" if row["samples"] > 1 else ""
    cells = (row["benchmark"], shown(row["median"], row["unit"]), spread, str(row["samples"]), goal_of(row))
    return f"| {' | '.join(cells)} |"


def goal_of(row: Row) -> str:
    """Return the goal and whether it was met as text, "" without a goal."""
    if row["goal"] is None:
        return ""
    bound = f"{'>=' if row['at_least'] else '<='} {shown(row['goal'], row['unit'])}"
    return f"{bound}, {'met' if row['met'] else 'missed'}"


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

    return [*_by_case(cell, _WAYS), *_measured_on([bare])]


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

    return [*_by_case(cell, (o.UNTRACED, *_TIMED)), *_measured_on([row for row in plain.values() if row])]


def _by_case(cell: Callable[[str, str], str], ways: Sequence[str]) -> Sequence[str]:
    head = [f"| | {' | '.join(o.CASES)} |", "|---|---|---|---|"]
    return [*head, *(f"| {way} | {' | '.join(cell(case, way) for case in o.CASES)} |" for way in ways)]


def rates(rows: Rows) -> Sequence[str]:
    """Return the rates at which the service was loaded, as in the benchmarks' names, from the lowest."""
    found = {match[1] for name in rows if (match := _RATE.match(name))}
    return sorted(found, key=lambda rate: int(rate.replace(",", "")))


def carried(rate: str, rows: Rows) -> bool:
    """Return whether the untraced service carried the rate. If not, latencies are those of a growing queue."""
    return bool(
        rows[f"studio-api, {rate}/s, {s.UNTRACED}: achieved"]["median"] >= s.KEPT_UP * int(rate.replace(",", ""))
    )


def representative_rate(rows: Rows) -> str:
    """Return the rate to show where only one is shown: 1,000, or the highest that the untraced service carries.

    Rates at which two untraced services are alike come first, because others do not show what tracing adds.
    """
    known = [rate for rate in rates(rows) if carried(rate, rows)]
    known = [rate for rate in known if _noise(rate, rows) <= MOST_NOISE_MS] or known
    return "1,000" if "1,000" in known else known[-1] if known else ""


def _noise(rate: str, rows: Rows) -> float:
    """Return by how many milliseconds the P95 of two untraced services differs."""
    control = rows.get(f"studio-api, {rate}/s, {s.CONTROL}: P95 added")
    return abs(control["median"]) if control else 0.0


def load(_: str, rows: Rows) -> Sequence[str]:
    """Show the latencies at each rate, and what tracing added to the 95th percentile."""
    lines: list[str] = []
    for rate in rates(rows):
        queue = "" if carried(rate, rows) else "; the untraced service does not carry it"
        lines += [f"At {rate} requests a second{queue}:", "", *_at(rate, rows), ""]
    known = [row for name, row in rows.items() if name.startswith("studio-api, ")]
    return [*lines[:-1], *_measured_on(known)] if lines else NOT_MEASURED


def _at(rate: str, rows: Rows) -> Sequence[str]:
    head = [
        "",
        *(f"{name}, ms" for name in PERCENTILES),
        "P95 added, ms",
        "goal, ms",
        "answers/s",
        "cores of studio-api",
    ]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for arm in s.ARMS:
        what = f"studio-api, {rate}/s, {arm}: "
        added = rows.get(what + "P95 added")
        cells = [arm, *(shown(rows[what + name]["median"]) for name in PERCENTILES)]
        cells += [f"{shown(added['median'])} ({shown(added['min'])} to {shown(added['max'])})" if added else ""]
        cells += [goal_of(added).replace(" ms", "") if added else ""]
        cells += [shown(rows[what + "achieved"]["median"]), f"{rows[what + 'cores of studio-api']['median']:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def short(_: str, rows: Rows) -> Sequence[str]:
    """Show the most important rows with their goals."""
    at = representative_rate(rows) or "1,000"
    under, cpu = f"studio-api, {at}/s", f"GET, sync, {{}}: {o.BOTH} / {o.CONTRIB}"
    wanted = {
        "instructions of a traced GET / of the SDK's bare span": f"sync, {o.SAMPLED}: {o.BOTH} / {o.BARE}",
        "CPU time that tracing adds to a GET / opentelemetry-instrumentation-redis": cpu.format(o.SAMPLED),
        "the same under an unsampled parent": cpu.format(o.UNSAMPLED),
        f"added to the P95 of the service at {at} requests a second, 10 % sampled": f"{under}, {s.TENTH}: P95 added",
        "the same, 100 % sampled": f"{under}, {s.WHOLE}: P95 added",
        "the same / with OpenTelemetry's own export and defaults": f"{under}: P95 added, ours / the SDK's export",
        _lost_at(rows): "export, 8000 spans/s asked: lost",
        "from flush to the verdict of all contracts from Jaeger": "from flush to a verdict from Jaeger",
    }
    found = {what: rows[name] for what, name in wanted.items() if name in rows}
    if _noise(at, rows) > MOST_NOISE_MS:
        found = {what: row for what, row in found.items() if not row["benchmark"].startswith(under)}
    not_shown = [
        f"| at {rate} requests a second: not shown, because two untraced services differ in this run by "
        f"{shown(_noise(rate, rows), 'ms')} | | |"
        for rate in rates(rows)
        if carried(rate, rows) and _noise(rate, rows) > MOST_NOISE_MS
    ]
    lines = [f"| {what} | {shown(row['median'], row['unit'])} | {goal_of(row)} |" for what, row in found.items()]
    return (
        ["| | measured | goal |", "|---|---|---|", *lines, *not_shown, *_measured_on(list(found.values()))]
        if found
        else NOT_MEASURED
    )


def _lost_at(rows: Rows) -> str:
    """Describe the loss at 8,000 spans a second; a busy machine makes fewer spans."""
    made = rows.get("export, 8000 spans/s asked: made", {}).get("median", 8_000.0)
    return "lost at 8,000 spans a second" + (f", of which the machine made {made:,.0f}" if made < 0.95 * 8_000 else "")


def _measured_on(rows: Sequence[Row]) -> Sequence[str]:
    """Return the line that shows when and on what machine the rows were measured."""
    loads = sorted(float(row["facts"]["load of the last minute"]) for row in rows)
    busy = f"{loads[0]:g}" if loads[0] == loads[-1] else f"{loads[0]:g} to {loads[-1]:g}"
    when = " and ".join(sorted({row["when"] for row in rows}))
    python, cores = rows[0]["facts"]["python"], rows[0]["facts"]["cores"]
    return ["", f"Run of {when}: Python {python}, {cores} cores, load of the last minute {busy}."]


_WAYS: Final = (o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, *o.OURS)
_TIMED: Final = (o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, o.BOTH, o.MEASURED)
KINDS: Final[Mapping[str, Callable[[str, Rows], Sequence[str]]]] = {
    "listing": listing,
    "goals": goals,
    "instructions": instructions,
    "times": times,
    "load": load,
    "short": short,
}
"""The kinds of tables. The words after the kind are the start of a name, sync or async, or nothing."""
