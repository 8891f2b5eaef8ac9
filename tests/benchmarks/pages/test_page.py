"""The docs of the benchmarks say what was measured: pages, README and plots are made from docs/benchmarks.json."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import Figures
from benchmarks.operations import one_operation as o
from benchmarks.pages.cells import NOT_MEASURED, goal_of, shown
from benchmarks.pages.page import FIGURES, PAGES, filled, rendered, update
from benchmarks.pages.pictures import pictures
from benchmarks.pages.tables import KINDS, table_of
from benchmarks.service import studio_load as s

ROOT = Path(__file__).parents[3]
MORNING = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
OF_SERVICE = "studio-api, "
BLOCK = "<!-- measured: {} -->\n<!-- end -->\n"
TWO = BLOCK.format("short") + "between\n" + BLOCK.format("cost")


def measured(name: str, *samples: float, test: str = "t", **more: Any) -> dict[str, Any]:
    return Figures(name, samples, test=test, **more).as_json()


def rows(*found: dict[str, Any]) -> dict[str, Any]:
    facts = {"python": "3.11.7", "cores": "2", "load of the last minute": "0.5"}
    kept = ({**one, "samples": len(one["samples"]), "when": "then", "facts": facts} for one in found)
    return {one["benchmark"]: one for one in kept}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the pages of the docs, each with one table."""
    (tmp_path / "docs" / "pictures").mkdir(parents=True)
    for page in PAGES:
        (tmp_path / page).write_text("before\n" + BLOCK.format("listing export") + "after\n")
    return tmp_path


def test_pages_readme_and_plots_are_what_the_figures_say() -> None:
    for file, text in rendered(ROOT).items():
        assert file.read_text(encoding="utf-8") == text, f"{file.name}: run `python -m benchmarks.pages`"


@pytest.mark.parametrize("kind", ["short", "verification"])
def test_the_readmes_rows_are_those_of_the_page(kind: str) -> None:
    block = rf"<!-- measured: {kind} -->\n(.*?)<!-- end -->"
    tables = [re.findall(block, (ROOT / page).read_text(), re.S) for page in PAGES]
    assert tables[0] == tables[1] != []


def test_every_benchmark_that_is_kept_is_shown_in_some_table() -> None:
    pages = [(ROOT / page).read_text() for page in PAGES]
    words = [found for page in pages for found in re.findall(r"^<!-- measured: (\S+) ?(.*?) ?-->$", page, re.M)]
    begins = [start for kind, start in words if kind == "listing"]
    begins += ["verification, "] * (("verification", "") in words)
    begins += [f"{start}, " for kind, start in words if kind == "instructions"]
    begins += [f"GET, {start}, " for kind, start in words if kind == "times"]
    names = [row["benchmark"] for row in json.loads((ROOT / FIGURES).read_text())]
    assert [name for name in names if not name.startswith((*begins, OF_SERVICE))] == []


def test_every_number_of_the_service_is_shown() -> None:
    """If it were another one, pages or plots would be, too."""
    found = {row["benchmark"]: row for row in json.loads((ROOT / FIGURES).read_text())}
    for name, row in found.items():
        if f"{s.CONTROL}: P95 added" in name:
            row["median"] = 0.0  # so that nothing is left out because two untraced services differ
    pages = [(ROOT / page).read_text() for page in PAGES]

    def texts(rows: dict[str, Any]) -> list[str]:
        return [*(filled(page, rows) for page in pages), *pictures(rows).values()]

    before = texts(found)
    changed = {name: {**row, "median": row["median"] + 7} for name, row in found.items() if name.startswith(OF_SERVICE)}
    assert changed
    assert [name for name, row in changed.items() if texts({**found, name: row}) == before] == []


def test_a_run_is_written_into_figures_and_pages(checkout: Path) -> None:
    files = update([measured("export, lost", 3.0, 1.0, 2.0, goal=0, unit="spans")], checkout, now=MORNING)
    assert {checkout / FIGURES, *(checkout / page for page in PAGES)} <= set(files)
    (kept,) = json.loads((checkout / FIGURES).read_text())
    assert (kept["median"], kept["min"], kept["max"], kept["samples"]) == (2.0, 1.0, 3.0, 3)
    page = (checkout / "README.md").read_text()
    assert "| export, lost | 2 spans | 1, 3 | 3 | <= 0 spans, missed |" in page
    assert "Run of 2026-01-02 03:04 UTC: Python 3." in page
    assert page.startswith("before\n<!-- measured")
    assert page.endswith("<!-- end -->\nafter\n")


def test_a_run_replaces_what_the_same_tests_measured_and_nothing_else(checkout: Path) -> None:
    update([measured("export, at 1,500/s", 1, test="a"), measured("export, b", 2, test="b")], checkout, now=MORNING)
    update([measured("export, at 1,250/s", 3, test="a")], checkout)
    kept = json.loads((checkout / FIGURES).read_text())
    assert [(row["benchmark"], row["median"]) for row in kept] == [("export, at 1,250/s", 3), ("export, b", 2)]
    page = (checkout / "README.md").read_text()
    assert "2026-01-02 03:04 UTC and 20" in page, "each table says from which runs it is"


def test_writing_twice_changes_nothing(checkout: Path) -> None:
    update([measured("export, lost", 1.0)], checkout)
    before = (checkout / "README.md").read_text()
    assert rendered(checkout)[checkout / "README.md"] == before


def test_text_between_two_tables_stays() -> None:
    assert filled(TWO, {}).count("between") == 1
    assert filled(TWO, {}).count("Not measured") == 2


def test_missing_figures_are_shown_and_an_unknown_table_is_an_error() -> None:
    for kind in KINDS:
        assert table_of(kind, "sync", {}) == NOT_MEASURED
    with pytest.raises(ValueError, match="measured: lists: is not a kind of table; accepted: listing, "):
        filled(BLOCK.format("lists of things"), {})


def test_instructions_are_shown_with_their_ratios_to_the_bare_span_and_to_contrib() -> None:
    number = {o.BARE: 100.0, o.CONTRIB: 200.0}
    ways = (o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, *o.OURS)
    found = rows(*(measured(f"sync, {case}: {way}", number.get(way, 50.0)) for way in ways for case in o.CASES))
    lines = table_of("instructions", "sync", found)
    assert "| contrib | 200 (2.00; 1.00) | 200 (2.00; 1.00) | 200 (2.00; 1.00) |" in lines
    assert "| ours, both | 50 (0.50; 0.25) | 50 (0.50; 0.25) | 50 (0.50; 0.25) |" in lines
    assert table_of("instructions", "async", found) == NOT_MEASURED


def test_a_loss_is_shown_with_the_rate_that_was_made() -> None:
    lost = measured("export, 8000 spans/s asked: lost", 3, unit="spans")
    for made, shown_rate in ((7_900, "a second |"), (5_000, "a second, of which the machine made 5,000 |")):
        few = table_of("short", "", rows(lost, measured("export, 8000 spans/s asked: made", made, unit="spans/s")))
        assert any(f"| lost at 8,000 spans {shown_rate} 3 spans |" in line for line in few)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (0.0123, "0.012"),
        (0.554, "0.55"),
        (12.345, "12.35"),
        (123.45, "123.5"),
        (9279.0, "9,279"),
        (3.0, "3"),
    ],
)
def test_numbers_have_about_three_digits_that_count(number: float, text: str) -> None:
    assert shown(number) == text


def test_a_goal_is_shown_with_its_direction() -> None:
    at_least = measured("a", 9.0, goal=8, unit="x", at_least=True)
    assert goal_of(at_least) == ">= 8 x, met"
    assert goal_of(measured("a", 9.0)) == ""


def verified(traffic: str, arm: str, ratio: float, goal: float | None) -> dict[str, Any]:
    facts = {"kind": "speed", "traffic": traffic, "source": "JSON file", "contracts": "1", "arm": arm}
    facts |= {"rate": "200000", "earlier rate": "100000", "by engine": "0.0310"}
    name = f"verification, {traffic}, JSON file, contracts: 1, {arm}: 47e6372 / ours"
    row = rows(measured(name, ratio, unit="", goal=goal, at_least=True))[name]
    return {**row, "facts": {**row["facts"], **facts}}


def test_every_row_of_verification_is_shown_and_the_furthest_from_its_target_first() -> None:
    found = [
        verified("same", "with the core", 9, 8),
        verified("same", "without the core", 2, None),
        verified("varied", "with the core", 12, 10),
        verified("varied", "without the core", 1, 2),
    ]
    lines = table_of("verification", "", {row["benchmark"]: row for row in found})
    shown = [line for line in lines if "JSON file" in line]
    assert shown == [
        "| varied | JSON file | 1 | 12; >= 10 met | 1; >= 2 **missed** | 100,000, 200,000 | 3.1 % |",
        "| same | JSON file | 1 | 9; >= 8 met | 2 | 100,000, 200,000 | 3.1 % |",
    ]
