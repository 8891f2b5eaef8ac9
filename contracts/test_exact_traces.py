"""The reference implementation's traces equal the recorded texts, and break no contract."""

from __future__ import annotations

from functools import cache

import pytest

from containers.servers.redis_server import RedisBackend
from contracts.broken_tracing import BrokenTracing
from contracts.exact_traces import FOLDER, ExactText, main
from contracts.reference_adapter import ReferenceImplementation
from contracts.scenario_catalogue import ACTIONS, ALL_ACTIONS, CLOCKED
from demo.breakages import EVERY_BREAKAGE
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.reporting import render_text
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify


@cache
def contracts() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.mark.parametrize("name", ALL_ACTIONS)
def test_a_scenario_gives_exactly_its_traces(name: str, redis: RedisBackend) -> None:
    reading = ReferenceImplementation(redis).perform(name)
    text = str(ExactText(reading, redis.url, clocked=name in CLOCKED))
    assert text.splitlines() == (FOLDER / f"{name}.txt").read_text().splitlines()
    report = verify(contracts(), reading, VerificationOptions(allow_unseen=True))
    broken = [finding for finding in report.findings if finding.breaks]
    # Further scenarios have faults of tracing and keys of other services, which may break a contract but never leak.
    assert not [each for each in broken if name in ACTIONS or each.id == "privacy-leak"], render_text(report)


def test_every_text_is_of_a_scenario() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(ALL_ACTIONS)


@pytest.mark.parametrize("breakage", ["wrong-kind", "hit-says-miss", "latency-as-text", "duplicate-span", "raw-key"])
def test_another_trace_is_another_text(breakage: str, redis: RedisBackend) -> None:
    reading = BrokenTracing(redis, EVERY_BREAKAGE[breakage]).perform("session-hit")
    assert str(ExactText(reading, redis.url)) != (FOLDER / "session-hit.txt").read_text()


def test_a_scenario_that_there_is_not_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["session-hit", "session-hut"])
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(
        "python -m contracts.exact_traces: error: session-hut is no scenario; accepted: background-jobs, "
    )
