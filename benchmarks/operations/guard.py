"""Fail when a traced operation takes more instructions than before, as ratios to the SDK's bare span (S6.1).

    nox -s guard                  compare with benchmarks/operations/guard.json
    nox -s guard -- --renew       write the current ratios to that file

It needs valgrind. A Python without recorded ratios is reported and fails nothing. With the same Python and SDK, ratios
of instructions agree to about one per cent on all machines, however busy. A regression of 5 % fails; an improvement of
5 % is reported, so that it can be recorded.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.operations import one_operation as o
from benchmarks.operations.instructions import NotCounted, by_place, count

BASELINE: Final = Path(__file__).with_name("guard.json")
TOLERANCE: Final = 0.05
LEAST: Final = 0.005
"""A ratio may always grow by this, which is 700 instructions: otherwise the smallest ratios would fail by chance."""

GUARDED: Final = (o.BOTH, o.MEASURED)
CALLS: Final = 40
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"

Ratios = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One ratio as recorded and as measured now."""

    what: str
    before: float
    now: float

    @property
    def verdict(self) -> str:
        """Return `regressed`, `improved` or `kept`."""
        margin = max(TOLERANCE * self.before, LEAST)
        return (
            "regressed"
            if self.now > self.before + margin
            else "improved"
            if self.now < self.before - margin
            else "kept"
        )

    def __str__(self) -> str:
        return (
            f"{self.verdict:9}  {self.what}: {self.now:.3f}, was {self.before:.3f} ({self.now / self.before - 1:+.0%})"
        )


def measured_ratios() -> Ratios:
    """Return what each guarded variant adds, relative to the bare sampled span. Raise NotCounted."""
    added = by_place(count((o.BARE, *GUARDED), calls=CALLS))
    return {
        f"{kind}, {case}: {variant}": round(number / added[kind, o.SAMPLED, o.BARE], 4)
        for (kind, case, variant), number in added.items()
        if variant in GUARDED
    }


def compared(before: Ratios, now: Ratios) -> Sequence[Comparison]:
    """Compare every ratio with the recorded one. Raise ValueError where one is recorded or measured only."""
    if before.keys() != now.keys():
        odd = ", ".join(sorted(before.keys() ^ now.keys()))
        raise ValueError(
            f"{BASELINE.name} does not hold what is measured ({odd}): renew it with `nox -s guard -- --renew`"
        )
    return [Comparison(what, before[what], now[what]) for what in now]


def main(arguments: Sequence[str] | None = None) -> int:
    """Return exit code 0: nothing regressed, or this Python has no ratios yet; 1: a regression; 3: not counted."""
    parser = argparse.ArgumentParser(prog="nox -s guard --", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--renew", action="store_true", help="write the current ratios as those to compare with")
    options = parser.parse_args(arguments)
    baselines: dict[str, Ratios] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if not options.renew and PYTHON not in baselines:
        known = ", ".join(sorted(baselines)) or "none"
        print(
            f"not compared: {BASELINE.name} has no ratios for Python {PYTHON} (has: {known}); write them with --renew"
        )
        return 0
    try:
        now = measured_ratios()
        if options.renew:
            BASELINE.write_text(json.dumps({**baselines, PYTHON: now}, indent=2, sort_keys=True) + "\n")
            print(f"written: {len(now)} ratios for Python {PYTHON} to {BASELINE.name}")
            return 0
        found = compared(baselines[PYTHON], now)
    except (NotCounted, ValueError) as error:
        print(f"not compared: {error}")
        return 3
    print(f"instructions of an operation / of the SDK's bare span, Python {PYTHON}; fails above +{TOLERANCE:.0%}")
    print("\n".join(map(str, found)))
    if any(one.verdict == "improved" for one in found):
        print("improved: keep it with `nox -s guard -- --renew`")
    regressed = [one.what for one in found if one.verdict == "regressed"]
    if regressed:
        print(f"{len(regressed)} regressed; if that is meant, say why in the commit and `nox -s guard -- --renew`")
    return 1 if regressed else 0


if __name__ == "__main__":
    sys.exit(main())
