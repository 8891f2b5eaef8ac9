"""Write the docs of the benchmarks from a run: tables, plots, and the figures that they show.

    nox -s bench -- --write-docs       run the benchmarks and write the docs
    python -m benchmarks.pages         write the tables and plots again, from docs/benchmarks.json

docs/benchmarks.json has the figures that are shown. A run replaces what the same tests measured before, so that one
file may be run alone; each table shows when it was measured. A page has a table between
`<!-- measured: KIND WORDS -->` and `<!-- end -->`; the kinds are in `benchmarks.pages.tables`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.pages.cells import Row
from benchmarks.pages.pictures import pictures
from benchmarks.pages.tables import table_of

ROOT: Final = Path(__file__).parents[2]
FIGURES: Final = Path("docs/benchmarks.json")
PAGES: Final = (Path("README.md"), Path("docs/benchmarks.md"))
PICTURES: Final = Path("docs/pictures")
_BLOCK: Final = re.compile(r"(<!-- measured: (\S+)(?: ([^\n]*?))? -->\n).*?(<!-- end -->)", re.DOTALL)


def update(measured: Sequence[Mapping[str, Any]], root: Path = ROOT, *, now: datetime | None = None) -> Sequence[Path]:
    """Merge a run into the figures, then write pages and pictures. Return the files, changed or not."""
    when = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    file = root / FIGURES
    rows = merged(_read(file), [docs_row(one, when) for one in measured])
    file.write_text(json.dumps([dict(row) for row in rows], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [file, *write(root)]


def write(root: Path = ROOT) -> Sequence[Path]:
    """Write pages and pictures from the figures. Return the files."""
    files = rendered(root)
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    return list(files)


def rendered(root: Path = ROOT) -> Mapping[Path, str]:
    """Return the text of each page and picture by its path. Raise ValueError for a table of an unknown kind."""
    rows = {row["benchmark"]: row for row in _read(root / FIGURES)}
    texts = {root / page: filled((root / page).read_text(encoding="utf-8"), rows) for page in PAGES}
    return texts | {root / PICTURES / f"{name}.svg": svg for name, svg in pictures(rows).items()}


def filled(page: str, rows: Mapping[str, Row]) -> str:
    """Return the page with every table replaced."""
    return _BLOCK.sub(
        lambda found: found[1] + "\n".join(table_of(found[2], found[3] or "", rows)) + "\n" + found[4], page
    )


def docs_row(measured: Mapping[str, Any], when: str) -> Row:
    """Return the figures that the docs keep of one benchmark: the number of samples instead of the samples."""
    kept = ("benchmark", "test", "unit", "median", "min", "max", "goal", "at_least", "met", "facts")
    numbers = {name: float(f"{measured[name]:.6g}") for name in ("median", "min", "max")}
    return {**{name: measured[name] for name in kept}, **numbers, "samples": len(measured["samples"]), "when": when}


def merged(before: Iterable[Row], now: Sequence[Row]) -> Sequence[Row]:
    """Return all rows, sorted by test; those of `now` replace what the same tests measured before."""
    again = {row["test"] for row in now}
    return sorted([*(row for row in before if row["test"] not in again), *now], key=lambda row: str(row["test"]))


def _read(file: Path) -> Sequence[Row]:
    rows: Sequence[Row] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return rows
