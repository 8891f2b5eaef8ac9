"""Log lines: JSON with the ids of the trace, one line each whatever is logged, nothing secret, and a record for OTLP.

docs/specification.md S5.3, and the faults E20 (evil values) and S2 (planted secrets).
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import uuid
from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from redis.exceptions import ResponseError

from reference_impl.logs.structured import MAX_LINE, LogPipeline, configure_logging, get_logger
from reference_impl.logs.values import MAX_PLACES, MAX_TEXT, Values, filled_in, mask, shown_exception, text
from reference_impl.propagation.correlation import CorrelationProcessor, correlation
from reference_impl.settings import SettingsError

SERVICE = SimpleNamespace(service_name="studio-api")
LOGGER = "reference_impl.tests"
SECRETS = {
    "email": "bob.o-neil+x@mail.example.com",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "bearer": "Bearer abcdef0123456789",
    "card": "4111 1111 1111 1111",
    "ip": "203.0.113.9",
    "url_credentials": "postgresql://bob:hunter2@db/studio",
    "private_key": "-----BEGIN RSA PRIVATE KEY-----MIIEpAIBAAKCAQEA",
}
MARKS = ("o-neil", "eyJ", "abcdef0123456789", "4111 ", "203.0.113.", "hunter2", "MIIE")


class Logs:
    """The lines that a pipeline wrote."""

    def __init__(self, pipeline: LogPipeline, stream: io.StringIO) -> None:
        self.pipeline = pipeline
        self.stream = stream

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def one(self) -> dict[str, Any]:
        (line,) = self.lines
        return line


@pytest.fixture(autouse=True)
def _no_handlers_of_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest adds its own to the root logger in the midst of a test; they ask hostile values for their text."""
    monkeypatch.setattr(logging.getLogger(), "addHandler", lambda _: None)


@pytest.fixture
def logs() -> Iterator[Logs]:
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, level="debug")
    yield Logs(pipeline, stream)
    pipeline.close()


@pytest.fixture
def records() -> InMemoryLogRecordExporter:
    return InMemoryLogRecordExporter()


@pytest.fixture
def exporting(records: InMemoryLogRecordExporter) -> Iterator[Logs]:
    """Logs that go to a LoggerProvider too."""
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(records))
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, logger_provider=provider)
    yield Logs(pipeline, stream)
    pipeline.close()
    provider.shutdown()


# --- What a line says ------------------------------------------------------------------------------------------


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


# --- Exceptions ------------------------------------------------------------------------------------------------


def fail(message: str) -> None:
    raise LookupError(message)


def test_an_exception_is_shown_by_type_places_and_causes_never_by_its_message(logs: Logs) -> None:
    try:
        try:
            fail("no key session:4711")
        except LookupError as cause:
            raise ResponseError("WRONGTYPE of bob") from cause
    except ResponseError:
        get_logger(LOGGER).exception("it.failed", key="x")
    shown = logs.one["exception"]
    assert (shown["type"], shown["code"], shown["causes"]) == (
        "redis.exceptions.ResponseError", "WRONGTYPE", ["LookupError"],
    )  # fmt: skip
    place = shown["places"][0].rsplit(":", 2)
    assert place[0].endswith("test_structured")
    assert place[1].startswith("test_an_exception_is_shown")
    assert "4711" not in logs.stream.getvalue()
    assert "bob" not in logs.stream.getvalue()


@pytest.mark.parametrize("how", ["exc_info true", "exc_info error", "argument", "field", "message", "logging"])
def test_no_way_of_logging_an_exception_shows_its_message(logs: Logs, how: str) -> None:
    log, plain = get_logger(LOGGER), logging.getLogger(LOGGER)
    try:
        fail("no key session:4711")
    except LookupError as error:
        match how:
            case "exc_info true":
                log.error("x", exc_info=True)
            case "exc_info error":
                log.error("x", exc_info=error)
            case "argument":
                plain.error("x %s %r", error, error)
            case "field":
                log.error("x", error=error, deep=[{"error": error}])
            case "message":
                plain.error(error)
            case _:
                plain.exception("x", stack_info=True)
    assert "LookupError" in logs.stream.getvalue()
    assert "4711" not in logs.stream.getvalue()


def test_a_message_of_our_own_words_is_shown_but_not_that_of_a_subclass() -> None:
    class Ours(SettingsError):
        pass

    assert shown_exception(SettingsError("PORT: -1 is too low"))["message"] == "PORT: -1 is too low"
    assert "message" not in shown_exception(Ours("PORT: -1 is too low"))


def test_a_failure_of_the_system_says_which_one_but_not_of_what() -> None:
    taken = OSError(98, "bob's port is taken")
    assert Values().plain(taken) == "OSError: address already in use"
    assert shown_exception(taken)["code"] == "EADDRINUSE"
    assert Values().plain(OSError("bob")) == "OSError"
    assert "code" not in shown_exception(OSError("bob"))


def test_a_deep_recursion_shows_its_innermost_places_only() -> None:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as error:
        shown = shown_exception(error)
        assert [place.rsplit(":", 2)[1] for place in shown["places"]] == ["deeper"] * MAX_PLACES


def test_causes_in_a_circle_end() -> None:
    one, two = ValueError(), KeyError()
    one.__cause__, two.__cause__ = two, one
    assert shown_exception(one)["causes"] == ["KeyError"]
    three = ValueError()
    three.__context__, three.__suppress_context__ = two, True
    assert "causes" not in shown_exception(three)


def test_exc_info_without_an_exception_adds_nothing(logs: Logs) -> None:
    get_logger(LOGGER).error("x", exc_info=True)
    logging.getLogger(LOGGER).error("x", exc_info=True)
    assert all("exception" not in line for line in logs.lines)


# --- Nothing secret --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_masked_wherever_it_stands(exporting: Logs, records: Any, secret: str) -> None:
    log, plain = get_logger(LOGGER), logging.getLogger(LOGGER)
    log.info(f"about {secret} now")
    log.info("about %s now", secret)
    log.info("x", value=secret, deep=[{"value": (secret,)}], **{secret: 1})
    plain.warning(f"about {secret} now")
    plain.warning("about %(who)s now", {"who": secret})
    plain.warning("x", extra={"value": secret})
    logging.getLogger(secret).error("x")
    with correlation(secret):
        log.info("x")
    assert len(exporting.lines) == 8
    seen = exporting.stream.getvalue() + "".join(str(vars(r.log_record)) for r in records.get_finished_logs())
    assert [mark for mark in MARKS if mark in seen] == []


def test_what_is_masked_says_its_class() -> None:
    for name, secret in SECRETS.items():
        assert f"‹{name}›" in mask(f"about {secret} now")


@pytest.mark.parametrize("plain", ["4111 1111 1111 1112", "127.0.0.1", "12:37:56", "1.2.3", "10.0.0.1.5", "Cafe::add",
                                   "reference_impl.sessions.cache:validate:101", "a@b", "http://localhost:8080/x",
                                   "1700000000.123", "4bf92f3577b34da6a3ce929d0e0e4736"])  # fmt: skip
def test_what_is_no_secret_stays_readable(plain: str) -> None:
    assert mask(plain) == plain


@pytest.mark.parametrize("name", ["password", "session_token", "Authorization", "set-cookie", "API_KEY", "email"])
def test_a_value_whose_name_tells_of_a_secret_is_hidden(logs: Logs, name: str) -> None:
    get_logger(LOGGER).info("x", **{name: "opensesame"}, deep={name: ["opensesame"], "empty": None})
    assert "opensesame" not in logs.stream.getvalue()
    assert logs.one[name] == "***"


def test_a_secret_that_the_cut_goes_through_is_still_masked() -> None:
    for start in range(MAX_TEXT - 40, MAX_TEXT + 5):
        for secret in SECRETS.values():
            shown = text(f"{'.' * (start - 1)} {secret} {'.' * 3000}")
            assert [mark for mark in MARKS if mark in shown] == []
            assert len(shown) <= MAX_TEXT


@dataclass
class Person:
    name: str


def test_an_object_shows_as_its_type_and_known_values_as_themselves() -> None:
    one = uuid.UUID(int=7)
    shown = Values().plain([Person("bob"), b"bob", one, datetime(2026, 1, 1), {1: 2}, {3}])
    assert shown == ["<Person>", "<bytes>", str(one), "2026-01-01 00:00:00", {"1": 2}, [3]]


# --- Nothing breaks a line -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", ["a\r\nb", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\u202eb", "a\ud800b"])
def test_control_characters_neither_break_a_line_nor_reach_it(logs: Logs, hostile: str) -> None:
    get_logger(LOGGER).info(hostile, field=hostile, **{hostile: hostile})
    logging.getLogger(hostile).error("%s", hostile)
    assert logs.stream.getvalue().isascii()
    for line in logs.lines:
        assert all(value.isprintable() for value in line.values() if isinstance(value, str))
    assert logs.lines[1]["event"] in ("a?b", "a  b", "a?[31mb")


class Evil:
    """Raises whatever it is asked."""

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __str__
    __format__ = __hash__ = __bool__ = __len__ = __iter__ = __str__  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class EvilText(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __len__ = __getitem__ = isprintable = __str__  # type: ignore[assignment]


class EvilList(list[int]):
    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("iter")


class EvilNumber(int):
    def __repr__(self) -> str:
        raise RuntimeError("repr")

    __str__ = __int__ = __index__ = __repr__  # type: ignore[assignment]


class EvilKind(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("name")


class Nameless(metaclass=EvilKind):
    pass


def cycle() -> dict[str, Any]:
    round_about: dict[str, Any] = {"list": []}
    round_about["self"] = round_about
    round_about["list"].append(round_about)
    return round_about


HOSTILE: dict[str, Any] = {
    "evil": Evil(), "text": EvilText("a"), "list": EvilList([1]), "number": EvilNumber(7), "nameless": Nameless(),
    "cycle": cycle(), "wide": [[[["x" * 2000] * 100] * 100] * 100] * 100, "surrogate": "\ud800", "huge": 10**5000,
    "nan": float("nan"), "inf": -float("inf"), "mapping": UserDict({"a": 1}), "bytes": b"\xff" * 10**6,
    "long": "\U0001f600" * 10**6, "class": Evil, "names": {Nameless(): 1, None: 2, "\U0001f600" * 500: 3},
    "oddly named": type("a b", (), {})(),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_value_makes_a_call_raise_or_a_line_too_long(exporting: Logs, records: Any, kind: str) -> None:
    value = HOSTILE[kind]  # pytest itself would ask a parameter for its class
    log, plain = get_logger(LOGGER), logging.getLogger(LOGGER)
    log.info("x", value=value)
    log.bind(value=value).info("%s", value)
    log.info(value, exc_info=value)
    plain.warning("got %s and %r", value, value)
    plain.warning(value)
    plain.warning("x", extra={"value": value})
    plain.warning("%(a)s", {"a": value})
    lines = exporting.stream.getvalue().splitlines(keepends=True)
    assert len(lines) == len(records.get_finished_logs()) == 7
    assert max(map(len, lines)) <= MAX_LINE
    assert all(json.loads(line, parse_constant=pytest.fail) for line in lines)
    assert set(exporting.pipeline.reading().dropped.values()) == {0}


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.text(), st.dictionaries(st.text(max_size=9), JSON_LIKE, max_size=4), JSON_LIKE)
def test_whatever_is_logged_makes_one_line_of_json(event: str, fields: dict[str, Any], argument: Any) -> None:
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, level="debug")
    try:
        get_logger(LOGGER).info(event, **{name: value for name, value in fields.items() if name != "event"})
        logging.getLogger(LOGGER).info(event, argument)
        (first, second) = stream.getvalue().splitlines(keepends=True)
    finally:
        pipeline.close()
    for line in (first, second):
        assert line.isascii()
        assert len(line) <= MAX_LINE
        assert json.loads(line)["logger"] == LOGGER


def test_a_line_that_is_too_long_keeps_the_trace_s_ids_and_says_that_it_is_cut(
    logs: Logs, provider: TracerProvider
) -> None:
    wide = "\U0001f600" * MAX_TEXT
    with provider.get_tracer("t").start_as_current_span("work"), correlation(wide):
        get_logger(wide.replace("\U0001f600", "\U0001f601")).error(wide, **{f"f{n}": [wide] * 3 for n in range(30)})
    line = logs.one
    assert line["cut"] is True
    assert (len(line["trace_id"]), len(line["span_id"])) == (32, 16)
    assert line["event"].startswith("\U0001f600" * 100)
    assert line["correlation_id"].startswith("\U0001f600" * 100)


def test_an_exception_with_endless_places_keeps_its_type(logs: Logs) -> None:
    name = "é" * 1000
    code = compile(f"def {name}(n):\n    {name}(n - 1) if n else 1 / 0\n", "x", "exec")
    space: dict[str, Any] = {}
    exec(code, space)
    try:
        space[name](20)
    except ZeroDivisionError:
        get_logger(LOGGER).exception("x")
    assert (logs.one["exception"], logs.one["cut"]) == ({"type": "ZeroDivisionError"}, True)


def test_a_template_that_does_not_fit_or_asks_for_endless_width_is_shown_as_it_is(logs: Logs) -> None:
    plain = logging.getLogger(LOGGER)
    plain.info("%s and %s", 1)
    plain.info("%999999999d", 1)
    plain.info("%*d", 999999999, 1)
    plain.info("100 %", 1)
    plain.info("%(a)s", {"b": 1})
    assert [line["event"] for line in logs.lines] == ["%s and %s", "%999999999d", "%*d", "100 %", "%(a)s"]
    assert filled_in("%d%%", (5,)) == "5%"


# --- Nothing stops the caller ----------------------------------------------------------------------------------


class Full(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_line_that_cannot_be_written_is_counted_and_its_record_goes_on(records: InMemoryLogRecordExporter) -> None:
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(records))
    closed = io.StringIO()
    closed.close()
    for stream in (Full(), closed):
        pipeline = configure_logging(SERVICE, stream=stream, logger_provider=provider)
        get_logger(LOGGER).error("x")
        reading = pipeline.reading()
        pipeline.close()
        assert (reading.lines, reading.dropped) == ({}, {"otlp": 0, "render": 0, "stream": 1})
    assert len(records.get_finished_logs()) == 2


def test_a_record_that_cannot_be_described_is_counted(logs: Logs) -> None:
    record = logging.makeLogRecord({"created": float("nan"), "levelno": logging.ERROR})
    logging.getLogger(LOGGER).handle(record)
    assert logs.pipeline.reading().dropped["render"] == 1


def test_lines_are_counted_by_level(logs: Logs) -> None:
    for method in ("debug", "info", "warning", "warning", "error", "critical"):
        getattr(get_logger(LOGGER), method)("x")
    reading = logs.pipeline.reading()
    assert reading.lines == {"debug": 1, "info": 1, "warning": 2, "error": 1, "critical": 1}


class Refusing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise RuntimeError("no")


def test_somebody_else_s_filter_that_raises_does_not_reach_the_caller(logs: Logs) -> None:
    refusing, logger = Refusing(), logging.getLogger(LOGGER)
    logger.addFilter(refusing)
    get_logger(LOGGER).info("x")
    logger.removeFilter(refusing)
    assert logs.lines == []


def test_threads_write_whole_lines(logs: Logs) -> None:
    def work() -> None:
        for number in range(200):
            get_logger(LOGGER).info("x", number=number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(logs.lines) == logs.pipeline.reading().lines["info"] == 800


# --- As OpenTelemetry log records ------------------------------------------------------------------------------


def test_a_line_is_a_log_record_of_its_span_too(
    exporting: Logs, records: InMemoryLogRecordExporter, provider: TracerProvider
) -> None:
    with provider.get_tracer("t").start_as_current_span("work") as span, correlation("c-1"):
        get_logger(LOGGER).warning("session.rejected", reason="expired", tries=[1, 2])
    (readable,) = records.get_finished_logs()
    record, context = readable.log_record, span.get_span_context()
    assert (record.trace_id, record.span_id) == (context.trace_id, context.span_id)
    assert (record.body, record.event_name) == ("session.rejected", "session.rejected")
    assert (record.severity_text, record.severity_number) == ("WARN", SeverityNumber.WARN)
    assert dict(record.attributes or {}) == {"correlation.id": "c-1", "reason": "expired", "tries": (1, 2)}
    assert readable.instrumentation_scope is not None
    assert readable.instrumentation_scope.name == LOGGER
    assert exporting.one["trace_id"] == trace.format_trace_id(record.trace_id or 0)


def test_only_structlog_s_dotted_events_name_events(exporting: Logs, records: InMemoryLogRecordExporter) -> None:
    get_logger(LOGGER).info("it failed")
    get_logger(LOGGER).info("Session.Created")
    logging.getLogger(LOGGER).info("session.created")
    assert [r.log_record.event_name for r in records.get_finished_logs()] == [None, None, None]
    assert len(exporting.lines) == 3


def test_a_record_s_exception_carries_type_and_places_and_no_message(
    exporting: Logs, records: InMemoryLogRecordExporter
) -> None:
    try:
        fail("no key session:4711")
    except LookupError:
        get_logger(LOGGER).exception("x")
    (readable,) = records.get_finished_logs()
    said = dict(readable.log_record.attributes or {})
    assert said["exception.type"] == "LookupError"
    assert str(said["exception.stacktrace"]).split("\n")[0].split(":")[1] == "fail"
    assert "4711" not in readable.to_json() + exporting.stream.getvalue()


class Talking(LogRecordProcessor):
    """A processor that logs, and raises if told to."""

    def __init__(self, *, raising: bool) -> None:
        self.raising = raising
        self.seen: list[object] = []

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self.seen.append(log_record.log_record.body)
        logging.getLogger("opentelemetry.sdk").error("a word of the SDK")
        logging.getLogger("some.exporter").error("a word of an exporter")
        if self.raising:
            raise RuntimeError("no")

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True


@pytest.mark.parametrize("raising", [False, True])
def test_a_processor_that_logs_or_raises_neither_loops_nor_reaches_the_caller(raising: bool) -> None:
    talking = Talking(raising=raising)
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(talking)
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, logger_provider=provider)
    get_logger(LOGGER).info("x")
    reading = pipeline.reading()
    pipeline.close()
    assert talking.seen == ["x"]
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == [
        "x", "a word of the SDK", "a word of an exporter",
    ]  # fmt: skip
    assert reading.dropped["otlp"] == int(raising)
