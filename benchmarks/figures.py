"""A pytest plugin: what benchmarks measured, as one table at the end of the run and one JSON file each.

With `--write-docs` the tables, plots and figures of the docs are written from the run too (`benchmarks.page`).

A benchmark takes the fixture `measured` and gives it its samples. It reports and does not judge: a goal that was missed
is said, and fails nothing, as machines differ and are shared.

    def test_something(measured):
        measured("what was measured", samples, goal=0.5)
        measured("how much it takes of the other", [0.55], goal=0.75, unit="")
        measured("what it can take", samples, goal=8000, unit="spans/s", at_least=True)
        measured("what has no goal", samples, unit="us")
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
from typing import Any, Final

import pytest

FOLDER: Final = Path(__file__).parents[1] / ".nox" / "bench"
"""Where the files go; a file is replaced by the next run."""

HEADS: Final = ("benchmark", "samples", "median", "worst", "goal", "missed by")


@dataclass(frozen=True, slots=True)
class Figures:
    """The samples of one benchmark; `goal` is for their median, `facts` say on what it was measured.

    `unit` is one of the samples and of the goal, empty for a ratio. A goal is an upper bound unless `at_least`.
    """

    name: str
    samples: Sequence[float]
    goal: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    unit: str = "s"
    at_least: bool = False
    test: str = ""

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"{self.name}: a benchmark needs at least one sample")

    @property
    def over(self) -> int:
        """How many samples miss the goal."""
        return sum(not self._keeps(sample) for sample in self.samples)

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the goal; None where there is no goal."""
        return None if self.goal is None else self._keeps(median(self.samples))

    def _keeps(self, sample: float) -> bool:
        return self.goal is None or (sample >= self.goal if self.at_least else sample <= self.goal)

    def _shown(self, number: float) -> str:
        return f"{number:,.0f} {self.unit}" if abs(number) >= 1000 else f"{number:.3f} {self.unit}".strip()

    @property
    def _goal_shown(self) -> str:
        if self.goal is None:
            return ""
        bound = f"{'>=' if self.at_least else '<='} {self.goal:g} {self.unit}".strip()
        return f"{bound}, {'met' if self.met else 'missed'}"

    @property
    def cells(self) -> tuple[str, ...]:
        """Its line of the table, by the columns of HEADS."""
        return (
            self.name,
            str(len(self.samples)),
            self._shown(median(self.samples)),
            self._shown(min(self.samples) if self.at_least else max(self.samples)),
            self._goal_shown,
            "" if self.goal is None else str(self.over),
        )

    def said(self) -> dict[str, Any]:
        """All of it, with what it was measured on."""
        return {
            "benchmark": self.name,
            "test": self.test,
            "unit": self.unit,
            "samples": list(self.samples),
            "median": median(self.samples),
            "min": min(self.samples),
            "max": max(self.samples),
            "goal": self.goal,
            "at_least": self.at_least,
            "met": self.met,
            "over": self.over,
            "facts": {**self.facts, **_machine()},
        }

    def written(self, folder: Path) -> Path:
        """Write the file; its path."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-')}.json"
        file.write_text(json.dumps(self.said(), indent=2) + "\n")
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
    """Takes what was measured: name, samples, `goal`, `unit`, `at_least`, and further facts by keyword."""

    def measure(
        name: str,
        samples: Sequence[float],
        *,
        goal: float | None = None,
        unit: str = "s",
        at_least: bool = False,
        **facts: str,
    ) -> None:
        figures = Figures(name, tuple(samples), goal, facts, unit, at_least, request.node.nodeid)
        request.config.stash.setdefault(_MEASURED, []).append((figures, figures.written(FOLDER)))

    return measure


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the plugin takes."""
    parser.getgroup("benchmarks").addoption(
        "--write-docs", action="store_true", help="write the tables and plots of the docs from this run"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table; write the docs where that is asked for."""
    if found := config.stash.get(_MEASURED, []):
        terminalreporter.section("benchmarks")
        for line in table([figures for figures, _ in found]):
            terminalreporter.write_line(line)
        terminalreporter.write_line("")
        for _, file in found:
            terminalreporter.write_line(f"written to {os.path.relpath(file)}")
        if config.getoption("write_docs"):
            from benchmarks import page  # it knows what was measured, and imports it

            for changed in page.update([figures.said() for figures, _ in found]):
                terminalreporter.write_line(f"written to {os.path.relpath(changed)}")
