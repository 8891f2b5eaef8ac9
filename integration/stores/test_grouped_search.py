"""A search in ClickHouse is judged by groups with the report of reading all of it, as text and as JSON."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence

import msgspec
import pytest
from hypothesis import given, settings

from benchmarks.verification.made_traces import spans as made_spans
from benchmarks.verification.variations import KINDS
from integration.stores.clickhouse_server import Table
from integration.stores.judging import QUIET, Situation, has_spans
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import load_examples
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import assignments
from spanpact.findings import Report
from spanpact.reporting import TextOptions, render_json, render_text
from spanpact.sources import ClickHouseSource, TraceQuery
from spanpact.trace.model import Reading, Resource, SourceInfo, Span, Trace
from spanpact.verification.grouped_search import grouped_search, judging, verify_grouped_search
from spanpact.verification.live_search import verify_search
from spanpact.verification.options import VerificationOptions
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.properties import examples
from tests.sources.every_source import renumbered
from tests.sources.trace_strategies import situations
from tests.verification.archives.test_grouping import DIFFERENT, trace
from tests.verification.judged_traces import CONTRACT, judged_by
from tests.verification.test_same_verdict import each_id_once, utf8

OPTIONS = VerificationOptions(allow_unseen=True)
Contracts = Sequence[CompiledContract | ContractPlan]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of the traces that a grouped search judges, in order."""
    return judged_by(judging, monkeypatch)


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let groups be made of a few traces, too."""
    monkeypatch.setattr(grouped_search, "_LEAST_TRACES", 1)
    monkeypatch.setattr(grouped_search, "_MOST_JUDGED", 1.0)


def of_service(readings: Iterable[Reading], service: str) -> Reading:
    """Return the traces of readings with spans of one service, beside what else their resources have."""
    traces = [
        msgspec.structs.replace(each, spans=[_of_service(span, service) for span in each.spans], logs=())
        for reading in readings
        for each in reading.traces
        if each.spans
    ]
    return Reading(SourceInfo("made"), traces)


def _of_service(span: Span, service: str) -> Span:
    resource = Resource({**span.resource.attributes, "service.name": service})
    return msgspec.structs.replace(span, resource=resource)


def source_of(table: Table, service: str) -> ClickHouseSource:
    return ClickHouseSource(table.url, database=table.database, query=TraceQuery(service, since=1e10))


def texts(report: Report) -> tuple[str, str]:
    return render_text(report, TextOptions(coverage=True, everything=True)), render_json(report)


def assert_same(
    table: Table, readings: Iterable[Reading], contracts: Contracts, options: VerificationOptions = OPTIONS
) -> Report | None:
    """Write traces, and compare the reports. Return that of the grouped search, None if there is none."""
    service = secrets.token_hex(8)
    reading = of_service(readings, service)
    for i in range(0, len(reading.traces), 500):
        assert table.write(msgspec.structs.replace(reading, traces=reading.traces[i : i + 500])) == "ok"
    grouped = verify_grouped_search(source_of(table, service), contracts, options)
    if grouped is not None:
        whole = verify_search(source_of(table, service), contracts, options)
        assert whole is not None
        assert texts(grouped) == texts(whole)
    return grouped


def several(spans: Sequence[Sequence[Span]], times: int = 8) -> list[Reading]:
    """Return traces several times, each with other ids."""
    readings = [Reading(SourceInfo("made"), [Trace(each[0].trace_id, each)]) for each in spans]
    return [renumbered(each, secrets.token_hex(8)) for _ in range(times) for each in readings]


@pytest.mark.parametrize("pair", DIFFERENT)
def test_what_contracts_distinguish_has_different_keys(
    map_table: Table, judged: list[str], pair: tuple[list[Span], list[Span]]
) -> None:
    assert assert_same(map_table, several(pair), [CONTRACT])
    if pair[0][0].parent_remote == pair[1][0].parent_remote:  # which a table does not hold
        assert len(set(judged)) >= 2


@pytest.mark.parametrize("values", [["clean", "bob@example.com"], ["a b", "5"], ["[1]", "x1"], ["", "y"], ["1,2", "-"]])
def test_what_never_repeats_is_screened(map_table: Table, judged: list[str], values: list[str]) -> None:
    """Expect that values that may be another thing are judged one by one, of more than are looked at."""
    made = [trace(attributes={"u": f"text {i}", "id": f"id {i}"}) for i in range(150)]
    odd = [trace(attributes={"u": value, "id": value}) for value in values for _ in range(3)]
    report = assert_same(map_table, several([*made, *odd], 1), [CONTRACT])
    assert report is not None
    assert len(set(judged)) < 20


def test_numbers_between_bounds_are_alike(map_table: Table, judged: list[str]) -> None:
    made = [trace(attributes={"n": 2.5 + i / 64}) for i in range(150)]
    report = assert_same(map_table, several(made, 1), [CONTRACT])
    assert report is not None
    assert any(result.findings for result in report.results)
    assert len(set(judged)) < 50  # 32 are below the bound


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_traffic_of_every_kind(map_table: Table, kind: str) -> None:
    shipped = [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]
    by_id: dict[str, list[Span]] = {}
    for span in made_spans(3000, kind=kind, seed=secrets.randbits(32)):
        by_id.setdefault(span.trace_id, []).append(span)
    reading = Reading(SourceInfo("made"), [Trace(trace_id, spans) for trace_id, spans in by_id.items()])
    assert assert_same(map_table, [reading], shipped)


@given(situations.filter(has_spans))
@settings(max_examples=examples(60), **QUIET)
def test_traces_of_every_kind(map_table: Table, situation: Situation) -> None:
    contracts, reading = situation
    once = each_id_once(utf8(reading))
    assert_same(map_table, [renumbered(once, secrets.token_hex(8)) for _ in range(6)], contracts)


def is_exported(reading: Reading) -> bool:
    """Return whether the exporter takes the traces: it refuses ids of another length."""
    ids = [each for trace in reading.traces for span in trace.spans for each in (span.span_id, span.parent_id)]
    return {0, 16}.issuperset(map(len, ids))


def has_links(reading: Reading) -> bool:
    return any(span.links for trace in reading.traces for span in trace.spans)


@pytest.mark.parametrize("place", [each for each in range(0, len(CASES), 7) if is_exported(reading_of(each))])
def test_the_corpus(map_table: Table, place: int) -> None:
    reading = reading_of(place)
    assert_same(map_table, [renumbered(reading, secrets.token_hex(8)) for _ in range(6)], [plan_of(place)[1]])


def test_all_examples_of_all_shipped_contracts(map_table: Table) -> None:
    """Judge all without links: these may lead to other traces, so that the search is read whole."""
    plans = load_contracts([shipped_contracts()])
    readings = [each.reading for plan in plans for each in load_examples(plan, assignments=assignments)]
    exported = [each for each in readings if is_exported(each) and not has_links(each)]
    assert len(exported) > 100
    repeated = [renumbered(each, secrets.token_hex(8)) for _ in range(6) for each in exported]
    assert assert_same(map_table, repeated, plans)


def test_a_trace_that_grows_is_left_out(map_table: Table) -> None:
    now = time.time_ns()
    young = [Span("a" * 32, "1" * 16, "top", start_ns=now - 10**9 + 77, end_ns=now - 10**9 + 1077)]
    report = assert_same(map_table, several([trace(), young]), [CONTRACT])
    assert report is not None
    assert report.reading is not None
    assert (report.reading.trace_count, report.reading.left_out) == (8, 8)


def test_columns_of_json_are_read_whole(json_table: Table) -> None:
    assert assert_same(json_table, several([trace()]), [CONTRACT]) is None
