"""One contract, many sources, the same verdict: memory, files of every form, the receiver by every way.

Jaeger's part is integration/test_same_verdict.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from spanpact.engine import CompiledContract
from spanpact.engine.checks.values.matching import TYPE_UNKNOWN
from spanpact.findings import Report
from spanpact.sources import MemorySource, OtlpReceiver, encode_traces_json
from spanpact.trace.attributes import attributes_of, pairs_of
from spanpact.trace.model import LogRecord, Reading, SourceInfo, Span, Trace
from spanpact.verification.verifying import verify
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.engine.test_hostile_traces import CONTRACTS, TRACE, logs, spans
from tests.properties import examples
from tests.sources.every_source import (
    as_protobuf,
    as_text,
    by_grpc,
    by_json,
    by_protobuf,
    differences,
    from_files,
    only,
    renumbered,
    without_capabilities,
)
from tests.sources.sdk_spans import can_be_recorded, recorded
from tests.sources.trace_strategies import situations

Situation: TypeAlias = tuple[Sequence[CompiledContract], Reading]
SALTS = map(str, itertools.count())
QUIET: Any = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver(grpc=True) as listening:
        listening.finish()
        yield listening


def judged(contracts: Sequence[CompiledContract], reading: Reading) -> Report:
    return verify(contracts, reading)


def in_memory(reading: Reading) -> tuple[Reading, bytes, bytes]:
    """Return these traces as the memory source reads them from an SDK, and as the SDK's exporters send them."""
    spans, logs = recorded(reading)
    scenarios = {trace.trace_id: trace.scenario for trace in reading.traces}
    memory = MemorySource(spans, logs=logs, scenarios=scenarios, offered=reading.offered).read()
    return memory, encode_spans(spans).SerializeToString(), encode_logs(logs).SerializeToString()


def assert_same(contracts: Sequence[CompiledContract], first: Reading, other: Reading, way: str) -> None:
    there = only(other, first)
    wanted = judged(contracts, without_capabilities(first, there.source))
    assert differences(judged(contracts, there), wanted) == [], way


def arrived(receiver: OtlpReceiver, way: str, reading: Reading, spans: bytes, logs: bytes) -> Reading:
    """Send the traces to the receiver this way and return what it read."""
    compressed = way.endswith("gzip")
    if way.startswith("json"):
        by_json(receiver, reading, compressed=compressed)
    elif way.startswith("grpc"):
        by_grpc(receiver, spans, logs, compressed=compressed)
    else:
        by_protobuf(receiver, spans, logs, compressed=compressed)
    return msgspec.structs.replace(receiver.read(), offered=reading.offered)


WAYS = ("json", "json gzip", "protobuf", "protobuf gzip", "grpc", "grpc gzip")


@given(situations)
@settings(max_examples=examples(25), **QUIET)
def test_files_say_what_memory_says(tmp_path: Path, situation: Situation) -> None:
    contracts, reading = situation
    memory, exported, _ = in_memory(reading)
    for way, other in from_files(tmp_path, memory, exported):
        assert_same(contracts, spans_only(memory) if way.startswith("exported") else memory, other, way)


@given(situations, st.sampled_from(WAYS))
@settings(max_examples=examples(40), **QUIET)
def test_the_receiver_says_what_memory_says(receiver: OtlpReceiver, situation: Situation, way: str) -> None:
    contracts, reading = situation
    memory, *exported = in_memory(renumbered(reading, next(SALTS)))
    assert_same(contracts, memory, arrived(receiver, way, memory, *exported), way)


@given(st.lists(spans, min_size=1, max_size=6), st.lists(logs, max_size=2))
@settings(max_examples=examples(25), **QUIET)
def test_what_no_sdk_would_make_is_judged_alike_where_it_can_be_written(
    tmp_path: Path, receiver: OtlpReceiver, made: list[Span], said_beside: list[LogRecord]
) -> None:
    """Malformed ids, no kind, negative times, integers beyond 64 bits: JSON holds them, protobuf some of them."""
    # A log record with an id of zeros belongs to no span, whatever the spans call themselves (ADR 0024).
    records = [
        msgspec.structs.replace(log, span_id=log.span_id if log.span_id.strip("0") else "") for log in said_beside
    ]
    reading = renumbered(Reading(SourceInfo("made"), [utf8(Trace(TRACE, made, records))], 3), next(SALTS))
    for way, other in from_files(tmp_path, reading):
        assert_same(CONTRACTS, spans_only(reading) if way.startswith("exported") else reading, other, way)
    assert_same(CONTRACTS, reading, arrived(receiver, "json", reading, b"", b""), "json")


@given(situations)
@settings(max_examples=examples(60), **QUIET)
def test_where_lists_are_texts_nothing_else_is_reported_than_where_they_are_lists(situation: Situation) -> None:
    """What cannot be decided is not checked: no finding is invented, and a missing one is reported as not checked."""
    contracts, reading = situation[0], written_out(each_id_once(situation[1]))
    source = msgspec.structs.replace(reading.source, capabilities=reading.source.capabilities - {"value_types"})
    whole, texts = (judged(contracts, without_capabilities(reading, each)) for each in (reading.source, source))
    assert departures(texts) - departures(whole) == set()
    for contract, there in zip(whole.results, texts.results, strict=True):
        if departures(whole, contract.contract) - departures(texts, contract.contract):
            assert any(each.detail == TYPE_UNKNOWN.detail for each in there.not_checked), contract.contract


def departures(report: Report, contract: str | None = None) -> set[tuple[str, ...]]:
    """Return the findings with their spans, without what depends on how values are written.

    An empty text has the wrong value where null would have the wrong type; and two spans may be assigned the other way
    round.
    """
    return {
        (f.contract, f.key.replace("-type", "-value"), f.keyword, f.trace_id, f.span_id, f.condition)
        + ((f.message,) if f.id == "privacy-leak" else ())
        for f in report.findings
        if f.id != "match-ambiguous" and contract in (None, f.contract)
    }


def each_id_once(reading: Reading) -> Reading:
    """Return the reading with only the last of spans with one id: which one is judged depends on their encoding."""
    traces = [
        msgspec.structs.replace(trace, spans=list({span.span_id: span for span in trace.spans}.values()))
        for trace in reading.traces
    ]
    return msgspec.structs.replace(reading, traces=traces)


def written_out(value: Any) -> Any:
    """Return the value without lists and maps that JSON cannot hold, as a number in them is not finite."""
    if isinstance(value, dict):
        return attributes_of(
            [
                (name, [] if isinstance(each, list | dict) and not as_text(each) else each)
                for name, each in pairs_of(value)
            ]
        )
    if isinstance(value, list | tuple):
        return [written_out(each) for each in value]
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: written_out(getattr(value, name)) for name in value.__struct_fields__})
    return value


def spans_only(reading: Reading) -> Reading:
    return msgspec.structs.replace(
        reading, traces=[msgspec.structs.replace(trace, logs=()) for trace in reading.traces]
    )


def utf8(value: Any) -> Any:
    """Return the value as it is written to a file, with a question mark for every lone surrogate."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [utf8(each) for each in value]
    if isinstance(value, dict):
        return attributes_of([(utf8(name), utf8(each)) for name, each in pairs_of(value)])
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: utf8(getattr(value, name)) for name in value.__struct_fields__})
    return value


@pytest.mark.unmeasured
@pytest.mark.parametrize("file", sorted({case.file for case in CASES}))
def test_every_case_of_the_corpus_is_judged_alike(file: str, tmp_path: Path, receiver: OtlpReceiver) -> None:
    """Each way carries the traces of all cases at once, and each case is judged by itself."""
    cases = [(CASES[p].id, [plan_of(p)[1]], renumbered(reading_of(p), next(SALTS))) for p in in_file(file)]
    for case, contracts, reading in cases:
        if can_be_recorded(reading):
            assert_same(contracts, flagged(reading), in_memory(reading)[0], f"{case}: memory")
    together = gathered(reading for _, _, reading in cases)
    for way, other in from_files(tmp_path, together, compressed=False):
        for case, contracts, reading in cases:
            assert_same(
                contracts, spans_only(reading) if way.startswith("exported") else reading, other, f"{case}: {way}"
            )
    for way in ("json", "protobuf gzip", "grpc"):
        sent = {case: (contracts, renumbered(reading, way)) for case, contracts, reading in cases if has_ids(reading)}
        every = gathered(reading for _, reading in sent.values())
        written = as_protobuf(encode_traces_json(every))
        if written is None and not way.startswith("json"):
            continue  # a file with ids that are not of bytes
        come = arrived(receiver, way, every, *(written or (b"", b"")))
        for case, (contracts, reading) in sent.items():
            assert_same(contracts, reading, come, f"{case}: {way}")


def has_ids(reading: Reading) -> bool:
    """Return whether the traces can be given new ids: those of other cases would be mixed with them in one receiver."""
    return all(
        trace.trace_id != again.trace_id
        for trace, again in zip(reading.traces, renumbered(reading, "x").traces, strict=True)
    )


def in_file(file: str) -> Iterator[int]:
    """Yield the cases of a corpus file that an OTLP file can hold: with ids in lower case."""
    for place, case in enumerate(CASES):
        if case.file == file and case.case["description"] != "capital letters":
            yield place


def gathered(readings: Iterable[Reading]) -> Reading:
    """Return one reading with all traces."""
    return Reading(SourceInfo("gathered"), [trace for reading in readings for trace in reading.traces])


def flagged(reading: Reading) -> Reading:
    """Return the reading as an SDK makes it: with the remote flag of every parent."""
    return msgspec.structs.replace(
        reading,
        traces=[
            msgspec.structs.replace(
                trace,
                spans=[msgspec.structs.replace(span, parent_remote=bool(span.parent_remote)) for span in trace.spans],
            )
            for trace in reading.traces
        ],
    )
