"""The sampling rate of a running process follows an endpoint, and no failure of it reaches the service (S1.6)."""

from __future__ import annotations

import gzip
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from reference_impl.instrumentation.sampling_rules import SamplingRules, sampling_rules
from reference_impl.telemetry import Telemetry, configure_tracing, remote_sampling
from tests.reference_impl.telemetry.rate_endpoint import RateEndpoint, gives, rate, rate_endpoint, sends
from tests.reference_impl.telemetry.telemetry_support import Collecting, settings_for

PER_OPERATION = {
    "strategyType": "PROBABILISTIC",
    "operationSampling": {
        "defaultSamplingProbability": 0,
        "perOperationStrategies": [{"operation": "kept", "probabilisticSampling": {"samplingRate": 1}}],
    },
}


@pytest.fixture
def endpoint() -> Iterator[RateEndpoint]:
    with rate_endpoint() as running:
        yield running


Start = Callable[..., Telemetry]


@pytest.fixture
def start(endpoint: RateEndpoint) -> Iterator[Start]:
    started = []

    def start_tracing(initial: float = 0.0, **more: Any) -> Telemetry:
        options: dict[str, Any] = {
            "sampling_url": endpoint.url,
            "sampling_interval_s": 0.01,
            "sampling_rate": initial,
            **more,
        }
        telemetry = configure_tracing(
            settings_for(sampler="parentbased_jaeger_remote", **options), exporter=Collecting()
        )
        started.append(telemetry)
        return telemetry

    yield start_tracing
    for telemetry in started:
        telemetry.shutdown(5)


def is_sampled(telemetry: Telemetry, name: str = "root") -> bool:
    return telemetry.tracer("tests").start_span(name).is_recording()


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.005)


def asked_again(endpoint: RateEndpoint, times: int = 3) -> None:
    """Wait until the replies of some more questions, begun from now on, have been used."""
    wanted = len(endpoint.asked) + times
    wait_until(lambda: len(endpoint.asked) >= wanted)


def test_the_rate_changes_in_a_running_process(endpoint: RateEndpoint, start: Start) -> None:
    telemetry = start(initial=0.0)
    for value in (1.0, 0.0, 1.0):
        endpoint.reply = rate(value)
        wait_until(lambda: is_sampled(telemetry) is bool(value))  # noqa: B023 -- called at once
    assert set(endpoint.asked) == {"/sampling?service=studio-api"}


def test_a_rate_is_a_share_of_trace_ids(endpoint: RateEndpoint, start: Start) -> None:
    endpoint.reply = rate(0.25)
    telemetry = start(initial=1.0, id_seed=7)
    wait_until(lambda: not is_sampled(telemetry))
    kept = sum(is_sampled(telemetry) for _ in range(2000))
    assert 420 < kept < 580  # four standard deviations; the ids come from a seed


def test_an_operation_may_have_a_rate_of_its_own(endpoint: RateEndpoint, start: Start) -> None:
    endpoint.reply = gives(PER_OPERATION)
    telemetry = start(initial=1.0)
    wait_until(lambda: not is_sampled(telemetry))
    assert is_sampled(telemetry, "kept")


def redirects(request: BaseHTTPRequestHandler) -> None:
    """Answer with another place, which would give a rate."""
    found = request.path.startswith("/elsewhere")
    (rate(0.0) if found else sends(b"", 302, {"location": "/elsewhere"}))(request)


BAD_REPLIES = {
    "a status": sends(b"no", 503),
    "no JSON": sends(b"<html>"),
    "a list": gives([]),
    "no rate": gives({"strategyType": 0}),
    "a rate above 1": rate(1.5),
    "a rate that is a text": gives({"strategyType": 0, "probabilisticSampling": {"samplingRate": "1"}}),
    "a limit of traces": gives({"strategyType": 1, "rateLimitingSampling": {"maxTracesPerSecond": 3}}),
    "a huge body": sends(b" " * 2_000_000 + b'{"probabilisticSampling":{"samplingRate":0}}'),
    "a compressed body": sends(
        gzip.compress(b'{"probabilisticSampling":{"samplingRate":0}}'), headers={"content-encoding": "gzip"}
    ),
    "a redirect": redirects,
}


@pytest.mark.parametrize("bad", BAD_REPLIES)
def test_a_bad_reply_leaves_the_last_rate(
    endpoint: RateEndpoint, start: Start, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    telemetry = start(initial=0.0)
    wait_until(lambda: is_sampled(telemetry))
    caplog.clear()
    endpoint.reply = BAD_REPLIES[bad]
    asked_again(endpoint)
    assert is_sampled(telemetry)
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # once, however often it fails
    endpoint.reply = rate(0.0)
    wait_until(lambda: not is_sampled(telemetry))


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_an_endpoint_that_never_ends_its_reply_stops_nothing(
    endpoint: RateEndpoint, start: Start, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    endpoint.reply = getattr(endpoint, how)
    monkeypatch.setattr(remote_sampling, "TIMEOUT_S", 0.2)
    telemetry = start(initial=1.0)
    wait_until(lambda: bool(endpoint.asked))
    assert is_sampled(telemetry)  # while the question is open
    endpoint.reply = rate(0.0)
    wait_until(lambda: not is_sampled(telemetry))  # the question was given up
    assert telemetry.shutdown(5)


def test_a_dead_endpoint_leaves_the_initial_rate(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    telemetry = start(initial=1.0, sampling_url="http://127.0.0.1:9/sampling")
    wait_until(lambda: bool(caplog.records))
    assert is_sampled(telemetry)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "the sampling rate stays at 1.0: http://127.0.0.1:9/sampling gives none (ConnectionError)"


def test_changes_are_logged_once(endpoint: RateEndpoint, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    endpoint.reply = rate(0.5)
    start(initial=0.1)
    wait_until(lambda: bool(caplog.records))
    asked_again(endpoint)
    assert [record.getMessage() for record in caplog.records] == ["the sampling rate is now 0.5"]


def test_no_thread_is_left_after_the_shutdown(start: Start) -> None:
    start().shutdown(5)
    wait_until(lambda: not any(thread.name == "sampling-rate" for thread in threading.enumerate()))


def test_a_disabled_sdk_asks_nobody(endpoint: RateEndpoint, start: Start) -> None:
    start(sdk_disabled=True)
    assert not any(thread.name == "sampling-rate" for thread in threading.enumerate())


def test_spans_below_unsampled_ones_are_still_not_made(start: Start) -> None:
    tracer = start().tracer("tests")
    assert sampling_rules(tracer) == SamplingRules("below unsampled", reads_attributes=False)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_worker_asks_for_itself(endpoint: RateEndpoint, start: Start) -> None:
    endpoint.reply = rate(0.0)
    telemetry = start(initial=0.0)
    asked_again(endpoint)
    child = os.fork()
    if child == 0:
        code = 1
        signal.alarm(30)  # ends a child that would wait for ever
        try:
            wait_until(lambda: is_sampled(telemetry))
            code = 0
        finally:
            os._exit(code)
    endpoint.reply = rate(1.0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
