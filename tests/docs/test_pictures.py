"""The pictures of the documentation show what the commands print today."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from docs import draw_report
from docs.draw_pictures import FOLDER, PICTURES, draw_svg, run_command
from tests.docs.pages import DOCS, ROOT

COLOURS = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("name", PICTURES)
def test_the_text_of_a_picture_is_what_its_command_prints(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    lines = ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    now = run_command(name)
    assert "\x1b[" in now  # it is drawn from a terminal's output
    assert "\n".join(lines) == COLOURS.sub("", now).rstrip(), "draw them again: python -m docs.draw_pictures"
    assert svg == draw_svg(now)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_needs_nothing_else_and_is_shown(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert len(svg.encode()) < 8192
    loaded = re.sub(r"<text.*</text>", "", svg)  # a text may show an address
    assert re.findall(r"https?://\S+", loaded) == ['http://www.w3.org/2000/svg"']
    assert "<style>text{white-space:pre}</style>" in loaded  # else Chromium shows several spaces as one
    pages = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]
    assert any(f"pictures/{name}.svg)" in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("name", draw_report.PICTURES)
def test_a_picture_of_the_report_has_the_size_of_its_screen_and_is_shown(name: str) -> None:
    _, options = draw_report.PICTURES[name]
    png = (FOLDER / f"{name}.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    scale = options.get("device_scale_factor", 1)
    size = [int(options["viewport"][side] * scale) for side in ("width", "height")]
    assert [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)] == size
    assert len(png) < 200_000
    assert f"pictures/{name}.png)" in (DOCS / "cli.md").read_text(encoding="utf-8")


def test_what_could_be_read_as_a_tag_is_written_out() -> None:
    assert "<text x=\"12\" y=\"24\">a &lt;b&gt; &amp; <tspan fill=\"#1a7f37\">c</tspan></text>" in draw_svg(
        "a <b> & \x1b[32mc\x1b[0m"
    )  # fmt: skip
