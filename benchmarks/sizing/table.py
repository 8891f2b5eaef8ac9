"""The tables of sizes in docs/deploy.md, between its marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.sizing.measuring import Sizes

PAGE: Final = Path(__file__).parents[2] / "docs" / "deploy.md"
RATES: Final = (100, 1_000, 5_000)
"""Spans a second that the second table is for."""
KEPT_DAYS: Final = 7
"""How long the Jaeger of deployments/ keeps spans."""
_DISK: Final = "Jaeger, on a disk (Badger)"
_BLOCK: Final = re.compile(r"(<!-- sizes -->\n).*?(<!-- end of sizes -->)", re.DOTALL)
_MIB: Final = 2**20


def lines(runs: Mapping[str, Sequence[Sizes]], machine: str) -> list[str]:
    """Return both tables in Markdown and how they were measured, from the rounds of each receiver by its name."""
    middle = {name: _median(rounds) for name, rounds in runs.items()}
    first = next(iter(middle.values()))
    head = (
        "| | spans of a CPU second | CPU of a span, by Jaeger's in memory | memory before / after / at most "
        "| disk of a span |",
        "|---|---|---|---|---|",
    )
    rows = [_row(name, each, first) for name, each in middle.items()]
    rounds = len(next(iter(runs.values())))
    how = f"Each got {first.spans:,.0f} spans of studio-api in requests of 256; medians of {rounds} rounds. {machine}"
    return [*head, *rows, "", how, "", *_in_memory(first), "", *_at_rates(middle[_DISK])]


def _row(name: str, sizes: Sizes, first: Sizes) -> str:
    memory = " / ".join(f"{value / _MIB:.0f}" for value in (sizes.idle, sizes.after, sizes.peak))
    cells = (
        f"{_rounded(sizes.spans / sizes.cpu_s):,}",
        f"{sizes.cpu_s / sizes.spans / (first.cpu_s / first.spans):.2f}",
        f"{memory} MiB",
        f"{_rounded(sizes.disk / sizes.spans):,} B" if sizes.disk else "none",
    )
    return f"| {name} | {' | '.join(cells)} |"


def _in_memory(memory: Sizes) -> list[str]:
    """Return what the traces that Jaeger keeps in memory take, by multiplication."""
    each = (memory.after - memory.idle) / memory.spans
    return [
        f"In memory, a span takes {_rounded(each):,} bytes: 100,000 traces, after which Jaeger drops the oldest, take "
        f"{each * 400_000 / 1e9:.1f} GB if each has four spans."
    ]


def _at_rates(disk: Sizes) -> list[str]:
    """Return what the Jaeger of deployments/ needs at some rates, by multiplication."""
    rows = [
        f"| {rate:,} | {rate * disk.cpu_s / disk.spans:.2f} | {rate * 86_400 * disk.disk / disk.spans / 1e9:,.1f} GB "
        f"| {KEPT_DAYS * rate * 86_400 * disk.disk / disk.spans / 1e9:,.0f} GB |"
        for rate in RATES
    ]
    return [
        f"By multiplication, for Jaeger on a disk, which keeps spans for {KEPT_DAYS} days:",
        "",
        "| spans/s, day and night | cores | disk, a day | disk, in all |",
        "|---|---|---|---|",
        *rows,
    ]


def _median(rounds: Sequence[Sizes]) -> Sizes:
    """Return the middle of each figure."""
    names = Sizes.__dataclass_fields__
    return Sizes(**{name: median(getattr(each, name) for each in rounds) for name in names})


def _rounded(value: float) -> int:
    """Return a number with two digits that count: more would be noise."""
    digits = len(str(int(abs(value)))) - 2
    return int(round(value, -digits)) if digits > 0 else round(value)


def written(page: str, text: Sequence[str]) -> str:
    """Return the page with these lines between its marks. Raise ValueError if it has none."""
    new, count = _BLOCK.subn(lambda found: found[1] + "\n".join(text) + "\n" + found[2], page)
    if count != 1:
        raise ValueError("the page needs `<!-- sizes -->` and `<!-- end of sizes -->` once")
    return new
