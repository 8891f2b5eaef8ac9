"""A pytest plugin that reports what benchmarks measured: one table at the end of the run, and one JSON file each.

With `--write-docs` it also writes the tables, plots and figures of the docs from the run (`benchmarks.pages.page`).

A benchmark uses the fixture `measured` and passes it the samples. A goal that was missed is reported and fails nothing,
because machines differ and are shared.

    def test_something(measured):
        measured("what was measured", samples, goal=0.5)
        measured("the ratio to something else", [0.55], goal=0.75, unit="")
        measured("a rate", samples, goal=8000, unit="spans/s", at_least=True)
        measured("something without a goal", samples, unit="us")
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
"""The folder of the files; the next run replaces a file."""

HEADS: Final = ("benchmark", "samples", "median", "worst", "goal", "missed by")


@dataclass(frozen=True, slots=True)
class Figures:
    """The samples of one benchmark; `goal` is for their median, `facts` describe what it was measured on.

    `unit` is that of the samples and of the goal, "" for a ratio. A goal is an upper bound unless `at_least`.
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
    def misses(self) -> int:
        """Return the number of samples that miss the goal."""
        return sum(not self._meets_goal(sample) for sample in self.samples)

    @property
    def goal_met(self) -> bool | None:
        """Return whether the median meets the goal, None without a goal."""
        return None if self.goal is None else self._meets_goal(median(self.samples))

    def _meets_goal(self, sample: float) -> bool:
        return self.goal is None or (sample >= self.goal if self.at_least else sample <= self.goal)

    def _shown(self, number: float) -> str:
        return f"{number:,.0f} {self.unit}" if abs(number) >= 1000 else f"{number:.3f} {self.unit}".strip()

    @property
    def _goal_shown(self) -> str:
        if self.goal is None:
            return ""
        bound = f"{'>=' if self.at_least else '<='} {self.goal:g} {self.unit}".strip()
        return f"{bound}, {'met' if self.goal_met else 'missed'}"

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells of the benchmark's line of the table, by the columns of HEADS."""
        return (
            self.name,
            str(len(self.samples)),
            self._shown(median(self.samples)),
            self._shown(min(self.samples) if self.at_least else max(self.samples)),
            self._goal_shown,
            "" if self.goal is None else str(self.misses),
        )

    def as_json(self) -> dict[str, Any]:
        """Return everything as a JSON object, with facts about the machine."""
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
            "met": self.goal_met,
            "over": self.misses,
            "facts": {**self.facts, **_machine()},
        }

    def write(self, folder: Path) -> Path:
        """Write the file. Return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-')}.json"
        file.write_text(json.dumps(self.as_json(), indent=2) + "\n")
        return file


def table(rows: Sequence[Figures]) -> list[str]:
    """Return the lines of the table, with its head."""
    cells = [HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _machine() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
        "load of the last minute": f"{os.getloadavg()[0]:.1f}",  # figures of a busy machine mean little
    }


_MEASURED = pytest.StashKey[list[tuple[Figures, Path]]]()
_NOTES = pytest.StashKey[list[str]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that records samples: name, samples, `goal`, `unit`, `at_least`, further facts by keyword."""

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
        request.config.stash.setdefault(_MEASURED, []).append((figures, figures.write(FOLDER)))

    return measure


@pytest.fixture(scope="session")
def noted(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return a function that adds a line to the table: what could not be measured, and why."""
    return request.config.stash.setdefault(_NOTES, []).append


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--write-docs`."""
    parser.getgroup("benchmarks").addoption(
        "--write-docs", action="store_true", help="write the tables and plots of the docs from this run"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and write the docs with `--write-docs`."""
    if found := config.stash.get(_MEASURED, []):
        terminalreporter.section("benchmarks")
        for line in table([figures for figures, _ in found]):
            terminalreporter.write_line(line)
        for note in config.stash.get(_NOTES, []):
            terminalreporter.write_line(note)
        terminalreporter.write_line("")
        for _, file in found:
            terminalreporter.write_line(f"written to {os.path.relpath(file)}")
        if config.getoption("write_docs"):
            from benchmarks.pages import page  # late, as it imports everything that is measured

            for changed in page.update([figures.as_json() for figures, _ in found]):
                terminalreporter.write_line(f"written to {os.path.relpath(changed)}")
