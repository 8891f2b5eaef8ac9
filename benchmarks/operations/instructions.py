"""Count the machine instructions of a traced operation, with valgrind's callgrind.

Counts do not depend on the load of the machine, and their ratios hardly depend on the machine, so that a regression of
a few per cent shows at once. They are valid for one version of Python.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.operations.one_operation import CASES, UNTRACED

ROOT = Path(__file__).parents[2]
_TOTAL = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


class NotCounted(Exception):
    """Instructions could not be counted; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Count:
    """The instructions per call that one variant of tracing adds to an operation."""

    kind: str
    case: str
    variant: str
    added: float


def valgrind() -> str | None:
    """Return the path of valgrind, None if there is none."""
    return shutil.which("valgrind")


def count(variants: Sequence[str], *, kinds: Sequence[str] = ("sync", "async"), calls: int = 100) -> Sequence[Count]:
    """Count every variant in every case, less the instructions of the untraced operation.

    Raise NotCounted where valgrind is missing or the program fails.
    """
    names = [UNTRACED, *(name for name in variants if name != UNTRACED)]
    totals = counted_totals("benchmarks.operations.counted_loop", str(calls), ",".join(kinds), *names)
    places = [(kind, case, name) for kind in kinds for case in CASES for name in names]
    if len(totals) < 2 * len(places):
        raise NotCounted(f"valgrind wrote {len(totals)} counts, {2 * len(places)} were expected")
    raw = {place: totals[2 * number + 1] / calls for number, place in enumerate(places)}
    return [
        Count(kind, case, name, raw[kind, case, name] - raw[kind, case, UNTRACED])
        for kind, case, name in places
        if name != UNTRACED
    ]


def counted_totals(module: str, *arguments: str) -> Sequence[int]:
    """Return the instructions before each call of `os.getppid` that a program makes, since the call before.

    Raise NotCounted where valgrind is missing or the program fails.
    """
    program = valgrind()
    if program is None:
        raise NotCounted("valgrind is not installed: apt-get install valgrind")
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OTEL_SDK_DISABLED": ""}
    with tempfile.TemporaryDirectory(prefix="spanpact-callgrind-") as folder:
        options = ("--tool=callgrind", "--dump-before=getppid", f"--callgrind-out-file={Path(folder, 'out')}")
        command = [program, *options, sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise NotCounted(f"valgrind ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
        dumps = sorted(Path(folder).glob("out.*"), key=lambda file: int(file.suffix[1:]))
        return [_total(file) for file in dumps]


def _total(file: Path) -> int:
    found = _TOTAL.search(file.read_text())
    if found is None:
        raise NotCounted(f"valgrind's file {file.name} has no total")
    return int(found[1])


def by_place(counts: Sequence[Count]) -> Mapping[tuple[str, str, str], float]:
    """Return the added instructions by (kind, case, variant)."""
    return {(one.kind, one.case, one.variant): one.added for one in counts}
