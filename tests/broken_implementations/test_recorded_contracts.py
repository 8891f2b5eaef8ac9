"""Contracts recorded from the whole implementation catch most of the broken ones, without a person's work on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import pytest

from containers.servers.private_redis import private_redis
from spanpact.contract import ContractPlan
from spanpact.recording import Recorded, record
from spanpact.trace.model import Reading
from spanpact.verification.verifying import verify
from tests.broken_implementations.every import BROKEN
from tests.broken_implementations.scenarios import Subject

RUNS = 5
SHARE_CAUGHT = 0.8

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """Start one real Redis, which every scenario empties."""
    with private_redis() as backend:
        yield backend.url


def test_recorded_contracts_accept_the_whole_and_catch_most_of_the_broken(redis_url: str) -> None:
    scenarios = sorted({case.scenario for case in BROKEN.values()})
    contracts = {scenario: recorded(redis_url, scenario) for scenario in scenarios}
    whole = {s: verify(plans, Subject(redis_url).perform(s)) for s, plans in contracts.items()}
    assert {s: report.findings for s, report in whole.items() if report.verdict != "kept"} == {}
    missed = [
        name
        for name, case in BROKEN.items()
        if verify(contracts[case.scenario], Subject(redis_url, case.service).perform(case.scenario)).verdict == "kept"
    ]
    assert len(missed) <= (1 - SHARE_CAUGHT) * len(BROKEN), missed


def recorded(redis_url: str, scenario: str) -> Sequence[ContractPlan]:
    """Return a contract for each kind of root in the traces of several runs of the whole implementation."""
    runs = [Subject(redis_url).perform(scenario) for _ in range(RUNS)]
    recording = Recorded(together(runs))
    return [record(recording, kind, enough=RUNS).plan for kind in recording.roots()]


def together(readings: Sequence[Reading]) -> Reading:
    """Return one reading with the traces of all."""
    return msgspec.structs.replace(
        readings[0],
        traces=[trace for each in readings for trace in each.traces],
        spanless=[trace for each in readings for trace in each.spanless],
    )
