"""The docs of the benchmarks, written from a run: tables and plots, and the figures that they were made from.

    nox -s bench -- --write-docs       a run, and the docs from it
    python -m benchmarks.page          the tables and plots again, from docs/benchmarks.json

docs/benchmarks.json keeps what is shown. A run replaces what the same tests measured before, so that one file may be
run alone; each table says when it was measured. A page holds a table between `<!-- measured: KIND WORDS -->` and
`<!-- end -->`; the kinds are in `benchmarks.tables`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.pictures import pictures
from benchmarks.tables import Row, table_of

ROOT: Final = Path(__file__).parents[1]
FIGURES: Final = Path("docs/benchmarks.json")
PAGES: Final = (Path("README.md"), Path("docs/benchmarks.md"))
PICTURES: Final = Path("docs/pictures")
_BLOCK: Final = re.compile(r"(<!-- measured: (\S+)(?: ([^\n]*?))? -->\n).*?(<!-- end -->)", re.DOTALL)


def update(measured: Sequence[Mapping[str, Any]], root: Path = ROOT, *, now: datetime | None = None) -> Sequence[Path]:
    """Put a run into the figures, then write pages and pictures; the files, changed or not."""
    when = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    file = root / FIGURES
    rows = merged(_read(file), [shown(one, when) for one in measured])
    file.write_text(json.dumps([dict(row) for row in rows], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [file, *write(root)]


def write(root: Path = ROOT) -> Sequence[Path]:
    """Write pages and pictures from the figures; the files."""
    files = rendered(root)
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    return list(files)


def rendered(root: Path = ROOT) -> Mapping[Path, str]:
    """What pages and pictures are by the figures. Raises ValueError for a table that is of no known kind."""
    rows = {row["benchmark"]: row for row in _read(root / FIGURES)}
    texts = {root / page: filled((root / page).read_text(encoding="utf-8"), rows) for page in PAGES}
    return texts | {root / PICTURES / f"{name}.svg": svg for name, svg in pictures(rows).items()}


def filled(page: str, rows: Mapping[str, Row]) -> str:
    """The page with every table made anew."""
    return _BLOCK.sub(
        lambda found: found[1] + "\n".join(table_of(found[2], found[3] or "", rows)) + "\n" + found[4], page
    )


def shown(measured: Mapping[str, Any], when: str) -> Row:
    """What the docs keep of one benchmark: not every sample, but how many there were."""
    kept = ("benchmark", "test", "unit", "median", "min", "max", "goal", "at_least", "met", "facts")
    numbers = {name: float(f"{measured[name]:.6g}") for name in ("median", "min", "max")}
    return {**{name: measured[name] for name in kept}, **numbers, "samples": len(measured["samples"]), "when": when}


def merged(before: Iterable[Row], now: Sequence[Row]) -> Sequence[Row]:
    """All rows: those of now instead of what the same tests measured before; in the order of their tests."""
    again = {row["test"] for row in now}
    return sorted([*(row for row in before if row["test"] not in again), *now], key=lambda row: str(row["test"]))


def _read(file: Path) -> Sequence[Row]:
    rows: Sequence[Row] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return rows


if __name__ == "__main__":
    for written in write():
        print(written.relative_to(ROOT))
