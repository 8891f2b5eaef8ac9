"""Broken tracing is noticed: each breakage of the demo gives the findings that a person would expect, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from containers.servers.redis_server import RedisBackend
from contracts.broken_tracing import BrokenTracing
from demo.breakages import EVERY_BREAKAGE
from spanpact.conformance import SCENARIOS, judge_scenario
from spanpact.contract.shipped import shipped_contracts
from spanpact.reporting import render_text

_BREAKAGES: Final = json.loads(Path(__file__).with_name("breakages.json").read_text())
CAUGHT: Final[dict[str, tuple[str, set[str]]]] = {
    name: (each["scenario"], set(each["findings"])) for name, each in _BREAKAGES["in one process"].items()
}
"""Breakage: the scenario that shows it, and every finding that it gives there."""

BETWEEN_PROCESSES: Final[dict[str, set[str]]] = {
    name: set(each["findings"]) for name, each in _BREAKAGES["between processes"].items()
}
"""Breakages that need several processes or concurrent requests, with findings that the whole demo must give."""


def test_every_breakage_is_under_test() -> None:
    assert set(CAUGHT) | set(BETWEEN_PROCESSES) == set(EVERY_BREAKAGE)


@pytest.mark.parametrize("name", CAUGHT)
def test_a_breakage_gives_its_findings_and_no_other(name: str, redis: RedisBackend) -> None:
    scenario, expected = CAUGHT[name]
    (wanted,) = [each for each in SCENARIOS if each.name == scenario]
    report = judge_scenario(BrokenTracing(redis, EVERY_BREAKAGE[name]), wanted)
    found = [finding for finding in report.findings if finding.breaks]
    assert {finding.key for finding in found} == expected, render_text(report)
    assert all(f.place and f.trace_id for f in found if f.entry != "integrity"), render_text(report)


@pytest.mark.expensive
@pytest.mark.parametrize("name", BETWEEN_PROCESSES)
def test_the_whole_demo_fails_by_the_finding(name: str, tmp_path: Path) -> None:
    output = tmp_path / "report.json"
    report = ["--format", "json", "--output", str(output)]
    demo = [sys.executable, "-m", "demo", "--break", name]
    command = [sys.executable, "-m", "spanpact", "run", *report, str(shipped_contracts()), "--", *demo]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads(output.read_text())
    findings = [f for result in report["contracts"] for f in result["findings"]] + report["integrity"]
    assert {f"{f['entry']}/{f['id']}" for f in findings} >= BETWEEN_PROCESSES[name], done.stdout
