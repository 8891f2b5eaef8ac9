"""Show the figures of a soak: as text, and in docs/reliability.md."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from integration.soak.outcome import MOST_GROWTH, Soak, memory_growth
from integration.soak.schedule import SATURATED
from integration.support.page_parts import replace_part

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- soak -->", "<!-- end of soak -->"


def figures_of(soak: Soak) -> Mapping[str, str]:
    """Return what was measured, by what it is."""
    ledger, stored = soak.final.ledger, soak.stored
    statuses = Counter[str]()
    for answer, number in soak.sent.answers.items():
        statuses[answer.rpartition(" ")[2]] += number
    there, wanted = soak.in_jaeger
    return {
        "length, seed, spool": f"{soak.seconds / 60:g} minutes, {soak.seed}, {'yes' if soak.has_spool else 'no'}",
        "capacity, load": f"{soak.capacity:,.0f} requests/s, {soak.rate:,.0f} requests/s",
        "faults": "; ".join(_faults(soak)),
        "answers": f"{soak.sent.answered:,}: " + ", ".join(f"{n:,} with {s}" for s, n in sorted(statuses.items())),
        "not sent, as no connection was free": f"{soak.sent.not_sent:,}",
        "openings of the breaker": f"{soak.final.opened}",
        "memory": _memory(soak),
        "ledger": f"{ledger.ended:,} ended = {ledger.stored:,} stored + {ledger.lost_total:,} lost",
        "lost": ", ".join(f"{number:,} by `{reason}`" for reason, number in sorted(ledger.lost.items())) or "none",
        "spans at the endpoint": f"{stored.spans:,}, and {stored.again:,} again",
        "traces stored": f"{len(stored.trace_ids):,}, of which {len(stored.broken):,} lack spans lost in a fault",
        "the last traces, in Jaeger": f"{there} of {wanted}",
    }


def _faults(soak: Soak) -> Iterator[str]:
    counted = Counter(window.kind for window in soak.windows if window.kind != SATURATED)
    seconds = Counter[str]()
    for window in soak.windows:
        seconds[window.kind] += round(window.ended - window.begun)
    yield from (f"{kind}: {number} times, {seconds[kind]} s" for kind, number in sorted(counted.items()))


def _memory(soak: Soak) -> str:
    most = max((sample.mib for sample in soak.samples), default=0.0)
    growth = memory_growth(soak.samples, soak.began, soak.seconds)
    if growth is None:
        return f"at most {most:.0f} MiB; growth is judged in soaks of ten minutes and more"
    return f"the last minute / minute 5: {growth:.3f} (accepted: {MOST_GROWTH:g}); at most {most:.0f} MiB"


def render_outcome(soak: Soak, wrong: Sequence[str]) -> str:
    """Return figures and what is wrong as text."""
    figures = [f"{what}: {figure}" for what, figure in figures_of(soak).items()]
    times = sorted((each.begun - soak.began, each.ended - soak.began, each.kind) for each in soak.windows)
    windows = [f"{begun:.0f} to {ended:.0f} s: {kind}" for begun, ended, kind in times]
    return "\n".join([*windows, *figures, *(f"wrong: {each}" for each in wrong[:40] or ["nothing"])])


def write_page(soak: Soak, wrong: Sequence[str], page: Path = PAGE) -> None:
    """Write the figures into the page, between its marks."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    table = [f"| {what} | {figure} |" for what, figure in figures_of(soak).items()]
    held = "All of it holds." if not wrong else "**Not held:** " + "; ".join(wrong) + "."
    run = f"{held} Run of {when}: Python {platform.python_version()}, {os.cpu_count()} cores."
    replace_part(page, BEGIN, END, "\n".join(["| | measured |", "|---|---|", *table, "", run]) + "\n")
