"""Traces judged in partitions give the report of one verification, as text and as JSON."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.verification.made_traces import write
from benchmarks.verification.variations import KINDS
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.engine.linked_spans import SpanFinder
from spanpact.findings import Report
from spanpact.reporting import TextOptions, render_json, render_text
from spanpact.sources import OtlpFileSource
from spanpact.sources.merging import merged
from spanpact.trace.clocks import Clocks
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import Reading, Span, Trace
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.partitions import PartitionVerification, WholeVerification
from spanpact.verification.verifying import verify
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.properties import examples
from tests.sources.every_source import renumbered
from tests.sources.trace_strategies import situations

QUIET: Any = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


def verify_in_partitions(
    contracts: Sequence[CompiledContract], reading: Reading, partitions: int, options: VerificationOptions
) -> tuple[Report, int]:
    """Return the report, and how many traces were judged in a partition."""
    clocks = reading.clocks or Clocks.of(reading.traces)
    described = Reading(reading.source, (), reading.offered, unread=reading.unread, clocks=clocks)
    parts = [PartitionVerification(contracts, described, options, list_flows=True) for _ in range(partitions)]
    left: list[tuple[int, Trace]] = []
    for number, trace in enumerate([*reading.traces, *reading.spanless]):
        if not parts[hash(trace.trace_id) % partitions].take(number, trace):
            left.append((number, trace))
    results = [pickle.loads(pickle.dumps(each.result())) for each in parts]
    whole = WholeVerification(contracts, described, options, find_span=SpanFinder(reading.traces), list_flows=True)
    held = HeldTraces()
    whole.judge_left(left, held)
    return whole.merge(results, held), sum(each.traces for each in results)


def assert_same(
    contracts: Sequence[CompiledContract],
    reading: Reading,
    partitions: int,
    options: VerificationOptions = DEFAULT_OPTIONS,
) -> int:
    wanted = verify(contracts, reading, options)
    found, judged = verify_in_partitions(contracts, reading, partitions, options)
    for render in (lambda report: render_text(report, TextOptions(coverage=True, everything=True)), render_json):
        assert render(found) == render(wanted)
    return judged


def repeated(reading: Reading, times: int) -> Reading:
    return merged([renumbered(reading, str(i)) for i in range(times)])


@given(situations, st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=examples(200), **QUIET)
def test_traces_of_every_kind(
    situation: tuple[Sequence[CompiledContract], Reading], times: int, partitions: int
) -> None:
    contracts, reading = situation
    assert_same(contracts, repeated(reading, times), partitions)


@pytest.mark.parametrize("place", range(0, len(CASES), 5))
def test_the_corpus(place: int) -> None:
    contract = plan_of(place)[1]
    assert_same([contract], repeated(reading_of(place), 4), 3, VerificationOptions(allow_unseen=True))


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_traffic_of_every_kind(tmp_path: Path, shipped: Sequence[CompiledContract], kind: str) -> None:
    write(tmp_path / "traces.jsonl", 1500, kind=kind)
    reading = OtlpFileSource(tmp_path / "traces.jsonl").read()
    assert assert_same(shipped, reading, 4, VerificationOptions(allow_unseen=True)) > 0


def test_of_more_names_than_are_listed_the_first_count(shipped: Sequence[CompiledContract]) -> None:
    """A name may hold an id: all partitions together have 1,500, and the report counts the first thousand by name."""
    one = Span("", "1" * 16, "", start_ns=1, end_ns=2)
    names = [f"job {i % 1500}" for i in range(3000)]
    traces = [
        Trace(f"{i + 1:032x}", [msgspec.structs.replace(one, trace_id=f"{i + 1:032x}", name=name)])
        for i, name in enumerate(names)
    ]
    assert assert_same(shipped, Reading(reading_of(0).source, traces), 3) == 3000


def test_a_trace_with_a_finding_is_left(shipped: Sequence[CompiledContract]) -> None:
    ends_before_it_starts = Span("2" * 32, "1" * 16, "GET /items/{id}", kind="server", start_ns=5, end_ns=2)
    part = PartitionVerification(shipped, Reading(reading_of(0).source, (), clocks=Clocks()))
    assert not part.take(0, Trace("2" * 32, [ends_before_it_starts]))
    assert part.result().traces == 0
