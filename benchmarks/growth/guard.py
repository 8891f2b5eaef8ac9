"""Fail when the work of a verification grows faster than its input, in any dimension (`nox -s guard`).

    python -m benchmarks.growth.guard            count instructions at two sizes, and compare their ratio with the bound
    python -m benchmarks.growth.guard --write    write the table of docs/benchmarks.md: CPU time at three sizes as well

It needs valgrind. Ratios of instructions do not depend on the load of the machine.
"""

from __future__ import annotations

import argparse
import gc
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Final

from benchmarks.growth.dimensions import DIMENSIONS, Dimension
from benchmarks.operations.instructions import NotCounted, counted_totals

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_TABLE: Final = re.compile(r"(<!-- growth -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD: Final = (
    "| dimension | sizes | CPU time, ms | instructions, 4n / n | at most |",
    "|---|---|---|---|---|",
)


def measured_ratios() -> Mapping[str, float]:
    """Return, by dimension, how many times the instructions are for four times the size. Raise NotCounted."""
    totals = counted_totals("benchmarks.growth.counted_verdicts")
    counts = totals[1::2]
    if len(counts) < 2 * len(DIMENSIONS):
        raise NotCounted(f"valgrind wrote {len(counts)} counts, {2 * len(DIMENSIONS)} were expected")
    return {name: counts[2 * n + 1] / counts[2 * n] for n, name in enumerate(DIMENSIONS)}


def grown_too_fast(ratios: Mapping[str, float]) -> Sequence[str]:
    """Return a line for each dimension whose work grows faster than its bound."""
    return [
        f"{name}: {ratio:.1f} times the instructions for four times the size; at most {DIMENSIONS[name].most:g}"
        for name, ratio in ratios.items()
        if ratio > DIMENSIONS[name].most
    ]


def cpu_times(dimension: Dimension) -> Sequence[float]:
    """Return the CPU time of a verdict at each of three sizes, in milliseconds; none has been seen before."""
    dimension.prepare(dimension.size // 2)()  # what is imported once
    found = []
    for size in dimension.sizes:
        verify = dimension.prepare(size)
        gc.collect()
        before = process_time()
        verify()
        found.append(1000 * (process_time() - before))
    return found


def table(ratios: Mapping[str, float], times: Mapping[str, Sequence[float]]) -> str:
    """Return the table of all dimensions."""
    rows = [
        f"| {name} | {_joined(f'{size:,}' for size in each.sizes)} | {_joined(f'{time:.3g}' for time in times[name])} "
        f"| {ratios[name]:.1f} | {each.most:g} |"
        for name, each in DIMENSIONS.items()
    ]
    return "\n".join((*HEAD, *rows)) + "\n"


def _joined(texts: Iterable[str]) -> str:
    return " / ".join(texts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return exit code 0: nothing grows too fast; 1: something does; 3: not counted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="write the table of docs/benchmarks.md")
    options = parser.parse_args(arguments)
    try:
        ratios = measured_ratios()
    except NotCounted as error:
        print(f"not compared: {error}")
        return 3
    for name, ratio in ratios.items():
        print(f"{ratio:5.1f}  (at most {DIMENSIONS[name].most:g})  {name}")
    if options.write:
        made = table(ratios, {name: cpu_times(each) for name, each in DIMENSIONS.items()})
        PAGE.write_text(_TABLE.sub(lambda found: found[1] + made + found[2], PAGE.read_text()))
    wrong = grown_too_fast(ratios)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
