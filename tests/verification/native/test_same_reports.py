"""With the core, the report on a file is what it is without it, to the byte; so is every refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.verification.made_traces import write
from benchmarks.verification.measured_runs import SEVEN
from benchmarks.verification.variations import KINDS
from spanpact.contract.examples import load_examples
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import assignments
from spanpact.sources.files import FileLimits
from spanpact.trace.model import Reading, SourceInfo
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.properties import examples
from tests.sources.every_source import renumbered
from tests.verification.cache.test_verdict_cache import repeated, with_likenesses
from tests.verification.native.core_runs import Counted, both_outcomes
from tests.verification.test_streaming import interleaved_files, one, written

UNCHECKED = FileLimits(checked_keys=0)

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def seven() -> Sequence[CompiledContract]:
    return [CompiledContract.of(load_text(SEVEN))]


@pytest.fixture(scope="module")
def shipped() -> Sequence[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.mark.parametrize("suffix", ["jsonl", "pb"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contracts", ["seven", "shipped"])
def test_traffic_of_every_kind(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    suffix: str,
    contracts: str,
) -> None:
    file = tmp_path / f"traces.{suffix}"
    write(file, 1500, kind=kind)
    counted = Counted(monkeypatch)
    there, wanted = both_outcomes(file, request.getfixturevalue(contracts))
    assert there == wanted
    has_logs = KINDS[kind].logs and suffix == "jsonl"  # a protobuf file has the spans only
    assert 0 < counted.taken < counted.documents if has_logs else 0 < counted.taken == counted.documents
    if kind in ("same", "logs"):
        assert counted.counted > 0.9 * counted.traces


@given(with_likenesses())
@settings(
    max_examples=examples(200),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_traces_of_every_kind(tmp_path: Path, situation: tuple[Sequence[CompiledContract], Reading]) -> None:
    contracts, reading = situation
    for file in interleaved_files(tmp_path, reading):
        there, wanted = both_outcomes(file, contracts, UNCHECKED)
        assert there == wanted


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", ["lines.jsonl", "protobuf.pb"])
def test_examples_of_all_contracts(
    tmp_path: Path, shipped: Sequence[CompiledContract], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each example is there four times, judged by its own contract, of which it breaks nothing or one thing."""
    counted = Counted(monkeypatch)
    for contract in shipped:
        several = [
            Reading(SourceInfo("example"), [msgspec.structs.replace(trace, logs=())])
            for number, example in enumerate(load_examples(contract.plan, assignments=assignments))
            for trace in repeated(renumbered(example.reading, str(number)), 4).traces
        ]
        there, wanted = both_outcomes(written(tmp_path / name, several), [contract], UNCHECKED)
        assert there == wanted
    assert counted.taken > 0.9 * counted.documents
    assert counted.counted > len(shipped)


@pytest.mark.unmeasured
@pytest.mark.parametrize("place", range(len(CASES)), ids=[case.id for case in CASES])
def test_every_case_of_the_corpus_three_times(tmp_path: Path, place: int) -> None:
    requests = [one(span) for trace in repeated(reading_of(place), 3).traces for span in trace.spans]
    if requests:
        file = written(tmp_path / "lines.jsonl", requests)
        there, wanted = both_outcomes(file, [plan_of(place)[1]], UNCHECKED)
        assert there == wanted


TABLE = '{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}'
ODD = {
    "resource with dropped attributes": ('"droppedAttributesCount":1', ""),
    "attribute that is a table": ("", f'{{"key":"t","value":{TABLE}}}'),
    "attribute that is there twice": ("", '{"key":"t","value":{"intValue":"1"}},{"key":"t","value":{"intValue":"2"}}'),
    "attribute without a value": ("", '{"key":"t"}'),
}


@pytest.mark.parametrize("kind", ODD)
def test_spans_without_a_shape(tmp_path: Path, seven: Sequence[CompiledContract], kind: str) -> None:
    resource, attribute = ODD[kind]
    span = '{"traceId":"%032x","spanId":"%016x","name":"session.validate","startTimeUnixNano":"1",'
    span += f'"endTimeUnixNano":"2","attributes":[{attribute}]}}'
    message = f'{{"resourceSpans":[{{"resource":{{{resource}}},"scopeSpans":[{{"spans":[{span}]}}]}}]}}\n'
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(message % (number, number) for number in range(1, 4)))
    for limits in (UNCHECKED, FileLimits()):
        there, wanted = both_outcomes(file, seven, limits)
        assert there == wanted
        assert "session.validate" in wanted[0]
