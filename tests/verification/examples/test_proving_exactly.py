"""What is proven is what judging every example without every expectation gives, however few are judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.growth.dimensions import LINEAR
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import load_examples
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import assignments
from spanpact.findings import Report
from spanpact.trace.model import Reading
from spanpact.verification.examples.expectation_removal import without
from spanpact.verification.examples.proving import JudgedReading, proofs
from spanpact.verification.verifying import verify
from tests.counted_calls import count_calls
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.properties import examples
from tests.sources.trace_strategies import situations


def result(report: Report) -> Counter[tuple[str, str, bool]]:
    found = (each for each in report.findings if each.id != "match-ambiguous")
    return Counter((each.key, each.level, each.pending is not None) for each in found)


def judged_without(plan: ContractPlan, readings: Sequence[Reading]) -> dict[tuple[str, str], bool]:
    """Return what is proven, by judging every reading without every expectation."""
    whole = [result(verify([plan], reading)) for reading in readings]
    proven: dict[tuple[str, str], bool] = {}
    for id, keyword in CompiledContract.of(plan).expectations.keys:
        reduced = without(plan, id, keyword)
        if reduced is not plan:
            contract = CompiledContract.of(reduced)
            others = (result(verify([contract], reading)) for reading in readings)
            proven[id, keyword] = any(one != other for one, other in zip(others, whole, strict=True))
    return proven


def proven(plan: ContractPlan, readings: Sequence[Reading]) -> dict[tuple[str, str], bool]:
    return proofs(plan, [JudgedReading(reading, verify([plan], reading)) for reading in readings])


@pytest.mark.unmeasured
@pytest.mark.parametrize("place", range(len(CASES)), ids=[case.id for case in CASES])
def test_every_case_of_the_corpus(place: int) -> None:
    plan, readings = plan_of(place)[0], [reading_of(place)]
    assert proven(plan, readings) == judged_without(plan, readings)


ATTRIBUTES = "attributes: {a: 1, b: {type: int, optional: true}, c: absent, 'd|e': {optional: true, type: int}}\n"
CLOSED = {
    "alone": "",
    "a rule names one": "every: {r: {span: '*', attributes: {b: {optional: true, at_most: 9}}}}\n",
    "a condition names one": "conditions: {x: {when: {top: {attributes: {b: 2}}}, then: {top: {kind: client}}}}\n",
    "one of two": "exactly_one_true: [d, f]\n",
    "a level": "levels: {attribute-extra: information}\n",
    "no such finding": "levels: {attribute-extra: off}\n",
    "pending": "pending: {top: {reason: later, owner: team, until: 2999-01-01}}\n",
    "a nested place": "children: {get: {span: get, closed: [attributes], attributes: {a: present, g: absent}}}\n",
    "competing places": "children: {g: {span: get, closed: [attributes], attributes: {a: 1}}, h: {span: get}}\n",
}
TRACES = [
    "[{span: work, attributes: {a: 1}, children: [get]}]",
    "[{span: work, attributes: {a: 2, b: 2}, children: [{span: get, attributes: {a: 1}}]}]",
    "[{span: work, attributes: {a: 1, c: 3}, children: [{span: get, attributes: {a: x, g: 1}}, get]}]",
    "[{span: work, attributes: {b: 9, d: true, z: 1}}]",
    "[{span: work, attributes: {a: 1, b: 2, e: 5, f: true}}]",
]


@pytest.mark.parametrize("more", CLOSED.values(), ids=CLOSED)
def test_attributes_of_a_closed_place(more: str) -> None:
    examples = "".join(f"  e{n}: {{trace: {trace}}}\n" for n, trace in enumerate(TRACES))
    head = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: work\nclosed: [attributes]\n"
    plan = load_text(f"{head}{ATTRIBUTES}{more}examples:\n{examples}")
    readings = [each.reading for each in load_examples(plan, assignments=assignments, one_kind=True)]
    for some in (readings, *([each] for each in readings)):
        assert proven(plan, some) == judged_without(plan, some)


def test_work_grows_with_the_attributes_of_a_closed_place() -> None:
    def calls_for(size: int) -> int:
        names = [f"k{size}.{n}" for n in range(size)]
        matchers = "".join(f"  {name}: {{matches: '[a-z]+{size}'}}\n" for name in names)
        trace = f"[{{span: work, attributes: {{{', '.join(f'{name}: x{size}' for name in names)}}}}}]"
        head = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: work\nclosed: [attributes]\nattributes:\n"
        plan = load_text(f"{head}{matchers}examples: {{good: {{trace: {trace}}}}}\n")
        readings = [each.reading for each in load_examples(plan, one_kind=True)]
        return count_calls(lambda: proven(plan, readings))

    calls_for(20)  # what is imported once
    assert calls_for(200) < LINEAR * calls_for(50)


@pytest.mark.expensive
@pytest.mark.unmeasured
@pytest.mark.parametrize("name", ["redis-command", "session-validate", "request-log"])
def test_a_shipped_contract_with_a_third_of_its_examples(name: str) -> None:
    (plan,) = (each for each in load_contracts([shipped_contracts()]) if each.name == name)
    readings = [each.reading for each in load_examples(plan, assignments=assignments)][::3]
    assert proven(plan, readings) == judged_without(plan, readings)


@given(situations)
@settings(
    max_examples=examples(100), derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
def test_generated_contracts_and_traces(situation: tuple[Sequence[CompiledContract], Reading]) -> None:
    contracts, reading = situation
    for contract in contracts:
        assert proven(contract.plan, [reading]) == judged_without(contract.plan, [reading])
