"""Draw the plots of the docs from the figures of a run (`benchmarks.pages.page`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from benchmarks.operations import one_operation as o
from benchmarks.pages.cells import Rows
from benchmarks.pages.plots import bars, lines
from benchmarks.pages.service_tables import BY_CPU, cpu_percentiles, noise_ms
from benchmarks.service import studio_load as s
from benchmarks.service.load_points import THOUSAND
from benchmarks.service.open_loop import SHARES

_WAYS: Final = (o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, o.BOTH, o.MEASURED)


def pictures(rows: Rows) -> Mapping[str, str]:
    """Return each plot that can be drawn, as SVG by the name of its file."""
    found = {"cost-of-an-operation": _cost(rows), "latency-under-load": _latency(rows)}
    return {name: svg for name, svg in found.items() if svg}


def _cost(rows: Rows) -> str:
    wanted = {(way, case): f"sync, {case}: {way}" for way in _WAYS for case in o.CASES}
    if not rows.keys() >= set(wanted.values()):
        return ""
    bare = rows[wanted[o.BARE, o.SAMPLED]]["median"]
    groups = {way: {case: rows[wanted[way, case]]["median"] / bare for case in o.CASES} for way in _WAYS}
    axis = "instructions added to a GET, as a part of the SDK's bare sampled span"
    return bars("What tracing adds to one Redis operation", axis, groups, goal=(1.0, "goal 1.00"))


def _latency(rows: Rows) -> str:
    """Plot the percentiles by CPU time at 1,000 requests a second, which do not depend on what else a machine does."""
    found = {arm: cpu_percentiles(arm, list(SHARES), rows) for arm in s.DRAWN}
    series = {arm: latencies for arm, latencies in found.items() if latencies}
    if not series:
        return ""
    title = f"Latency of studio-api at {THOUSAND} {BY_CPU}"
    axis = (
        f"percentile of all requests; two untraced services are {noise_ms(THOUSAND, BY_CPU, rows):.2f} ms apart at P95"
    )
    return lines(title, axis, "milliseconds, from when a request was due", list(SHARES), series)
