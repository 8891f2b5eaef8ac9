"""The correlation id: accepted values, its context, and that it is sent on (S5.2)."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator

import pytest
from opentelemetry import baggage, trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reference_impl.propagation import correlation, current_correlation_id, extract, incoming, inject
from reference_impl.propagation.correlation import HEADER, is_acceptable
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry, configure_tracing

PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.fixture
def memory() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(memory: InMemorySpanExporter) -> Iterator[Telemetry]:
    made = configure_tracing(Settings.load({}), span_processors=[SimpleSpanProcessor(memory)])
    yield made
    made.shutdown(5)


def ids(memory: InMemorySpanExporter) -> dict[str, object]:
    return {span.name: (span.attributes or {})["correlation.id"] for span in memory.get_finished_spans()}


@pytest.mark.parametrize("value", ["c-1", "A.b_c:d-9", "x" * 128])
def test_a_short_id_of_safe_characters_is_taken(value: str) -> None:
    assert incoming({HEADER: value}) == value


@pytest.mark.parametrize(
    "value",
    [
        "x" * 129,
        "a b",
        "a\r\nset-cookie: x",
        "bob@example.com",
        "<script>",
        "ünïcode",
        "\x1b[31m",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "a\n",
    ],
)
def test_a_hostile_id_is_replaced_by_a_new_one(value: str) -> None:
    assert not is_acceptable(value)
    made = incoming({HEADER: value})
    assert made != value
    assert is_acceptable(made)
    assert incoming({HEADER: value}, make=lambda: "made") == "made"


def test_baggage_brings_the_id_where_the_header_does_not() -> None:
    headers = {"baggage": "correlation.id=from-baggage,other=1", "traceparent": PARENT}
    assert incoming(headers, extract(headers)) == "from-baggage"
    assert incoming({**headers, HEADER: "from-header"}, extract(headers)) == "from-header"
    hostile = {"baggage": "correlation.id=a%0d%0ab"}
    assert incoming(hostile, extract(hostile), make=lambda: "made") == "made"
    assert incoming({}, extract({}), make=lambda: "made") == "made"


def test_an_oversized_baggage_header_is_not_read_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    headers = {"baggage": "correlation.id=x," + "secret=" + "s" * 9000, "traceparent": PARENT}
    context = extract(headers)
    assert baggage.get_all(context) == {}
    assert trace.get_current_span(context).get_span_context().is_remote
    assert caplog.text == ""


def test_what_is_extracted_never_inherits_the_caller_s_span(telemetry: Telemetry) -> None:
    with telemetry.tracer("tests").start_as_current_span("outer"):
        assert not trace.get_current_span(extract({})).get_span_context().is_valid


def test_every_span_of_the_block_carries_the_id(telemetry: Telemetry, memory: InMemorySpanExporter) -> None:
    tracer = telemetry.tracer("tests")
    with correlation("c-1") as given, tracer.start_as_current_span("outer"):
        assert given == current_correlation_id() == "c-1"
        tracer.start_span("inner").end()
    assert ids(memory) == {"outer": "c-1", "inner": "c-1"}
    assert current_correlation_id() is None


def test_without_a_request_a_trace_s_own_id_serves_all_its_spans(
    telemetry: Telemetry, memory: InMemorySpanExporter
) -> None:
    tracer = telemetry.tracer("tests")
    with tracer.start_as_current_span("job") as job:
        tracer.start_span("step").end()
        assert current_correlation_id() == trace.format_trace_id(job.get_span_context().trace_id)
    expected = trace.format_trace_id(job.get_span_context().trace_id)
    assert ids(memory) == {"job": expected, "step": expected}


def test_a_thread_without_context_takes_the_id_of_the_parent_span(
    telemetry: Telemetry, memory: InMemorySpanExporter
) -> None:
    tracer = telemetry.tracer("tests")
    with correlation("c-1"), tracer.start_as_current_span("outer") as outer:
        parent = trace.set_span_in_context(outer)
        work = threading.Thread(target=lambda: tracer.start_span("inner", context=parent).end())
        work.start()
        work.join()
    assert ids(memory)["inner"] == "c-1"


def test_a_span_under_a_remote_parent_takes_the_id_from_baggage(
    telemetry: Telemetry, memory: InMemorySpanExporter
) -> None:
    context = extract({"traceparent": PARENT, "baggage": "correlation.id=c-9"})
    telemetry.tracer("tests").start_span("served", context=context).end()
    assert ids(memory) == {"served": "c-9"}


def test_interleaved_tasks_keep_their_own_ids(telemetry: Telemetry, memory: InMemorySpanExporter) -> None:
    tracer = telemetry.tracer("tests")

    async def request(number: int) -> None:
        with correlation(f"c-{number}"), tracer.start_as_current_span(f"outer {number}"):
            await asyncio.sleep(0)
            async with asyncio.TaskGroup() as group:
                group.create_task(step(number))
                group.create_task(asyncio.to_thread(lambda: tracer.start_span(f"thread {number}").end()))

    async def step(number: int) -> None:
        await asyncio.sleep(0)
        tracer.start_span(f"step {number}").end()

    async def main() -> None:
        await asyncio.gather(*(request(number) for number in range(100)))

    contextvars.Context().run(asyncio.run, main())
    assert len(ids(memory)) == 300
    assert all(found == f"c-{name.split()[1]}" for name, found in ids(memory).items())


def test_calls_to_other_services_carry_the_trace_and_the_id(telemetry: Telemetry) -> None:
    headers: dict[str, str] = {}
    with correlation("c-1"), telemetry.tracer("tests").start_as_current_span("call") as span:
        inject(headers)
    assert headers[HEADER] == "c-1"
    assert headers["baggage"] == "correlation.id=c-1"
    assert trace.format_trace_id(span.get_span_context().trace_id) in headers["traceparent"]
    received = extract(headers)
    assert incoming(headers, received) == "c-1"
    assert trace.get_current_span(received).get_span_context().span_id == span.get_span_context().span_id


def test_without_any_request_nothing_is_injected() -> None:
    headers: dict[str, str] = {}
    inject(headers)
    assert headers == {}


def test_leaving_a_block_that_was_never_entered_changes_nothing() -> None:
    correlation("c-1").__exit__(None, None, None)
    assert current_correlation_id() is None
