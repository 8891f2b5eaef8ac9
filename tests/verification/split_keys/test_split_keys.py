"""Traces judged part by part are judged as the engine judges them: the report is the same to the byte (ADR 0040)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from benchmarks.verification.made_traces import requests
from benchmarks.verification.measured_runs import SEVEN
from benchmarks.verification.variations import KINDS
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.reporting import render_json, render_text
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import Verification
from tests.verification.split_keys.traces_of_parts import CONTRACTS, reading_of_parts

TODAY = dt.date(2026, 1, 1)


def judged(contracts: Sequence[CompiledContract], reading: Reading, *, use_cache: bool) -> tuple[str, Verification]:
    """Return the report as JSON and as text, and the verification."""
    verification = Verification(contracts, reading, VerificationOptions(today=TODAY), use_cache=use_cache)
    for trace in reading.traces:
        verification.judge(trace)
    report = verification.report(reading)
    return render_json(report) + render_text(report), verification


def assert_same(contracts: Sequence[CompiledContract], reading: Reading) -> Verification:
    """Assert that the cache makes no difference, and return the verification with it."""
    wanted, _ = judged(contracts, reading, use_cache=False)
    cached, verification = judged(contracts, reading, use_cache=True)
    assert cached == wanted
    return verification


def made(kind: str, spans: int, seed: int) -> Reading:
    traces: dict[str, Trace] = {}
    for request in requests(spans, kind=kind, seed=seed):
        for part in request.traces:
            known = traces.get(part.trace_id, Trace(part.trace_id, ()))
            traces[part.trace_id] = Trace(part.trace_id, [*known.spans, *part.spans], [*known.logs, *part.logs])
    has_logs = any(trace.logs for trace in traces.values())
    source = SourceInfo("made", ALL_CAPABILITIES if has_logs else ALL_CAPABILITIES - {"logs"})
    return Reading(source, list(traces.values()))


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.fixture(scope="module")
def seven() -> list[CompiledContract]:
    return [CompiledContract.of(load_text(SEVEN))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contracts", ["seven", "shipped"])
def test_made_traffic_of_every_kind(kind: str, contracts: str, request: pytest.FixtureRequest) -> None:
    assert_same(request.getfixturevalue(contracts), made(kind, 2500, 11))


def test_varied_traffic_hardly_needs_the_engine(shipped: list[CompiledContract]) -> None:
    reading = made("varied", 8000, 11)
    verification = assert_same(shipped, reading)
    assert verification.cache is not None
    assert verification.cache.judged_by_engine < 0.01 * len(reading.traces) * len(shipped)


@pytest.mark.parametrize("seed", range(8))
def test_traces_that_share_parts(seed: int) -> None:
    assert_same(CONTRACTS, reading_of_parts(seed))
