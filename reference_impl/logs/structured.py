"""Logs as JSON lines that know their trace: one pipeline for structlog and the standard library (S5.3).

    pipeline = configure_logging(settings)
    get_logger(__name__).info("session.rejected", reason="expired")

    {"timestamp": "2026-01-01T00:00:00.000000Z", "level": "info", "event": "session.rejected",
     "logger": "reference_impl.sessions.cache", "service": "studio-api", "trace_id": "4bf9...", "span_id": "00f0...",
     "trace_flags": "01", "correlation_id": "c-1", "reason": "expired"}

(one line, in truth). The trace's ids are absent outside a span; odd `trace_flags` say that the span is recorded. A
line is ASCII and at most MAX_LINE bytes. What it may hold is decided in `log_values`. A log call never raises; a line
that could not be written is counted. Source: docs/specification.md S5.3, and "Trace Context in non-OTLP Log Formats"
of the OpenTelemetry specification.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TextIO

import structlog
from opentelemetry import trace
from opentelemetry._logs import LoggerProvider, SeverityNumber

from reference_impl.logs.values import Values, filled_in, shown_exception, text
from reference_impl.propagation.correlation import current_correlation_id
from reference_impl.vocabulary import CORRELATION_ID, EXCEPTION_TYPE

MAX_LINE: Final = 8192
"""The longest line, in bytes, its end included."""
OWN_LOGGERS: Final = "reference_impl"
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
STREAM: Final = "stream"
"""A line was lost: its stream is closed, broken or full."""
OTLP: Final = "otlp"
"""A line was written, and the LoggerProvider raised."""
RENDER: Final = "render"
"""A line was lost: it could not be made."""
DROP_REASONS: Final = (OTLP, RENDER, STREAM)

_RESERVED: Final = frozenset(
    {"timestamp", "level", "event", "logger", "service", "trace_id", "span_id", "trace_flags", "correlation_id",
     "exception", "cut"}
)  # fmt: skip
_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "_logger",
                                                                       "_name"}  # fmt: skip
_NO_FIELDS: Final = frozenset({"event", "exc_info", "positional_args", "stack_info", "stacklevel"})
_LONGEST_TEXT: Final = MAX_LINE // 5  # so that no one text leaves too little room for the names of the trace
_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_SEVERITIES: Final = {
    "debug": ("DEBUG", SeverityNumber.DEBUG),
    "info": ("INFO", SeverityNumber.INFO),
    "warning": ("WARN", SeverityNumber.WARN),
    "error": ("ERROR", SeverityNumber.ERROR),
    "critical": ("FATAL", SeverityNumber.FATAL),
}
_BRING_THEIR_OWN_HANDLERS: Final = ("uvicorn", "uvicorn.access", "uvicorn.error", "gunicorn.access", "gunicorn.error")


class NamesService(Protocol):
    """What logs need of the settings; a field `log_level`, where there is one, is heeded too."""

    @property
    def service_name(self) -> str:
        """The value of `service`."""


@dataclass(frozen=True, slots=True)
class LogReading:
    """How many lines were written, by level, and what was lost, by reason (DROP_REASONS), until now."""

    lines: Mapping[str, int]
    dropped: Mapping[str, int]


class LogPipeline:
    """The way of all log lines of this process, from `configure_logging` to `close`."""

    def __init__(self, handler: JsonLines, *, level: int, library_level: int) -> None:
        self._handler = handler
        root, own = logging.getLogger(), logging.getLogger(OWN_LOGGERS)
        self._before = [(logger, logger.level, logger.propagate, list(logger.handlers)) for logger in _taken_over()]
        for logger in _taken_over():
            logger.handlers, logger.propagate = [], True
        root.handlers = [handler]
        root.setLevel(library_level)
        own.setLevel(level)

    def reading(self) -> LogReading:
        """The counts at this moment."""
        handler = self._handler
        return LogReading(dict(handler.lines), {reason: handler.dropped[reason] for reason in DROP_REASONS})

    def close(self) -> None:
        """Put logging back as it was before; a second call changes nothing."""
        before, self._before = self._before, []
        for logger, level, propagate, handlers in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def _taken_over() -> list[logging.Logger]:
    return [logging.getLogger(name) for name in (None, OWN_LOGGERS, *_BRING_THEIR_OWN_HANDLERS)]


def configure_logging(
    settings: NamesService,
    *,
    stream: TextIO | None = None,
    logger_provider: LoggerProvider | None = None,
    level: str | None = None,
    library_level: str = "warning",
) -> LogPipeline:
    """Send every log line of the process through one pipeline: JSON to `stream` (None: stderr, as it is at the time).

    `logger_provider` gets each line as an OpenTelemetry log record too, except the lines of OpenTelemetry itself.
    `level` is that of this service's own loggers (default: the settings' `log_level`, else `info`); other libraries
    speak from `library_level` on, as what they say below it holds addresses and queries. Loggers of uvicorn and
    gunicorn lose handlers of their own. Raises ValueError for an unknown level.
    """
    wanted = level or str(getattr(settings, "log_level", "info"))
    for name in (wanted, library_level):
        if name not in LEVELS:
            raise ValueError(f"log level {name!r}: one of {', '.join(LEVELS)} is accepted")
    handler = JsonLines(settings.service_name, stream=stream, logger_provider=logger_provider)
    return LogPipeline(handler, level=_number(wanted), library_level=_number(library_level))


def _number(level: str) -> int:
    return int(logging.getLevelNamesMapping()[level.upper()])


class Log(structlog.stdlib.BoundLogger):
    """structlog's logger over the standard library's, whose calls never raise."""

    def log(self, level: int, event: str | None = None, *args: Any, **fields: Any) -> Any:
        """Log at a level of any number: shown as the nearest known one below it."""
        return self._proxy_to_logger(_level_name(level), event, *args, **fields)

    def _proxy_to_logger(self, method_name: str, event: str | None = None, *args: Any, **fields: Any) -> Any:
        try:
            return super()._proxy_to_logger(method_name, event, *args, **fields)
        except Exception:  # a filter or a handler of somebody else's
            return None


def get_logger(name: str, **fields: Any) -> Log:
    """A logger that takes fields by keyword: `get_logger(__name__).info("session.rejected", reason="expired")`.

    `fields` are on every line of it. Before `configure_logging` its lines go where the standard library's go.
    """
    made: Log = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=Log,
        context_class=dict,
    ).bind(**fields)
    return made


class JsonLines(logging.Handler):
    """Writes each record as one JSON line, and gives it to the LoggerProvider; what fails is counted, never raised."""

    def __init__(
        self, service: str, *, stream: TextIO | None = None, logger_provider: LoggerProvider | None = None
    ) -> None:
        super().__init__()
        self.lines: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._service = service
        self._stream = stream
        self._provider = logger_provider
        self._emitting = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        line = self._tried(RENDER, lambda: described(record, self._service))
        if line is None:
            return
        self._tried(STREAM, lambda: self._write(line))
        if self._provider is not None and not record.name.startswith("opentelemetry"):
            self._tried(OTLP, lambda: self._hand_on(record, line))

    def _tried(self, reason: str, step: Any) -> Any:
        try:
            return step()
        except Exception:
            self.dropped[reason] += 1
            return None

    def _write(self, line: dict[str, Any]) -> None:
        stream = self._stream or sys.stderr
        stream.write(encoded(line))
        stream.flush()
        self.lines[line["level"]] += 1

    def _hand_on(self, record: logging.LogRecord, line: dict[str, Any]) -> None:
        # What a processor of log records logs itself is written, and not handed on again and again.
        if self._provider is None or getattr(self._emitting, "now", False):
            return
        self._emitting.now = True
        try:
            severity, number = _SEVERITIES[line["level"]]
            self._provider.get_logger(line["logger"]).emit(
                timestamp=int(record.created * 1e9),
                severity_text=severity,
                severity_number=number,
                body=line["event"],
                attributes=_attributes(line),
                event_name=line["event"] if _is_structlog(record) and _EVENT_NAME.fullmatch(line["event"]) else None,
            )
        finally:
            self._emitting.now = False


def described(record: logging.LogRecord, service: str) -> dict[str, Any]:
    """A record as the fields of its line; the ids are those of the span that is current now."""
    given: Any = record.msg if _is_structlog(record) else {}
    arguments = given.get("positional_args", ()) if given else record.args
    return {
        "timestamp": _timestamp(record.created),
        "level": _level_name(record.levelno),
        "event": filled_in(given.get("event", "") if given else record.msg, arguments),
        "logger": text(record.name),
        "service": service,
        **_context(),
        **_exception(given.get("exc_info") if given else record.exc_info),
        **_fields(given or {n: v for n, v in vars(record).items() if n not in _OF_EVERY_RECORD}),
    }


def _is_structlog(record: logging.LogRecord) -> bool:
    return type(record.msg) is dict and "_logger" in vars(record)


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _level_name(number: int) -> str:
    return LEVELS[min(4, max(0, number // 10 - 1))]


def _context() -> dict[str, str]:
    found: dict[str, str] = {}
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        found["trace_id"] = trace.format_trace_id(context.trace_id)
        found["span_id"] = trace.format_span_id(context.span_id)
        found["trace_flags"] = f"{context.trace_flags & 0xFF:02x}"
    correlation_id = current_correlation_id()
    return found | ({"correlation_id": text(correlation_id)} if correlation_id is not None else {})


def _exception(info: Any) -> dict[str, Any]:
    """What `exc_info` names: an exception, the tuple of `sys.exc_info()`, or True for the current one."""
    if info is True:
        info = sys.exc_info()[1]
    error = info[1] if type(info) is tuple and len(info) == 3 else info
    return {"exception": shown_exception(error)} if issubclass(type(error), BaseException) else {}


def _fields(given: dict[Any, Any]) -> dict[str, Any]:
    """The caller's own fields; one that goes by the name of ours gets an underscore."""
    own = {name: value for name, value in given.items() if name not in _NO_FIELDS}
    return {f"{name}_" if name in _RESERVED else name: value for name, value in Values().fields(own).items()}


def encoded(line: dict[str, Any]) -> str:
    """The line as JSON of one line and at most MAX_LINE bytes; what is too long is shortened or left out, and `cut`."""
    members, left, cut = [], MAX_LINE - len('{"cut": true}\n'), False
    for name, value in line.items():
        member = _member(name, value)
        if len(member) > (_LONGEST_TEXT if isinstance(value, str) else left):
            member, cut = _member(name, _shortened(value)), True
        if len(member) <= left:
            members.append(member)
            left -= len(member)
        else:
            cut = True
    return "{" + ("".join([*members, '"cut": true']) if cut else "".join(members).removesuffix(", ")) + "}\n"


def _member(name: str, value: Any) -> str:
    return f"{json.dumps(name)}: {json.dumps(value, allow_nan=False)}, "


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value[:128]
    return {"type": _shortened(value["type"])} if isinstance(value, dict) and "type" in value else "[too long]"


def _attributes(line: dict[str, Any]) -> dict[str, Any]:
    """A line's fields as attributes of a log record: what the record says elsewhere is left out."""
    said = {name: value for name, value in line.items() if name not in _RESERVED}
    if "correlation_id" in line:
        said[CORRELATION_ID] = line["correlation_id"]
    if "exception" in line:
        said[EXCEPTION_TYPE] = line["exception"]["type"]
        said["exception.stacktrace"] = "\n".join(line["exception"]["places"])
    return said
