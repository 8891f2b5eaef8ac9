"""The export path: one call sets it up, deadlines are kept, and the ledger tells the truth (S1.1 to S1.5)."""

from __future__ import annotations

import gc
import logging
import socket
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, set_span_in_context

from reference_impl.export import span_encoding
from reference_impl.export.ledger import SpanLedger
from reference_impl.export.sanitizing import MAX_TEXT
from reference_impl.export.span_exporter import SplittingExporter
from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry import Telemetry, configure_tracing
from reference_impl.telemetry.log_limits import MAX_LINE, BoundedLog
from reference_impl.telemetry.sampling import make_sampler
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.python_process import run_python

# Asked for below is at most 0.8 s; the SDK by itself takes 13 s and more. A slow machine is neither.
MUCH_TOO_LONG_S = 8.0


def settings_for(url: str = "http://127.0.0.1:9", **more: Any) -> Settings:
    return Settings.load({}, endpoint=url, **{"schedule_delay_ms": 60_000, "exit_deadline_s": 1, **more})


def make_spans(telemetry: Telemetry, number: int, name: str = "work") -> None:
    tracer = telemetry.tracer("tests")
    for index in range(number):
        tracer.start_span(f"{name} {index}").end()


class Collecting(SpanExporter):
    """An exporter in memory that can be made to raise, to refuse and to hang."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.poison: dict[str, BaseException] = {}
        self.result = SpanExportResult.SUCCESS
        self.released = threading.Event()
        self.released.set()
        self.shutdowns = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.released.wait(60)
        for span in spans:
            if span.name in self.poison:
                raise self.poison[span.name]
        self.names += [span.name for span in spans]
        return self.result

    def shutdown(self) -> None:
        self.shutdowns += 1
        self.released.set()


def test_spans_reach_the_endpoint_with_the_resource_and_headers_of_the_settings(sink: OtlpSink) -> None:
    settings = Settings.load(
        {
            "JAEGER_ENDPOINT": sink.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=blue%20team",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_RESOURCE_ATTRIBUTES": "team=core",
        }
    )
    telemetry = configure_tracing(settings)
    make_spans(telemetry, 258)
    assert telemetry.flush(10)
    assert len(sink.spans) == 258
    assert len(sink.headers) == 2  # 256 at most in one request
    assert sink.headers[0]["x-tenant"] == "blue team"
    assert sink.headers[0]["content-encoding"] == "gzip"
    expected = {
        "service.name": "studio-api",
        "service.version": "0.1.0",
        "deployment.environment": "development",
        "deployment.environment.name": "development",
        "team": "core",
    }
    assert expected.items() <= sink.resources[0].items()
    assert telemetry.shutdown(5)
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, reading.lost_total, reading.pending) == (258, 258, 0, 0)


def test_exports_give_way_to_others_until_a_quarter_of_the_queue_waits(
    sink: OtlpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry = configure_tracing(settings_for(sink.url, max_queue_size=400, max_export_batch_size=400))
    waiting: list[int] = []
    monkeypatch.setattr(span_encoding, "sleep", lambda _: waiting.append(telemetry.ledger().pending))
    make_spans(telemetry, 101)
    assert telemetry.flush(10)
    assert waiting == [], "too many wait"
    make_spans(telemetry, 100)
    assert telemetry.flush(10)
    assert len(waiting) >= 25
    assert set(waiting) == {100}
    telemetry.shutdown()
    assert len(sink.spans) == 201


def test_the_resource_of_the_environment_wins_unless_an_argument_speaks() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=staging"}
    for more, place in (({}, "staging"), ({"environment": "development"}, "development")):
        telemetry = configure_tracing(Settings.load(environ, **more), span_processors=[SpanProcessor()])
        assert telemetry.provider.resource.attributes["deployment.environment.name"] == place
        assert telemetry.provider.resource.attributes["deployment.environment"] == place
        telemetry.shutdown()


def test_a_dead_endpoint_costs_the_caller_nothing_and_flush_says_false_in_time() -> None:
    telemetry = configure_tracing(settings_for())
    make_spans(telemetry, 10)
    start = time.monotonic()
    assert telemetry.flush(0.3) is False
    assert telemetry.shutdown(0.5) is False
    assert time.monotonic() - start < MUCH_TOO_LONG_S
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, reading.lost_total, reading.pending) == (10, 0, 10, 0)


@pytest.mark.parametrize("behaviour", ["black hole", "no answer"])
def test_a_hanging_endpoint_keeps_the_deadlines(sink: OtlpSink, behaviour: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        sink.released.clear()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}" if behaviour == "black hole" else sink.url
        telemetry = configure_tracing(settings_for(url))
        make_spans(telemetry, 3)
        start = time.monotonic()
        assert telemetry.flush(0.2) is False
        assert telemetry.shutdown(0.3) is False
        assert time.monotonic() - start < MUCH_TOO_LONG_S
        reading = telemetry.ledger()
        assert dict(reading.lost) == {"deadline": 3}
        sink.released.set()
    assert telemetry.ledger() == reading  # sealed: what happens later changes nothing


@pytest.mark.parametrize("status", [400, 500])
def test_an_error_status_loses_the_batch_and_flush_says_so_once(sink: OtlpSink, status: int) -> None:
    sink.status = status
    telemetry = configure_tracing(settings_for(sink.url))
    make_spans(telemetry, 5)
    assert telemetry.flush(10) is False
    assert dict(telemetry.ledger().lost) == {"export": 5}
    assert len(sink.headers) == 1  # never sent again in pieces
    sink.status = 200
    make_spans(telemetry, 2)
    assert telemetry.flush(10) is True
    assert telemetry.shutdown(5) is True
    assert telemetry.ledger().stored == 2


def test_partial_success_is_counted(sink: OtlpSink) -> None:
    sink.rejected = 2
    telemetry = configure_tracing(settings_for(sink.url))
    make_spans(telemetry, 5)
    assert telemetry.flush(10) is False
    reading = telemetry.ledger()
    assert (reading.stored, dict(reading.lost)) == (3, {"rejected": 2})
    sink.reply = b"\xff\xff not an OTLP message"
    make_spans(telemetry, 1)
    assert telemetry.flush(10) is True
    telemetry.shutdown(5)


def test_a_poison_span_loses_only_itself(sink: OtlpSink) -> None:
    telemetry = configure_tracing(settings_for(sink.url))
    tracer = telemetry.tracer("tests")
    make_spans(telemetry, 30)
    tracer.start_span("negative", start_time=-5).end()
    tracer.start_span(5).end()  # type: ignore[arg-type]
    make_spans(telemetry, 31)
    assert telemetry.flush(10) is False
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, dict(reading.lost)) == (63, 61, {"encode": 2})
    assert len(sink.spans) == 61
    telemetry.shutdown(5)


def test_values_are_made_safe_before_they_leave(sink: OtlpSink) -> None:
    telemetry = configure_tracing(settings_for(sink.url))
    span = telemetry.tracer("tests").start_span("lone \ud800")
    span.set_attributes(
        {"nan": float("nan"), "list": [1.0, float("inf")], "huge": "x" * (MAX_TEXT + 10), "bad \udfff": "ok", "fine": 1}
    )
    span.add_event("event \udc00", {"text": "\udc00", "number": float("-inf")})
    span.set_status(StatusCode.ERROR, "status \ud800")
    span.end()
    assert telemetry.flush(10) is True
    assert telemetry.ledger().altered == 1
    (stored,) = sink.spans
    assert (stored.name, stored.status.message) == ("lone \ufffd", "status \ufffd")
    values = {item.key: item.value for item in stored.attributes}
    assert values["nan"].string_value == "NaN"
    assert values["list"].array_value.values[1].string_value == "Infinity"
    assert len(values["huge"].string_value) == MAX_TEXT
    assert values["bad \ufffd"].string_value == "ok"
    assert stored.events[0].name == "event \ufffd"
    assert stored.events[0].attributes[1].value.string_value == "-Infinity"
    telemetry.shutdown(5)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)], ids=["Exception", "BaseException"])
def test_an_exporter_that_raises_loses_only_what_it_raised_for(error: BaseException) -> None:
    exporter = Collecting()
    exporter.poison["work 7"] = error
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    make_spans(telemetry, 20)
    assert telemetry.flush(5) is False
    assert exporter.names == [f"work {index}" for index in range(20) if index != 7]
    make_spans(telemetry, 1, "later")
    assert telemetry.flush(5) is True
    assert dict(telemetry.ledger().lost) == {"encode": 1}
    assert telemetry.shutdown(5)


def test_an_exporter_without_a_network_loses_the_batch_without_more_tries() -> None:
    exporter = Collecting()
    exporter.poison["work 0"] = ConnectionRefusedError()
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    make_spans(telemetry, 4)
    assert telemetry.flush(5) is False
    assert dict(telemetry.ledger().lost) == {"export": 4}
    telemetry.shutdown(5)


def test_a_burst_is_dropped_by_count_at_the_queue_and_never_blocks() -> None:
    exporter = Collecting()
    exporter.released.clear()
    telemetry = configure_tracing(settings_for(max_queue_size=100), exporter=exporter)
    make_spans(telemetry, 5000)
    reading = telemetry.ledger()
    assert (reading.ended, dict(reading.lost), reading.pending) == (5000, {"queue_full": 4900}, 100)
    exporter.released.set()
    assert telemetry.flush(10) is False
    assert telemetry.ledger().stored == 100
    assert exporter.names == [f"work {index}" for index in range(100)]
    telemetry.shutdown(5)


def test_shutdown_is_safe_twice_and_from_two_threads_and_what_ends_later_is_counted() -> None:
    exporter = Collecting()
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    make_spans(telemetry, 3)
    said: list[bool] = []
    threads = [threading.Thread(target=lambda: said.append(telemetry.shutdown(5))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [True, True]
    assert telemetry.shutdown() is True
    assert exporter.shutdowns == 1
    make_spans(telemetry, 2)
    assert dict(telemetry.ledger().lost) == {"after_shutdown": 2}
    assert telemetry.flush(1) is False
    assert repr(telemetry) == ("<Telemetry <SpanLedger 5 ended, 3 stored, {'after_shutdown': 2} lost, 0 pending>>")


def test_concurrent_flushes_agree_and_all_spans_are_stored_once() -> None:
    exporter = Collecting()
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    said: list[bool] = []

    def work(name: str) -> None:
        make_spans(telemetry, 200, name)
        said.append(telemetry.flush(20))

    threads = [threading.Thread(target=work, args=(f"t{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [True] * 4
    assert len(exporter.names) == len(set(exporter.names)) == 800
    telemetry.shutdown(5)


def test_a_processor_whose_flush_raises_makes_flush_false() -> None:
    class Raising(SpanProcessor):
        def force_flush(self, timeout_millis: int = 30000) -> bool:
            raise RuntimeError("no")

    telemetry = configure_tracing(settings_for(), span_processors=[Raising()])
    assert telemetry.flush(5) is False
    telemetry.shutdown(5)


def test_injected_processors_replace_the_otlp_export() -> None:
    memory = InMemorySpanExporter()
    telemetry = configure_tracing(settings_for(), span_processors=[SimpleSpanProcessor(memory)])
    make_spans(telemetry, 1)
    assert telemetry.flush(5)
    assert [span.name for span in memory.get_finished_spans()] == ["work 0"]
    assert telemetry.ledger().ended == 0
    assert telemetry.shutdown(5)


def test_no_exporter_and_a_disabled_sdk_send_nothing(monkeypatch: pytest.MonkeyPatch, sink: OtlpSink) -> None:
    telemetry = configure_tracing(settings_for(sink.url, traces_exporter="none"))
    make_spans(telemetry, 1)
    assert telemetry.shutdown(5)
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    telemetry = configure_tracing(Settings.load(endpoint=sink.url))
    make_spans(telemetry, 1)
    assert telemetry.shutdown(5)
    assert telemetry.ledger().ended == 0
    assert sink.spans == []


def test_sampling_is_parent_based_and_by_the_rate() -> None:
    never = configure_tracing(settings_for(sampling_rate=0.0), exporter=Collecting())
    tracer = never.tracer("tests")
    assert not tracer.start_span("root").is_recording()
    sampled = NonRecordingSpan(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1)))
    assert tracer.start_span("child", set_span_in_context(sampled)).is_recording()
    never.shutdown(5)


def test_an_argument_disables_tracing_too() -> None:
    telemetry = configure_tracing(settings_for(sdk_disabled=True), exporter=Collecting())
    assert not telemetry.tracer("tests").start_span("none").is_recording()
    assert telemetry.shutdown(5)


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("always_on", "AlwaysOnSampler"),
        ("always_off", "AlwaysOffSampler"),
        ("traceidratio", "TraceIdRatioBased{0.25}"),
        ("parentbased_always_on", "ParentBased{root:AlwaysOnSampler"),
        ("parentbased_always_off", "ParentBased{root:AlwaysOffSampler"),
        ("parentbased_traceidratio", "ParentBased{root:TraceIdRatioBased{0.25}"),
    ],
)
def test_every_standard_sampler_is_made(name: str, description: str) -> None:
    assert make_sampler(settings_for(sampler=name, sampling_rate=0.25)).get_description().startswith(description)


def test_seeded_ids_are_the_same_on_every_run_whatever_the_number_of_spans() -> None:
    seen = []
    for spans in (1, 5):
        telemetry = configure_tracing(settings_for(id_seed=7), exporter=Collecting())
        tracer = telemetry.tracer("tests")
        with tracer.start_as_current_span("first") as first:
            for _ in range(spans):
                tracer.start_span("child").end()
        second = tracer.start_span("second")
        seen.append((first.get_span_context().trace_id, second.get_span_context().trace_id))
        second.end()
        telemetry.shutdown(5)
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[0][1]


def test_settings_warnings_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"OTEL_TRACES_SAMPLER_ARG": "0.5", "OTEL_SAMPLING_RATE": "0.1"}
    configure_tracing(Settings.load(environ), exporter=Collecting()).shutdown(5)
    assert [record.message for record in caplog.records] == [
        "OTEL_TRACES_SAMPLER_ARG and OTEL_SAMPLING_RATE differ: OTEL_TRACES_SAMPLER_ARG is used"
    ]


GLOBAL = """
import logging
from opentelemetry import propagate, trace
from reference_impl.settings import Settings, SettingsError
from reference_impl.export.span_exporter import SplittingExporter
from reference_impl.export.ledger import SpanLedger
from reference_impl.telemetry.setup import configure_tracing
logging.disable(logging.CRITICAL)
settings = Settings.load(traces_exporter="none")
first = configure_tracing(settings, register_global=True)
second = configure_tracing(settings, register_global=True)
assert first.is_global and trace.get_tracer_provider() is first.provider
assert not second.is_global and second.tracer("x").start_span("y").is_recording()
assert propagate.get_global_textmap().fields == {"traceparent", "tracestate", "baggage"}
"""

EXIT = """
from reference_impl.settings import Settings, SettingsError
from reference_impl.export.span_exporter import SplittingExporter
from reference_impl.export.ledger import SpanLedger
from reference_impl.telemetry.setup import configure_tracing
telemetry = configure_tracing(Settings.load())
telemetry.tracer("tests").start_span("at exit").end()
"""

# Hooks run last in, first out: this one runs when telemetry's own has ended.
TIMED_EXIT = f"""
import atexit, time
atexit.register(lambda: print(time.monotonic() - ended))
{EXIT}
ended = time.monotonic()
"""

FORK = """
import os
from reference_impl.settings import Settings, SettingsError
from reference_impl.export.span_exporter import SplittingExporter
from reference_impl.export.ledger import SpanLedger
from reference_impl.telemetry.setup import configure_tracing
telemetry = configure_tracing(Settings.load())
telemetry.tracer("tests").start_span("parent").end()
child = os.fork()
if child == 0:
    assert telemetry.ledger().ended == 0
    telemetry.tracer("tests").start_span("child").end()
    os._exit(0 if telemetry.flush(10) and telemetry.ledger().stored == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
assert telemetry.flush(10)
"""


def test_global_registration_happens_once_and_a_second_one_is_told() -> None:
    done = run_python("-c", GLOBAL)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_that_forgets_to_shut_down_still_sends_at_exit(sink: OtlpSink) -> None:
    done = run_python("-c", EXIT, JAEGER_ENDPOINT=sink.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert sink.names() == ["at exit"]


def test_a_process_that_forgets_to_shut_down_exits_in_time_with_a_dead_endpoint() -> None:
    done = run_python("-c", TIMED_EXIT, JAEGER_ENDPOINT="http://127.0.0.1:9", STUDIO_EXIT_DEADLINE="0.5")
    assert done.returncode == 0
    assert float(done.stdout) < MUCH_TOO_LONG_S
    assert "Traceback" not in done.stderr


def test_a_forked_child_counts_and_sends_its_own_spans_only(sink: OtlpSink) -> None:
    done = run_python("-c", FORK, JAEGER_ENDPOINT=sink.url, OTEL_BSP_SCHEDULE_DELAY="60000")
    assert (done.returncode, done.stderr) == (0, "")
    assert sink.names() == ["child", "parent"]


def test_after_its_shutdown_nothing_holds_a_telemetry() -> None:
    telemetry = configure_tracing(settings_for(), exporter=Collecting())
    seen = weakref.ref(telemetry)
    telemetry.shutdown(5)
    del telemetry
    gc.collect()
    assert seen() is None


def test_the_sdk_logs_one_short_line_a_minute_and_says_what_it_left_out() -> None:
    now = [0.0]
    bound = BoundedLog(every_s=60, clock=lambda: now[0])
    passed = []
    for moment in (0, 1, 2, 61):
        now[0] = moment
        record = logging.LogRecord("x", logging.ERROR, "", 1, "bad header `%s`", ("a\r\n\x1b[31m" * 500,), None)
        if bound.filter(record):
            passed.append(record.getMessage())
    assert len(passed) == 2
    assert all(len(line) <= MAX_LINE and line.isprintable() for line in passed)
    assert passed[1].endswith("(2 more like this left out)")
    broken = logging.LogRecord("x", logging.ERROR, "", 1, "%d", ("no number",), None)
    assert bound.filter(broken)
    assert broken.getMessage() == "%d"
    for number in range(1000):
        assert bound.filter(logging.LogRecord("x", logging.ERROR, "", 1, f"made {number}", None, None))
    assert len(bound._seen) <= MAX_LINE + 1


def test_a_dead_endpoint_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = configure_tracing(settings_for(max_export_batch_size=1, export_timeout_s=0.2))
    make_spans(telemetry, 20)
    telemetry.flush(2)
    telemetry.shutdown(1)
    lines = [record for record in caplog.records if record.name.startswith("opentelemetry")]
    assert len(lines) <= 4


def test_the_protocol_may_be_grpc() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc", reason="the gRPC exporter is not installed")
    import grpc  # type: ignore[import-untyped]
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

    stored: list[str] = []

    class Service(trace_service_pb2_grpc.TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:
            stored.extend(s.name for r in request.resource_spans for sc in r.scope_spans for s in sc.spans)
            return trace_service_pb2.ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Service(), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        telemetry = configure_tracing(settings_for(f"http://127.0.0.1:{port}", protocol="grpc", compression="gzip"))
        make_spans(telemetry, 2)
        assert telemetry.flush(10)
        assert telemetry.shutdown(5)
    finally:
        server.stop(None).wait(10)
    assert stored == ["work 0", "work 1"]


def test_grpc_without_its_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"^OTEL_EXPORTER_OTLP_PROTOCOL: grpc needs .*; accepted: http/protobuf"):
        configure_tracing(settings_for(protocol="grpc"))


def test_a_span_that_cannot_even_be_looked_at_loses_only_itself() -> None:
    class Evil(ReadableSpan):
        @property
        def attributes(self) -> Any:
            raise RuntimeError("evil")

    ledger, inner = SpanLedger(), Collecting()
    guarded = SplittingExporter(inner, ledger)
    inner.poison["evil"] = RuntimeError("evil")
    batch = [ReadableSpan("one"), Evil("evil"), ReadableSpan("two")]
    assert all(ledger.admit(10) for _ in batch)
    assert guarded.export(batch) is SpanExportResult.FAILURE
    assert guarded.export([]) is SpanExportResult.SUCCESS
    assert guarded.force_flush()
    assert inner.names == ["one", "two"]
    assert (ledger.read().stored, dict(ledger.read().lost)) == (2, {"encode": 1})


def test_no_tracer_of_the_global_provider_is_used() -> None:
    telemetry = configure_tracing(settings_for(), exporter=Collecting())
    assert trace.get_tracer_provider() is not telemetry.provider
    telemetry.shutdown(5)
