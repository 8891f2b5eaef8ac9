"""The public test tools: ids and time that are the same in every run, contracts on in-memory spans."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import spanpact
from spanpact.contract.python_api import Contract, Entry
from spanpact.errors import ContractError
from spanpact.testing import Contracts, CountedIds, ManualClock, assert_kept, plans_of, verify_spans
from spanpact.trace.model import Reading, SourceInfo
from tests.reporting.sample_reports import CONTRACT, changed, in_trace, kept_flow

IN_PYTHON = Contract("work", "1.0.0", span="work", children={"step": Entry("step", attributes={"n": 1})})


def traced(ids: CountedIds, number: int = 1) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(id_generator=ids, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("work"), tracer.start_as_current_span("step", attributes={"n": number}):
        pass
    return exporter


def test_ids_are_the_same_in_every_run() -> None:
    for _ in range(2):
        step, work = traced(CountedIds()).get_finished_spans()
        assert work.context is not None
        assert step.context is not None
        assert (work.context.trace_id, work.context.span_id, step.context.span_id) == (1, 1, 2)
        assert not CountedIds().is_trace_id_random()


def test_seeds_keep_processes_apart() -> None:
    one, other = CountedIds(seed=1), CountedIds(seed=2)
    ids = [f"{ids.generate_trace_id():032x} {ids.generate_span_id():016x}" for ids in (one, one, other)]
    assert ids == [
        "00000001000000000000000000000001 0000000100000001",
        "00000001000000000000000000000002 0000000100000002",
        "00000002000000000000000000000001 0000000200000001",
    ]


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        CountedIds(seed)


def test_ids_are_unique_over_threads() -> None:
    ids = CountedIds()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.generate_span_id(), range(2000)))
    assert sorted(made) == list(range(1, 2001))


async def test_clock_moves_only_when_told() -> None:
    clock = ManualClock()
    assert (clock.monotonic(), clock.time_ns()) == (0.0, 1_767_225_600_000_000_000)
    clock.advance(1.5)
    clock.advance(nanoseconds=1)
    clock.sleep(0.5)
    await clock.sleep_async(1)
    assert (clock.monotonic_ns(), clock(), clock.time()) == (3_000_000_001, 3.000000001, 1_767_225_603.0)
    assert repr(clock) == "<ManualClock 3 s>"
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_spans_of_an_exporter_are_judged_by_contracts_of_every_form(tmp_path: Path) -> None:
    exporter = traced(CountedIds())
    file = tmp_path / "a.contract.yaml"
    file.write_text("spanpact: 1\ncontract: a\nversion: 1.0.0\nspan: work\nstatus: unset\n")
    forms: list[Contracts] = [IN_PYTHON, plans_of(IN_PYTHON)[0], file, str(tmp_path), [IN_PYTHON, file]]
    for contracts in forms:
        assert_kept(verify_spans(contracts, exporter))
    assert [plan.name for plan in plans_of([IN_PYTHON, tmp_path])] == ["work", "a"]


def test_broken_contract_fails_with_the_report_as_its_words() -> None:
    report = verify_spans(IN_PYTHON, traced(CountedIds(), number=2).get_finished_spans())
    with pytest.raises(AssertionError, match=r"(?s)broken.*└─ step .* n=2.*step/attribute-value.*observed   2"):
        assert_kept(report)


def test_nothing_seen_is_never_a_pass() -> None:
    with pytest.raises(AssertionError, match="not checked"):
        assert_kept(verify_spans(IN_PYTHON, []))


def test_spans_traces_and_readings_of_the_model_are_taken_too(tmp_path: Path) -> None:
    file = tmp_path / "s.contract.yaml"
    file.write_text(CONTRACT)
    trace = in_trace(kept_flow(), 1)
    for spans in (kept_flow(), iter(kept_flow()), [trace], Reading(SourceInfo("mine"), [trace])):
        assert verify_spans(file, spans).verdict == "kept"
    assert verify_spans(file, changed(kept_flow(), "redis.get", kind="server")).verdict == "broken"
    assert verify_spans(file, kept_flow(), complete=False).verdict == "not checked"


def test_scenarios_label_all_traces_or_some(tmp_path: Path) -> None:
    file = tmp_path / "s.contract.yaml"
    file.write_text(CONTRACT.replace("version:", "scenario: hit\nversion:"))
    assert verify_spans(file, kept_flow()).verdict == "not checked"
    assert verify_spans(file, kept_flow(), scenario="hit").verdict == "kept"
    assert verify_spans(file, kept_flow(), scenarios={f"{1:032x}": "hit"}).verdict == "kept"


def test_contract_that_is_wrong_raises(tmp_path: Path) -> None:
    with pytest.raises(ContractError):
        verify_spans(Contract("work", "1.0.0", span="work", status=["nonsense"]), [])


def test_every_public_name_of_the_package_is_there() -> None:
    for name in spanpact.__all__:
        assert getattr(spanpact, name)
        assert name in dir(spanpact)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = spanpact.nonsense
