"""A benchmark leaves a line of the table, a file of figures, and a goal that is reported and never fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import figures
from benchmarks.figures import Figures, table

pytest_plugins = ["pytester"]

QUIET = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:hypothesispytest")

FIGURES = Figures("From flush, to a verdict", (0.2, 0.9, 0.6), goal=0.5, facts={"jaeger": "2.13.0"})


def test_a_line_says_median_worst_and_how_many_were_over_the_goal() -> None:
    head, line = table([FIGURES])
    assert line.split("  ")[0] == "From flush, to a verdict"
    assert line.split()[-10:] == ["3", "0.600", "s", "0.900", "s", "<=", "0.5", "s,", "missed", "2"]
    assert head.index("median") == line.index("0.600")


def test_a_goal_that_is_met_is_shown() -> None:
    assert "<= 0.6 s, met  1" in table([Figures("a", (0.2, 0.9, 0.6), goal=0.6)])[1]


def test_a_ratio_has_no_unit_and_a_goal_may_be_a_lower_bound_or_missing() -> None:
    ratio = Figures("a ratio", (0.554,), goal=0.75, unit="")
    rate = Figures("a rate", (9000.0, 7000.0, 12345.6), goal=8000, unit="spans/s", at_least=True)
    plain = Figures("no goal", (12.25,), unit="us")
    assert ratio.cells == ("a ratio", "1", "0.554", "0.554", "<= 0.75, met", "0")
    assert rate.cells == ("a rate", "3", "9,000 spans/s", "7,000 spans/s", ">= 8000 spans/s, met", "1")
    assert plain.cells == ("no goal", "1", "12.250 us", "12.250 us", "", "")
    assert (ratio.goal_met, rate.goal_met, plain.goal_met) == (True, True, None)


def test_the_file_holds_every_sample_and_what_it_was_measured_on(tmp_path: Path) -> None:
    file = FIGURES.write(tmp_path / "bench")
    assert file.name == "from-flush-to-a-verdict.json"
    written = json.loads(file.read_text())
    assert written["samples"] == [0.2, 0.9, 0.6]
    assert (written["median"], written["max"], written["over"], written["met"]) == (0.6, 0.9, 2, False)
    assert written["facts"].keys() == {"jaeger", "python", "cores", "load of the last minute"}


def test_no_sample_is_no_benchmark() -> None:
    with pytest.raises(ValueError, match="nothing: a benchmark needs at least one sample"):
        Figures("nothing", (), goal=1)


def test_what_could_not_be_measured_is_said_below_the_table(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(figures, "FOLDER", tmp_path / "bench")
    pytester.makepyfile("""
        import pytest

        @pytest.fixture(scope="module")
        def server(noted):
            noted("no comparison with a server: there is none")

        def test_something(server, measured):
            measured("something", [1.0])
    """)
    result = pytester.runpytest_inprocess("-p", "benchmarks.figures", *QUIET)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["something *1.000 s*", "no comparison with a server: there is none", "written to *"])
