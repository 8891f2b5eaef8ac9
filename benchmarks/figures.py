"""A pytest plugin: what benchmarks measured, as one table at the end of the run and one JSON file each.

A benchmark takes the fixture `measured` and gives it its samples. It reports and does not judge: a goal that was missed
is said, and fails nothing, as machines differ and are shared.

    def test_something(measured):
        measured("what was measured", samples, goal=0.5)
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[1] / ".nox" / "bench"
"""Where the files go; a file is replaced by the next run."""

HEADS: Final = ("benchmark", "samples", "median", "max", "goal", "over it")


@dataclass(frozen=True, slots=True)
class Figures:
    """The samples of one benchmark, in seconds; `goal` is for their median, `facts` say on what it was measured."""

    name: str
    samples: Sequence[float]
    goal: float
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"{self.name}: a benchmark needs at least one sample")

    @property
    def over(self) -> int:
        """How many samples are above the goal."""
        return sum(sample > self.goal for sample in self.samples)

    @property
    def cells(self) -> tuple[str, ...]:
        """Its line of the table, by the columns of HEADS."""
        middle = median(self.samples)
        goal = f"<= {self.goal:g} s, {'met' if middle <= self.goal else 'missed'}"
        return (
            self.name,
            str(len(self.samples)),
            f"{middle:.3f} s",
            f"{max(self.samples):.3f} s",
            goal,
            str(self.over),
        )

    def written(self, folder: Path) -> Path:
        """Write the file, with what it was measured on; its path."""
        said = {
            "benchmark": self.name,
            "unit": "s",
            "samples": list(self.samples),
            "median": median(self.samples),
            "max": max(self.samples),
            "goal": self.goal,
            "met": median(self.samples) <= self.goal,
            "over": self.over,
            "facts": {**self.facts, **_machine()},
        }
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-')}.json"
        file.write_text(json.dumps(said, indent=2) + "\n")
        return file


def table(rows: Sequence[Figures]) -> list[str]:
    """The lines of the table, with its head."""
    cells = [HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _machine() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
        "load of the last minute": f"{os.getloadavg()[0]:.1f}",  # on a busy machine the figures say little
    }


_MEASURED = pytest.StashKey[list[tuple[Figures, Path]]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Takes what was measured: name, samples in seconds, `goal`, and further facts by keyword."""

    def measure(name: str, samples: Sequence[float], *, goal: float, **facts: str) -> None:
        figures = Figures(name, tuple(samples), goal, facts)
        request.config.stash.setdefault(_MEASURED, []).append((figures, figures.written(FOLDER)))

    return measure


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    if found := config.stash.get(_MEASURED, []):
        terminalreporter.section("benchmarks")
        for line in table([figures for figures, _ in found]):
            terminalreporter.write_line(line)
        terminalreporter.write_line("")
        for _, file in found:
            terminalreporter.write_line(f"written to {os.path.relpath(file)}")
