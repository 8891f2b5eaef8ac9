"""The plots of the benchmarks: well-formed, every series and axis labelled, in proportion, readable in the dark."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree

import pytest

from benchmarks.pages.plots import WIDTH, bars, lines

SVG = "{http://www.w3.org/2000/svg}"
PLACES = ("P50", "P95", "P99")
SERIES = {"untraced": (1.0, 2.0, 4.0), "10 % <&>": (1.0, 2.1, 4.1), "100 %": (2.0, 20.0, 40.0)}
GROUPS = {"bare span": {"sampled": 1.0, "not": 0.5}, "ours": {"sampled": 1.05, "not": 0.0}, "by hand": {"sampled": 1.5}}


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_line_has_its_name_and_both_axes_their_units() -> None:
    labels = texts(lines("Latency", "percentile", "milliseconds", PLACES, SERIES))
    assert {"Latency", "percentile", "milliseconds", *PLACES, *SERIES} <= set(labels)
    assert {"1", "2", "5", "10", "20", "50"} <= set(labels), "ticks from the least to the most"


def test_lines_are_in_proportion_to_the_logarithm() -> None:
    svg = ElementTree.fromstring(lines("t", "x", "y", PLACES, {"one": (1.0, 10.0, 100.0)}))
    (line,) = svg.iter(f"{SVG}polyline")
    points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    assert points[1][0] - points[0][0] == pytest.approx(points[2][0] - points[1][0], abs=0.2)
    assert points[0][1] - points[1][1] == pytest.approx(points[1][1] - points[2][1], abs=0.2)
    assert points[0][1] > points[1][1], "more is higher"


def test_names_at_the_end_of_lines_do_not_stand_on_each_other() -> None:
    svg = ElementTree.fromstring(lines("t", "x", "y", ("a", "b"), {f"line {n}": (1.0, 5.0) for n in range(5)}))
    heights = sorted(float(one.attrib["y"]) for one in svg.iter(f"{SVG}text") if (one.text or "").startswith("line "))
    assert all(after - before >= 16 for before, after in itertools.pairwise(heights))


def test_every_bar_has_its_group_its_series_and_its_number() -> None:
    labels = texts(bars("Cost", "times the bare span", GROUPS, goal=(1.2, "goal 1.20")))
    assert {"Cost", "times the bare span", "goal 1.20", "sampled", "not", *GROUPS} <= set(labels)
    assert {"1.00", "0.50", "1.05", "0.00", "1.50"} <= set(labels)


def test_bars_are_in_proportion_and_inside_the_picture() -> None:
    svg = ElementTree.fromstring(bars("Cost", "x", GROUPS))
    drawn = [one for one in svg.iter(f"{SVG}rect") if one.attrib.get("height") == "13"]
    widths = [float(one.attrib["width"]) for one in drawn]
    assert widths[1] / widths[0] == pytest.approx(0.5, abs=0.01)
    assert all(float(one.attrib["x"]) + float(one.attrib["width"]) < WIDTH for one in drawn)


def test_colours_change_where_the_page_is_dark() -> None:
    for svg in (lines("t", "x", "y", PLACES, SERIES), bars("t", "x", GROUPS)):
        assert "prefers-color-scheme:dark" in svg
        assert "#0d1117" in svg


@pytest.mark.parametrize("series", [{}, {"a": (1.0, 0.0, 2.0)}, {"a": (1.0,)}])
def test_series_that_cannot_be_drawn_are_an_error(series: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="Latency: every series needs"):
        lines("Latency", "x", "y", PLACES, series)
    with pytest.raises(ValueError, match="Cost: there is nothing to draw"):
        bars("Cost", "x", {"a": dict.fromkeys(series, 0.0)})
