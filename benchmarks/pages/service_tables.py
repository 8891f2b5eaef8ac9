"""The tables of the service under load (`benchmarks.service.test_service_load`).

What two untraced services do not agree about, a run cannot show: such latencies are left out, and the table says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from benchmarks.operations import one_operation as o
from benchmarks.pages.cells import NOT_MEASURED, Row, Rows, goal_of, measured_on, shown
from benchmarks.service import studio_load as s
from benchmarks.service.load_points import (
    MACHINE_GET,
    MACHINE_RATE,
    POINT_NAMES,
    SATURATED,
    THOUSAND,
    row_name,
    target_name,
)

BY_CPU: Final = "by CPU time"
BY_CLOCK: Final = "by the clock"
MOST_NOISE_MS: Final[Mapping[str, float]] = {BY_CPU: 0.1, BY_CLOCK: 0.5}
"""If the P95 of two untraced services differs by more, a run cannot show what tracing adds to it."""


def machine(_: str, rows: Rows) -> Sequence[str]:
    """Say how fast the machine and the Python of the run are."""
    if MACHINE_GET not in rows or MACHINE_RATE not in rows:
        return NOT_MEASURED
    get, rate = rows[MACHINE_GET], rows[MACHINE_RATE]
    return [
        f"Speed of the machine: a sync Redis GET takes {shown(get['median'], 'us')} of CPU, and one untraced worker "
        f"answers {rate['median']:,.0f} requests a second, saturated. Python was built {rate['facts']['pgo']} "
        "profile-guided optimization."
    ]


OPERATION_TARGETS: Final[Mapping[str, str]] = {
    f"{what}, {kind}": f"{kind}, {case}: {ways}"
    for what, case, ways in (
        ("instructions of a traced GET / of the SDK's bare span", o.SAMPLED, f"{o.BOTH} / {o.BARE}"),
        (
            "the same with metrics, under an unsampled parent / opentelemetry-instrumentation-redis",
            o.UNSAMPLED,
            f"{o.MEASURED} / {o.CONTRIB}",
        ),
    )
    for kind in ("sync", "async")
}
"""The benchmarks of one Redis operation that are shown with the goals of the service, by what they are."""


def targets(_: str, rows: Rows) -> Sequence[str]:
    """Show what has a goal, and whether it was met."""
    of_operations = {what: rows[name] for what, name in OPERATION_TARGETS.items() if name in rows}
    lines = [
        f"| {what} | {shown(row['median'], row['unit'])} | {goal_of(row)} |" for what, row in of_operations.items()
    ]
    lines += target_lines(rows)
    found = [*of_operations.values(), *_with_prefix(target_name(""), rows)]
    return ["| | measured | goal |", "|---|---|---|", *lines, *measured_on(found)] if lines else NOT_MEASURED


def goal_lines(named: Mapping[str, Row]) -> Sequence[str]:
    """Return a line for each benchmark: what it is, as measured, and its goal."""
    return [f"| {what} | {shown(row['median'], row['unit'])} | {goal_of(row)} |" for what, row in named.items()]


def target_lines(rows: Rows) -> Sequence[str]:
    """Return a line for each goal of the service; one for all P95 where two untraced services do not agree."""
    noise = noise_ms(THOUSAND, BY_CPU, rows)
    named = {row["benchmark"].removeprefix(target_name("")): row for row in _with_prefix(target_name(""), rows)}
    is_noisy = noise > MOST_NOISE_MS[BY_CPU]
    lines = list(goal_lines({what: row for what, row in named.items() if not (is_noisy and what.startswith("P95"))}))
    if is_noisy:
        lines.append(f"| P95 added {_not_shown(THOUSAND, BY_CPU, noise)} | | |")
    return lines


def cost(_: str, rows: Rows) -> Sequence[str]:
    """Show what a request costs with each way of tracing, and how long it stops the service at most."""
    columns: dict[str, Callable[[str], str]] = {
        "requests/s of one worker, saturated": lambda arm: row_name(SATURATED, arm, "answers"),
        "CPU of a request, saturated, us": lambda arm: row_name(SATURATED, arm, "CPU of a request"),
        f"at {THOUSAND}, us": lambda arm: row_name(THOUSAND, arm, "CPU of a request"),
        "instructions": lambda arm: f"studio-api, {arm}: instructions of a request",
        "spans received": lambda arm: f"studio-api, {arm}: spans received for a request",
        "full collections of 1,000 requests": lambda arm: f"studio-api, {arm}: full collections of 1,000 requests",
        "the longest collection, ms": lambda arm: f"studio-api, {arm}: longest collection",
        "median request, ms of CPU": lambda arm: f"studio-api, {arm}: median request",
        "longest pause, ms of CPU": lambda arm: f"studio-api, {arm}: longest pause",
    }
    lines, found = [], []
    for arm in s.ARMS:
        cells = [rows.get(name(arm)) for name in columns.values()]
        known = [row for row in cells if row is not None]
        if known:
            lines.append(_line(arm, [shown(row["median"]) if row else "" for row in cells]))
            found += known
    return [*_head(columns), *lines, *measured_on(found)] if found else NOT_MEASURED


def latencies(way: str, rows: Rows) -> Sequence[str]:
    """Show P95, in brackets what is added to it, and P99 at each load; `way` is BY_CPU or BY_CLOCK."""
    points = _loaded(f"P95 {way}", rows)
    noises = {point: noise_ms(point, way, rows) for point in points}
    agreed = [point for point in points if noises[point] <= MOST_NOISE_MS[way]]

    def cell(point: str, arm: str) -> str:
        p95, added, p99 = (rows.get(row_name(point, arm, f"{name} {way}")) for name in ("P95", "P95 added", "P99"))
        if p95 is None or p99 is None:
            return ""
        more = f" ({round(added['median'], 2) + 0.0:+.2f})" if added else ""
        return f"{shown(p95['median'])}{more}, {shown(p99['median'])}"

    lines = [*_by_point(agreed, cell, f"P95 {way}", rows)]
    for point in points:
        if point not in agreed:
            lines += ["", f"P95 and P99 {_not_shown(point, way, noises[point])}."]
    return [*lines, *_run_of(points, f"P95 {way}", rows)] if points else NOT_MEASURED


def carried(_: str, rows: Rows) -> Sequence[str]:
    """Show the answers a second at each load, and the part of its core that each worker used."""
    points = _loaded("answers", rows)

    def cell(point: str, arm: str) -> str:
        answers = rows.get(row_name(point, arm, "answers"))
        cores = rows.get(row_name(point, arm, "cores of a worker"))
        return f"{shown(answers['median'])} ({cores['median']:.2f})" if answers and cores else ""

    return [*_by_point(points, cell, "answers", rows), *_run_of(points, "answers", rows)] if points else NOT_MEASURED


def cpu_percentiles(arm: str, names: Sequence[str], rows: Rows) -> Sequence[float]:
    """Return the percentiles by CPU time at 1,000 requests a second, in milliseconds; none where not all are known."""
    found = [rows.get(row_name(THOUSAND, arm, f"{name} {BY_CPU}")) for name in names]
    return [row["median"] for row in found if row is not None] if None not in found else []


def _by_point(points: Sequence[str], cell: Callable[[str, str], str], what: str, rows: Rows) -> Sequence[str]:
    """Return a table with a column for each load and a row for each way of tracing that has a cell; [] for no load."""
    if not points:
        return []
    heads = [_described(point, rows[row_name(point, s.UNTRACED, what)]) for point in points]
    cells = {arm: [cell(point, arm) for point in points] for arm in s.ARMS}
    return [*_head(heads), *(_line(arm, found) for arm, found in cells.items() if any(found))]


def _run_of(points: Sequence[str], what: str, rows: Rows) -> Sequence[str]:
    return measured_on([rows[row_name(point, s.UNTRACED, what)] for point in points])


def _described(point: str, row: Row) -> str:
    """Return the head of a load: its rate, and over how many workers."""
    workers = int(row["facts"]["workers"])
    rate = "" if point.endswith("/s") else f", {float(row['facts']['rate']):,.0f}/s"
    return f"{point}{rate}, {workers} worker{'s' if workers > 1 else ''}"


def _loaded(what: str, rows: Rows) -> Sequence[str]:
    return [point for point in POINT_NAMES if row_name(point, s.UNTRACED, what) in rows]


def noise_ms(point: str, way: str, rows: Rows) -> float:
    """Return by how many milliseconds the P95 of two untraced services differs."""
    control = rows.get(row_name(point, s.CONTROL, f"P95 added {way}"))
    return abs(control["median"]) if control else 0.0


def _not_shown(point: str, way: str, noise: float) -> str:
    differ = f"because two untraced services differ in this run by {shown(noise, 'ms')}"
    return f"at {point} {way}: not shown, {differ} (accepted: {shown(MOST_NOISE_MS[way], 'ms')})"


def _with_prefix(prefix: str, rows: Rows) -> Sequence[Row]:
    return [row for name, row in rows.items() if name.startswith(prefix)]


def _head(columns: Sequence[str] | Mapping[str, object]) -> Sequence[str]:
    return [_line("", list(columns)), "|" + "---|" * (len(columns) + 1)]


def _line(first: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"
