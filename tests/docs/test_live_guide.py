"""The script of the guide to live traffic judges a Jaeger, and its exit codes are those of the page's table."""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spanpact.trace.model import Span
from tests.docs.pages import blocks, page, printed_by
from tests.sources.jaeger.held_traces import HeldTraces
from tests.sources.scripted_http import ScriptedServer

GUIDE = page("live-jaeger.md")
CONTRACT = "spanpact: 1\ncontract: items\nversion: 1.0.0\nspan: GET /items\nchildren: {load: {span: db.load}}\n"


@pytest.fixture
def held() -> HeldTraces:
    return HeldTraces()


@pytest.fixture
def run(held: HeldTraces, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Return a function that runs the guide's script; it returns what that printed, with the exit code."""
    script = next(block.text for block in blocks(GUIDE) if "judge-staging.sh" in block.before)
    path = tmp_path / "judge-staging.sh"
    path.write_text(script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "items.contract.yaml").write_text(CONTRACT)
    with ScriptedServer(held) as server:
        yield lambda: printed_by(f"JAEGER={server.url} ./judge-staging.sh; echo exit code $?; cat report.txt", tmp_path)


def request(held: HeldTraces, number: int, ago: float, *, whole: bool = True) -> None:
    trace_id, start = f"{number:032x}", time.time_ns() - round(ago * 1e9)
    top = Span(trace_id, f"{1:016x}", "GET /items", start_ns=start, end_ns=start + 2000)
    load = Span(trace_id, f"{2:016x}", "db.load", top.span_id, start_ns=start + 1, end_ns=start + 1000)
    held.hold(trace_id, [top, load] if whole else [top])


def test_traffic_that_keeps_the_contracts(held: HeldTraces, run: Callable[[], str]) -> None:
    request(held, 1, 200)
    request(held, 2, 5, whole=False)
    printed = run()
    assert "kept: 1 contract, 1 kept, 1 flow (report in report.txt)\nexit code 0" in printed
    assert re.search(r"^left out  1 trace whose last span ended less than 1min ago$", printed, re.MULTILINE)
    assert "left out  312 traces whose last span ended less than 1min ago" in GUIDE


def test_a_broken_request(held: HeldTraces, run: Callable[[], str]) -> None:
    request(held, 1, 200, whole=False)
    assert "1 broken, 1 finding, 1 flow (report in report.txt)\nexit code 1" in run()


def test_no_traffic(run: Callable[[], str]) -> None:
    assert "exit code 3" in run()


def test_a_jaeger_that_is_away(held: HeldTraces, run: Callable[[], str]) -> None:
    held.failing = (-1.0, 1.0)
    assert re.search(r"spanpact: error: Jaeger at .*: responded 503\nexit code 3", run())


def test_a_round_looks_back_further_than_the_one_before() -> None:
    minutes = {name: int(value) for name, value in re.findall(r"(since|complete-after)=(\d+)m\b", GUIDE)}
    assert minutes["since"] > 5 + minutes["complete-after"]


@pytest.mark.parametrize("code", range(4))
def test_every_exit_code_has_a_row(code: int) -> None:
    assert f"\n| {code} | " in GUIDE
