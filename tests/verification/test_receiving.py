"""What a receiver has kept is judged as streamed documents, with the report that its traces give when they are read."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.verification.encoded_requests import in_protobuf
from benchmarks.verification.made_traces import requests
from benchmarks.verification.measured_runs import SEVEN
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.otlp import Signal, encode_traces_json
from spanpact.reporting import render_json, render_text
from spanpact.sources import OtlpReceiver, ReceiverLimits
from spanpact.sources.receiver.intake.received_traffic import NOTHING_GROWS
from spanpact.sources.receiver.intake.request_body import check_body
from spanpact.sources.receiver.responses import Encoding
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.receiving import verify_received
from spanpact.verification.verifying import verify
from tests.properties import examples
from tests.sources.every_source import as_protobuf
from tests.verification.cache.test_verdict_cache import with_likenesses

LIMITS = ReceiverLimits()


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


def keep(
    receiver: OtlpReceiver, encoding: Encoding, data: bytes, *, signal: Signal = "traces", rejected: int = 0
) -> None:
    receiver.sessions.keep("", check_body(signal, encoding, data, LIMITS), rejected=rejected)


def assert_same(receiver: OtlpReceiver, contracts: Sequence[CompiledContract], since: float = NOTHING_GROWS) -> Report:
    there = verify_received(receiver, contracts, growing_since=since)
    wanted = verify(contracts, receiver.reading(receiver.sessions.default, since))
    assert render_json(there) == render_json(wanted)
    assert render_text(there) == render_text(wanted)
    return there


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_traces_of_many_requests_are_not_held(encoding: Encoding) -> None:
    receiver = OtlpReceiver()
    for request in requests(1000, 16):
        keep(receiver, encoding, encode_traces_json(request) if encoding == "json" else in_protobuf(request))
    report = assert_same(receiver, [CompiledContract.of(load_text(SEVEN))])
    assert report.reading is not None
    assert (report.reading.traces, report.reading.span_count) == ([], receiver.received)


@given(with_likenesses())
@settings(
    max_examples=examples(60),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_traces_of_every_kind(situation: tuple[Sequence[CompiledContract], Reading]) -> None:
    """Each span is in its own body, every second one in protobuf; traces that got one of the last three may grow."""
    contracts, reading = situation
    receiver = OtlpReceiver()
    for number, span in enumerate(span for trace in reading.traces for span in trace.spans):
        document = encode_traces_json(Reading(SourceInfo("one"), [Trace(span.trace_id, [span])]))
        message = as_protobuf(document) if number % 2 else None
        keep(receiver, "protobuf" if message else "json", message[0] if message else document)
    assert_same(receiver, contracts)
    arrivals = [body.arrived for _, body in receiver.sessions.default.bodies.iterate()]
    for since in {-math.inf, *arrivals[-3:]}:
        assert_same(receiver, contracts, since)


def parent_and_child(number: int) -> Reading:
    trace_id = f"{number:032x}"
    spans = [Span(trace_id, f"{2:016x}", "child", f"{1:016x}", start_ns=2, end_ns=3)]
    spans.append(Span(trace_id, f"{1:016x}", "top", start_ns=1, end_ns=4))
    return Reading(SourceInfo("made"), [Trace(trace_id, spans)])


TOP = load_text("{spanpact: 1, contract: c, version: 1.0.0, span: top, children: {one: {span: child}}}")


def test_a_trace_that_still_grows_is_judged_as_incomplete() -> None:
    receiver, contracts = OtlpReceiver(), [CompiledContract.of(TOP)]
    keep(receiver, "json", encode_traces_json(parent_and_child(1)))
    [arrived] = [body.arrived for _, body in receiver.sessions.default.bodies.iterate()]
    while receiver.sessions.default.spans != 4:
        keep(receiver, "json", encode_traces_json(parent_and_child(2)))
    bodies = list(receiver.sessions.default.bodies.iterate())
    assert bodies[1][1].arrived > arrived
    assert assert_same(receiver, contracts).verdict == "kept"
    assert assert_same(receiver, contracts, arrived).exit_code == 3
    assert assert_same(receiver, contracts, bodies[1][1].arrived).verdict == "kept"


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_a_body_of_which_a_part_is_kept(shipped: list[CompiledContract], encoding: Encoding) -> None:
    receiver = OtlpReceiver(limits=ReceiverLimits(spans=100))
    for number, request in enumerate(requests(150, 16)):
        data = encode_traces_json(request) if encoding == "json" else in_protobuf(request)
        keep(receiver, encoding, data, rejected=5 if number == 1 else 0)
    report = assert_same(receiver, shipped)
    assert report.reading is not None
    assert report.reading.span_count == 100
    assert receiver.dropped > 0


def test_log_records_are_judged_with_their_spans(shipped: list[CompiledContract]) -> None:
    receiver = OtlpReceiver()
    request = next(iter(requests(50, 16)))
    trace_id = request.traces[0].trace_id
    keep(receiver, "json", encode_traces_json(request))
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"traceId": trace_id, "body": {"stringValue": "a"}}]}]}]}
    keep(receiver, "json", json.dumps(logs).encode(), signal="logs")
    assert_same(receiver, shipped)
    # spans in a body for logs, and the other way round, do not count
    keep(receiver, "json", encode_traces_json(parent_and_child(7)), signal="logs")
    assert_same(receiver, shipped)


def test_the_name_of_the_source_can_be_without_an_address() -> None:
    receiver = OtlpReceiver()
    keep(receiver, "json", encode_traces_json(parent_and_child(1)))
    options = VerificationOptions(header=(("a", "b"),))
    report = verify_received(receiver, [CompiledContract.of(TOP)], options, source_name="OTLP receiver")
    assert report.reading is not None
    assert (report.reading.source.name, report.header) == ("OTLP receiver", (("a", "b"),))
    assert report.reading.source == msgspec.structs.replace(receiver.info, name="OTLP receiver")


def test_the_clock_of_a_trace_that_grows_may_turn_out_finer() -> None:
    """What is judged first, with the coarsest resolution that was possible then, is judged anew."""
    late = load_text("{spanpact: 1, contract: c, version: 1.0.0, span: top, duration: 1ms, children: {x: {span: x}}}")
    receiver = OtlpReceiver()
    starts = [(1, 1_000_000, 9_000_000), (2, 3_000_000, 20_000_000), (3, 1_001_000, 2_000_000)]
    for number, start, end in starts:
        spans = [Span(f"{number:032x}", f"{1:016x}", "top", start_ns=start, end_ns=end)]
        spans.append(Span(f"{number:032x}", f"{2:016x}", "x", f"{1:016x}", start_ns=start, end_ns=end + 5_000_000))
        keep(receiver, "json", encode_traces_json(Reading(SourceInfo("made"), [Trace(spans[0].trace_id, spans)])))
    assert_same(receiver, [CompiledContract.of(late)], -math.inf)
