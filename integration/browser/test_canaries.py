"""No private value of the traces is in the page that a browser makes of the HTML report, in any of its parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from integration.browser.opening import Opened
from tests.hostile.canaries import CANARIES, SECRET, contract, leaks
from tests.hostile.outputs import World

EVERYTHING = """
() => [document.documentElement.outerHTML, document.body.innerText, document.title, location.href,
       ...[...document.querySelectorAll("*")].flatMap((each) => [...each.attributes].map((one) => one.value)),
       ...[...document.querySelectorAll("input, textarea")].map((each) => each.value)].join("\\n")
"""


@pytest.mark.fault("S2")
@pytest.mark.timeout(240)
def test_s2_no_canary_is_in_any_part_of_the_page(open_report: Callable[..., Opened], tmp_path: Path) -> None:
    world = World(tmp_path, CANARIES, contract_of=contract)
    assert SECRET in Path(world.traces).read_text(encoding="utf-8")
    file = tmp_path / "report.html"
    world.run("verify", world.contract, "--from", world.traces, "--all", "--trees", f"--format=html={file}")
    opened = open_report(file.read_text(encoding="utf-8"))
    assert opened.texts("h1")
    assert leaks(opened.page.evaluate(EVERYTHING)) == []
    opened.page.click(".trace-row a")
    for number in range(len(CANARIES) + 1):
        span = 10 + number - 1 if number else 1
        opened.page.evaluate("(address) => { location.hash = address }", f"#trace={1:032x}&span={span:016x}")
        opened.page.wait_for_function(
            "(id) => document.querySelector('#trace-page')?.textContent.includes(id)", arg=f"{1:032x}"
        )
        assert opened.texts(".side h2")
        assert leaks(opened.page.evaluate(EVERYTHING)) == [], number
