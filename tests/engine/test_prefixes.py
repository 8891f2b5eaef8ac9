"""What is decided while spans still arrive is decided for good, in whatever order they come (section 10).

Counted in prefixes: the spans and log records of a trace that came so far. `nox -s properties` tries 100,000 of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.findings.catalogue import INTEGRITY
from spanpact.trace.model import LogRecord, Reading, Resource, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import Verification
from tests.diff.generated_contracts import minimums, pairs, traces
from tests.diff.judging import TODAY
from tests.properties import examples
from tests.sources.trace_strategies import situations

pytestmark = pytest.mark.unmeasured

QUIET: Final[Mapping[str, Any]] = {
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
    "phases": [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
}


def prefixes(trace: Trace, chance: random.Random) -> Iterator[Trace]:
    """Yield what is there of the trace before each further span or log record, in one order of coming."""
    arriving: list[Span | LogRecord] = [*trace.spans, *trace.logs]
    chance.shuffle(arriving)
    for number in range(len(arriving)):
        come = arriving[:number]
        spans = [each for each in come if isinstance(each, Span)]
        logs = [each for each in come if isinstance(each, LogRecord)]
        yield msgspec.structs.replace(trace, spans=spans, logs=logs, complete=False)


def judged(contract: CompiledContract, reading: Reading, *found: Trace) -> Report:
    reading = msgspec.structs.replace(reading, traces=found)
    verification = Verification([contract], reading, VerificationOptions(today=TODAY), use_cache=False)
    for trace in found:
        verification.judge(trace)
    return verification.report(reading)


def assert_stays(contract: CompiledContract, reading: Reading, chance: random.Random, *, orders: int = 4) -> int:
    """Assert that each verdict on a prefix is that on the whole, and return how many were kept early."""
    whole, *others = reading.traces
    in_the_end = judged(contract, reading, msgspec.structs.replace(whole, complete=True), *others)
    kept = 0
    for _ in range(orders):
        for come in prefixes(whole, chance):
            early = judged(contract, reading, come, *others)
            if early.verdict in ("kept", "broken"):
                come_so_far = [span.span_id for span in come.spans], len(come.logs)
                assert early.verdict == in_the_end.verdict, (come_so_far, early.findings, in_the_end.findings)
            kept += early.verdict == "kept"
    return kept


def without_integrity(plan: ContractPlan) -> ContractPlan:
    """Return the contract with no violation among what any trace can give: it alone decides whether it is kept."""
    return replace(plan, levels={**plan.levels, **dict.fromkeys(INTEGRITY, "information")})


def has_unique_ids(reading: Reading) -> bool:
    return all(len({span.span_id for span in trace.spans}) == len(trace.spans) for trace in reading.traces)


@settings(**QUIET, max_examples=examples(1900))
@given(pairs(), traces(), st.randoms(use_true_random=False))
def test_of_generated_contracts(plans: Sequence[ContractPlan], reading: Reading, chance: random.Random) -> None:
    for plan in plans:
        assert_stays(CompiledContract.of(without_integrity(plan)), reading, chance)
        assert assert_stays(CompiledContract.of(plan), reading, chance) == 0, "integrity may still be broken"


@settings(**QUIET, max_examples=examples(400))
@given(minimums(), traces(), st.randoms(use_true_random=False))
def test_of_minimums(plan: ContractPlan, reading: Reading, chance: random.Random) -> None:
    kept = assert_stays(CompiledContract.of(without_integrity(plan)), reading, chance)
    event("kept early" if kept else "not kept early")


@settings(**QUIET, max_examples=examples(300))
@given(situations, st.randoms(use_true_random=False))
def test_of_the_corpus_and_of_traces_of_any_topology(
    situation: tuple[Sequence[CompiledContract], Reading], chance: random.Random
) -> None:
    contracts, reading = situation
    for contract in contracts:
        assert_stays(contract, reading, chance, orders=1)
        if has_unique_ids(reading):
            assert_stays(CompiledContract.of(without_integrity(contract.plan)), reading, chance, orders=1)


ONE_ID: Final[Sequence[ContractPlan]] = [
    load_text(f"{{spanpact: 1, contract: one-id, version: 1.0.0, {body}}}")
    for body in (
        "span: a, attributes: {n: 1}",
        "span: a, where: {kind: server}, children: {b: {span: b, count: 0..1, status: unset}}",
        "span: '*', every: {b: {span: b, count: 0..1}, forbidden: {span: '*', forbid: [email]}}",
        "span: [a, b], every: {r: {span: '*', parents: [none, a], attributes: {n: {optional: true, equals: 1}}}}",
        "span: a, closed: [children], levels: {span-duplicate: improvement}, children: {b: {span: b, count: 0..}}",
        "descendants: {a: {span: a, count: 0..1}, b: {span: b, count: 0.., attributes: {n: 1}}}",
        "every: {r: {span: a, distinct: {n: 0..1}}}, levels: {span-duplicate: 'off', span-times: violation}",
    )
]


@st.composite
def traces_with_one_id(draw: st.DrawFn) -> Reading:
    """A trace in which spans share ids: copies from the start and the end of a span, retries, calls, collisions."""
    number = draw(st.integers(2, 6))
    ids = st.integers(1, 3).map(lambda i: f"{i:016x}")
    resources = st.sampled_from([Resource({"service.name": "one"}), Resource({"service.name": "two"})])
    spans = [
        Span(
            f"{1:032x}",
            draw(ids),
            draw(st.sampled_from(["a", "b", "c", "bob@example.com"])),
            draw(st.just("") | ids),
            draw(st.sampled_from(["internal", "server", "client"])),
            draw(st.integers(1, 2)),
            draw(st.sampled_from([0, 1, 2, 3])),
            draw(st.sampled_from(["unset", "error"])),
            attributes=draw(st.sampled_from([{}, {"n": 1}, {"n": 2}, {"n": float("nan")}])),
            resource=draw(resources),
        )
        for _ in range(number)
    ]
    return Reading(SourceInfo("made"), [Trace(f"{1:032x}", spans)])


@settings(**QUIET, max_examples=examples(600))
@given(st.sampled_from(ONE_ID), traces_with_one_id(), st.randoms(use_true_random=False))
def test_of_spans_with_one_id(plan: ContractPlan, reading: Reading, chance: random.Random) -> None:
    assert_stays(CompiledContract.of(plan), reading, chance)
