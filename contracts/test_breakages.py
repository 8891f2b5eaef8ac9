"""Broken tracing is noticed: each breakage of the demo gives the findings that a person would expect, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from containers.servers.redis_server import RedisBackend
from contracts.broken_tracing import BrokenTracing
from demo.breakages import EVERY_BREAKAGE
from spanpact.conformance import SCENARIOS, judge_scenario
from spanpact.contract.shipped import shipped_contracts
from spanpact.reporting import render_text

CAUGHT: dict[str, tuple[str, set[str]]] = {
    "lost-parent": ("session-hit", {"lookup/span-missing", "integrity/trace-roots"}),
    "hit-says-miss": ("session-hit", {"load/span-missing"}),
    "raw-key": ("session-hit", {"lookup/attribute-value", "redis/attribute-value"}),
    "missing-span": ("session-miss", {"store/span-missing"}),
    "wrong-kind": ("session-hit", {"redis/kind"}),
    "email-in-attribute": ("session-hit", {"private/privacy-leak"}),
    "no-error-status": ("session-redis-down", {"fine/attribute-unexpected", "read/attribute-relation"}),
    "duplicate-span": ("session-hit", {"integrity/span-duplicate"}),
    "no-exception": ("session-redis-down", {"exception/event-missing", "raised/event-missing"}),
    "no-correlation-id": ("session-miss", {"correlated/attribute-missing"}),
    "latency-as-text": ("session-hit", {"redis/attribute-type"}),
    "log-without-ids": ("session-invalidate", {"line/event-missing"}),
    "log-of-another": ("session-invalidate", {"line/attribute-relation", "lines/attribute-relation"}),
    "email-in-log": ("session-invalidate", {"lines/privacy-leak", "private/privacy-leak"}),
    "early-child": ("session-miss", {"integrity/child-early"}),
    "breaker-event-missing": ("breaker-lifecycle", {"tripped/event-missing"}),
    "event-without-attributes": ("breaker-lifecycle", {"tripped/attribute-missing", "transition/attribute-missing"}),
    "rejected-looks-fine": (
        "breaker-lifecycle",
        {
            "query/span-missing",
            "rejected/status",
            "rejected/status-message",
            "top/attribute-missing",
            "top/attribute-unexpected",
            "top/status",
            "top/status-message",
        },
    ),
    "transition-without-pool": (
        "breaker-lifecycle",
        {
            "probing/attribute-missing",
            "recovered/attribute-missing",
            "transition/attribute-missing",
            "tripped/attribute-missing",
        },
    ),
    "query-beside-its-call": ("session-miss", {"query/span-missing", "top/span-extra"}),
    "orphaned-job": ("purge", {"origin/link-missing"}),
    "job-in-the-request": (
        "purge",
        {"top/parent", "forget/span-missing", "unindex/span-missing", "integrity/span-orphan"},
    ),
    "no-client-span": ("two-services", {"call/span-missing"}),
}
"""Breakage: the scenario that shows it, and every finding that it gives there."""

BETWEEN_PROCESSES: dict[str, set[str]] = {
    "mixed-correlation-ids": {"correlated/attribute-relation"},
    "crossed-parents": {"correlated/attribute-relation"},
    "lost-remote-parent": {"served/span-missing"},
    "dropped-correlation-id": {"correlated/attribute-relation"},
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
