"""Endpoints that refuse, hang, drip, reset or ask to wait: deadlines hold, and each span is stored or counted."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from integration.support.tcp_proxy import Reset, TcpProxy, tcp_proxy
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry, configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink, otlp_sink
from tests.reference_impl.python_process import run_python

LATE_S = 0.5
"""How late a flush or an exit may be. A busy machine delays some of several attempts, a fault of ours all of them."""
ATTEMPTS = 4
EXIT = """
import atexit, sys, time
atexit.register(lambda: print(time.monotonic() - ended))
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing
telemetry = configure_tracing(Settings.load())
for number in range(3000):
    telemetry.tracer("tests").start_span("work").end()
reading = telemetry.ledger()
print(reading.ended, reading.lost_total, reading.pending)
ended = time.monotonic()
"""


@pytest.fixture
def sink() -> Iterator[OtlpSink]:
    with otlp_sink() as running:
        yield running


@contextmanager
def proxy_to(sink: OtlpSink) -> Iterator[tuple[TcpProxy, str]]:
    with tcp_proxy(urlsplit(sink.url).port or 0) as proxy:
        yield proxy, f"http://127.0.0.1:{proxy.port}"


@contextmanager
def black_hole() -> Iterator[str]:
    """Listen with a full backlog, so that nobody answers a new connection."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def refusing() -> Iterator[str]:
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def hanging() -> Iterator[str]:
    with otlp_sink() as sink:
        sink.released.clear()
        yield sink.url


@contextmanager
def dripping() -> Iterator[str]:
    with otlp_sink() as sink, proxy_to(sink) as (proxy, url):
        proxy.to_client = lambda client, data: drip(proxy, client, data)
        yield url


def drip(proxy: TcpProxy, client: socket.socket, data: bytes) -> None:
    """Send a byte every fifth of a second: a reply of 100 bytes takes 20 s."""
    for place in range(len(data)):
        client.sendall(data[place : place + 1])
        proxy.stopped.wait(0.2)


def telemetry_for(url: str, **given: str) -> Telemetry:
    return configure_tracing(Settings.load({"JAEGER_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "60000", **given}))


def make_spans(telemetry: Telemetry, number: int) -> None:
    for _ in range(number):
        telemetry.tracer("tests").start_span("work").end()


@pytest.mark.parametrize(
    ("endpoint", "spans"),
    [
        pytest.param(refusing, 10, marks=pytest.mark.fault("E1")),
        pytest.param(black_hole, 10, marks=pytest.mark.fault("E2")),
        pytest.param(hanging, 3000, marks=pytest.mark.fault("E3")),
        pytest.param(dripping, 10, marks=pytest.mark.fault("E4")),
    ],
)
def test_flush_and_shutdown_end_in_time_and_every_span_is_counted(
    endpoint: Callable[[], Iterator[str]], spans: int
) -> None:
    late = []
    with endpoint() as url:  # type: ignore[attr-defined]
        for _ in range(ATTEMPTS):
            telemetry = telemetry_for(url)
            make_spans(telemetry, spans)
            started = time.monotonic()
            assert telemetry.flush(0.3) is False
            flushed = time.monotonic()
            assert telemetry.shutdown(0.3) is False
            late.append(max(flushed - started, time.monotonic() - flushed) - 0.3)
            reading = telemetry.ledger()
            assert (reading.ended, reading.stored + reading.lost_total, reading.pending) == (spans, spans, 0)
            assert reading.stored == 0
            if late[-1] <= LATE_S:
                break
    assert min(late) <= LATE_S


@pytest.mark.fault("E3")
def test_a_process_with_a_full_queue_ends_in_time() -> None:
    seconds = []
    with hanging() as url:
        for _ in range(ATTEMPTS):
            done = run_python("-c", EXIT, JAEGER_ENDPOINT=url)
            counted, ended = done.stdout.splitlines()
            assert (done.returncode, counted) == (0, "3000 952 2048")
            seconds.append(float(ended))
            if seconds[-1] <= 5 + LATE_S:
                break
    assert min(seconds) <= 5 + LATE_S


@pytest.mark.fault("E4")
def test_an_export_is_given_up_at_its_deadline_while_the_reply_drips(sink: OtlpSink) -> None:
    with proxy_to(sink) as (proxy, url):
        proxy.to_client = lambda client, data: drip(proxy, client, data)
        telemetry = telemetry_for(url, OTEL_EXPORTER_OTLP_TIMEOUT="1")
        make_spans(telemetry, 5)
        telemetry.flush(8)  # the whole reply takes 20 s
        assert dict(telemetry.ledger().lost) == {"export": 5}
        proxy.to_client = socket.socket.sendall
        make_spans(telemetry, 2)
        assert telemetry.flush(10) is True
        assert telemetry.shutdown(5) is True
        assert telemetry.ledger().stored == 2


@pytest.mark.fault("E6")
@pytest.mark.parametrize("status", [429, 503])
def test_an_export_waits_as_the_endpoint_asks(sink: OtlpSink, status: int) -> None:
    sink.status, sink.retry_after = status, "1"
    telemetry = telemetry_for(sink.url)
    make_spans(telemetry, 5)
    assert telemetry.flush(0.5) is False
    assert telemetry.ledger().pending == 5
    sink.status = 200
    telemetry.flush(20)
    assert telemetry.shutdown(5) is True
    first, second = sink.times
    assert second - first >= 1
    assert (telemetry.ledger().stored, len(sink.spans)) == (5, 5)


@pytest.mark.fault("E6")
@pytest.mark.parametrize("status", [429, 503])
def test_an_export_waits_for_no_longer_than_its_deadline(sink: OtlpSink, status: int) -> None:
    sink.status, sink.retry_after = status, "3600"
    telemetry = telemetry_for(sink.url)
    make_spans(telemetry, 5)
    assert telemetry.flush(30) is False
    assert dict(telemetry.ledger().lost) == {"export": 5}
    assert len(sink.times) == 1
    telemetry.shutdown(5)


@pytest.mark.fault("E8")
@pytest.mark.parametrize("where", ["request", "reply"])
def test_a_batch_is_sent_again_after_a_reset(sink: OtlpSink, where: str) -> None:
    with proxy_to(sink) as (proxy, url):

        def reset_once(way: socket.socket, data: bytes) -> None:
            proxy.to_server = proxy.to_client = socket.socket.sendall
            way.sendall(data[: len(data) // 2])
            raise Reset

        if where == "request":
            proxy.to_server = reset_once
        else:
            proxy.to_client = reset_once
        telemetry = telemetry_for(url)
        make_spans(telemetry, 200)
        assert telemetry.flush(20) is True
        assert telemetry.shutdown(5) is True
        assert proxy.accepted == 2
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, reading.lost_total) == (200, 200, 0)
    copies = Counter(span.span_id for span in sink.spans)
    assert len(copies) == 200  # by their ids, of which a store keeps one
    assert set(copies.values()) == {1 if where == "request" else 2}
