"""A line has the ids of its trace, whichever logger wrote it; logging is restored at the end (S5.3)."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import uvicorn
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from reference_impl.logs.structured import configure_logging, get_logger
from reference_impl.propagation.correlation import CorrelationProcessor, correlation
from tests.reference_impl.logs.logs_support import LOGGER, SERVICE, Logs


def test_a_line_says_when_how_bad_what_who_and_its_fields(logs: Logs) -> None:
    get_logger(LOGGER, shard=3).info("session.rejected", reason="expired", left_s=1.5, again=True, after=None)
    line = logs.one
    stamp = datetime.fromisoformat(line.pop("timestamp"))
    assert stamp.tzinfo == UTC
    assert abs((datetime.now(UTC) - stamp).total_seconds()) < 60
    assert line == {
        "level": "info", "event": "session.rejected", "logger": LOGGER, "service": "studio-api",
        "shard": 3, "reason": "expired", "left_s": 1.5, "again": True, "after": None,
    }  # fmt: skip


def test_within_a_span_a_line_carries_the_ids_of_the_trace(logs: Logs, provider: TracerProvider) -> None:
    with provider.get_tracer("t").start_as_current_span("work") as span, correlation("c-1"):
        get_logger(LOGGER).info("within")
    get_logger(LOGGER).info("outside")
    within, outside = logs.lines
    context = span.get_span_context()
    assert within["trace_id"] == format(context.trace_id, "032x")
    assert within["span_id"] == format(context.span_id, "016x")
    assert (int(within["trace_flags"], 16) % 2, within["correlation_id"]) == (1, "c-1")
    assert outside.keys().isdisjoint({"trace_id", "span_id", "trace_flags", "correlation_id"})


def test_a_line_within_an_unsampled_trace_says_that_it_is_not_recorded(logs: Logs) -> None:
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    with provider.get_tracer("t").start_as_current_span("work"):
        get_logger(LOGGER).info("within")
    assert int(logs.one["trace_flags"], 16) % 2 == 0
    assert len(logs.one["trace_id"]) == 32


def test_a_background_job_s_lines_share_the_correlation_id_of_its_span(logs: Logs) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(CorrelationProcessor())
    with provider.get_tracer("t").start_as_current_span("job"):
        get_logger(LOGGER).info("within")
    assert logs.one["correlation_id"] == logs.one["trace_id"]


async def test_lines_of_interleaved_tasks_never_mix_their_ids(logs: Logs, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("t")

    async def work(number: int) -> tuple[str, str]:
        with correlation(f"c-{number}"), tracer.start_as_current_span("work") as span:
            await asyncio.sleep(0)
            get_logger(LOGGER).info("step", number=number)
            return f"c-{number}", format(span.get_span_context().span_id, "016x")

    expected = await asyncio.gather(*(work(number) for number in range(100)))
    assert sorted((line["correlation_id"], line["span_id"]) for line in logs.lines) == sorted(expected)
    assert all(line["correlation_id"] == f"c-{line['number']}" for line in logs.lines)


def test_the_standard_library_s_loggers_take_the_same_way(logs: Logs, provider: TracerProvider) -> None:
    with provider.get_tracer("t").start_as_current_span("work"):
        logging.getLogger("some.library").warning("pool %r has %d of %s", "a", 3, 4.5, extra={"shard": 7})
    line = logs.one
    assert (line["event"], line["logger"], line["level"]) == ("pool 'a' has 3 of 4.5", "some.library", "warning")
    assert line["shard"] == 7
    assert len(line["trace_id"]) == 32


def test_the_loggers_of_uvicorn_lose_their_own_handlers_until_the_end() -> None:
    uvicorn.Config(app="none", log_level="info")  # puts its own handlers up
    own = list(logging.getLogger("uvicorn").handlers)
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream)
    logging.getLogger("uvicorn.error").error("it is %s", "down")
    logging.getLogger("uvicorn.access").error("GET /session")
    pipeline.close()
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["it is down", "GET /session"]
    assert own == logging.getLogger("uvicorn").handlers
    logging.getLogger("uvicorn").handlers.clear()
    logging.getLogger("uvicorn.access").handlers.clear()


def test_levels_hold_for_the_service_and_for_libraries_apart() -> None:
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream)
    try:
        get_logger(LOGGER).debug("no")
        get_logger(LOGGER).info("yes")
        logging.getLogger("some.library").info("no")
        logging.getLogger("some.library").warning("yes")
    finally:
        pipeline.close()
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["yes", "yes"]


def test_the_settings_may_name_the_level_and_an_argument_wins() -> None:
    settings = SimpleNamespace(service_name="s", log_level="error")
    for level, expected in ((None, logging.ERROR), ("debug", logging.DEBUG)):
        pipeline = configure_logging(settings, stream=io.StringIO(), level=level)
        assert logging.getLogger("reference_impl").level == expected
        pipeline.close()


def test_an_unknown_level_is_refused_and_changes_nothing() -> None:
    before = list(logging.getLogger().handlers)
    with pytest.raises(ValueError, match=r"'loud': one of debug, info, warning, error, critical is accepted"):
        configure_logging(SERVICE, level="loud")
    assert logging.getLogger().handlers == before


@pytest.mark.parametrize(("number", "level"), [(5, "debug"), (25, "info"), (35, "warning"), (1000, "critical")])
def test_a_level_of_any_number_is_shown_as_the_nearest_below(logs: Logs, number: int, level: str) -> None:
    logging.getLogger(LOGGER).setLevel(1)
    get_logger(LOGGER).log(number, "x")
    logging.getLogger(LOGGER).log(number, "x")
    assert [line["level"] for line in logs.lines] == [level, level]


def test_closing_puts_logging_back_as_it_was() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("reference_impl").level)
    pipeline = configure_logging(SERVICE, stream=io.StringIO(), level="debug")
    assert root.handlers != before[1]
    pipeline.close()
    pipeline.close()
    assert (root.level, list(root.handlers), logging.getLogger("reference_impl").level) == before


def test_without_a_stream_lines_go_to_stderr_as_it_is_at_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = configure_logging(SERVICE)
    get_logger(LOGGER).error("x")
    pipeline.close()
    assert json.loads(capsys.readouterr().err)["event"] == "x"


def test_a_field_that_goes_by_one_of_our_names_does_not_replace_it(logs: Logs) -> None:
    get_logger(LOGGER).info("x", trace_id="forged", level="forged", service="forged")
    assert (logs.one["service"], logs.one["service_"], logs.one["trace_id_"]) == ("studio-api", "forged", "forged")
    assert "trace_id" not in logs.one
