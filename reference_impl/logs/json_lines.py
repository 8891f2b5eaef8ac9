"""One log record as one JSON line with the ids of its trace, and as an OpenTelemetry log record (S5.3).

Source: "Trace Context in non-OTLP Log Formats" of the OpenTelemetry specification.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TextIO

import msgspec
from opentelemetry import trace
from opentelemetry._logs import LoggerProvider, SeverityNumber

from reference_impl.logs.masking import clean_text
from reference_impl.logs.values import PlainValues, describe_exception, fill_template
from reference_impl.propagation.correlation import current_correlation_id
from reference_impl.vocabulary import CORRELATION_ID, EXCEPTION_TYPE

MAX_LINE: Final = 8192
"""The longest line, in bytes, its end included."""
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
_IN_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "_logger",
                                                                       "_name"}  # fmt: skip
_NO_FIELDS: Final = frozenset({"event", "exc_info", "positional_args", "stack_info", "stacklevel"})
_LONGEST_TEXT: Final = MAX_LINE // 5  # so that one text always leaves room for the ids of the trace
_encode = msgspec.json.Encoder().encode
_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_SEVERITIES: Final = {
    "debug": ("DEBUG", SeverityNumber.DEBUG),
    "info": ("INFO", SeverityNumber.INFO),
    "warning": ("WARN", SeverityNumber.WARN),
    "error": ("ERROR", SeverityNumber.ERROR),
    "critical": ("FATAL", SeverityNumber.FATAL),
}


class JsonLines(logging.Handler):
    """Writes records and events as JSON lines and passes them to the LoggerProvider.

    Failures are counted, never raised.
    """

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
        """Write one record of the standard library's logging."""
        line = self._try(RENDER, record_line, record, self._service)
        if line is not None:
            self._pass_on(line, record.created, is_event=_is_structlog(record))

    def write_event(self, logger: str, level: str, event: Mapping[str, Any]) -> None:
        """Write one event of structlog without making a record of it, which would take twice as long."""
        created = time.time()
        line = self._try(RENDER, event_line, logger, level, event, created, self._service)
        if line is None:
            return
        self.acquire()
        try:
            self._pass_on(line, created, is_event=True)
        finally:
            self.release()

    def _pass_on(self, line: dict[str, Any], created: float, *, is_event: bool) -> None:
        self._try(STREAM, self._write, line)
        if self._provider is not None and not line["logger"].startswith("opentelemetry"):
            self._try(OTLP, self._export, line, created, is_event)

    def _try(self, reason: str, step: Callable[..., Any], *given: Any) -> Any:
        try:
            return step(*given)
        except Exception:
            self.dropped[reason] += 1
            return None

    def _write(self, line: dict[str, Any]) -> None:
        stream = self._stream or sys.stderr
        stream.write(encode_line(line))
        stream.flush()
        self.lines[line["level"]] += 1

    def _export(self, line: dict[str, Any], created: float, is_event: bool) -> None:
        # Lines that a log record processor logs itself are written but not exported: else they would repeat for ever.
        if self._provider is None or getattr(self._emitting, "now", False):
            return
        self._emitting.now = True
        try:
            severity, number = _SEVERITIES[line["level"]]
            self._provider.get_logger(line["logger"]).emit(
                timestamp=int(created * 1e9),
                severity_text=severity,
                severity_number=number,
                body=line["event"],
                attributes=_attributes(line),
                event_name=line["event"] if is_event and _EVENT_NAME.fullmatch(line["event"]) else None,
            )
        finally:
            self._emitting.now = False


def event_line(logger: str, level: str, event: Mapping[str, Any], created: float, service: str) -> dict[str, Any]:
    """Return the fields of the line of structlog's event; the ids are those of the current span."""
    text = fill_template(event.get("event", ""), event.get("positional_args", ()))
    return _line(logger, level, text, event.get("exc_info"), event, created, service)


def record_line(record: logging.LogRecord, service: str) -> dict[str, Any]:
    """Return the fields of the line of a record; the ids are those of the current span."""
    level = level_name(record.levelno)
    if _is_structlog(record):
        event: Any = record.msg
        return event_line(record.name, level, event, record.created, service)
    text = fill_template(record.msg, record.args)
    fields = {name: value for name, value in vars(record).items() if name not in _IN_EVERY_RECORD}
    return _line(record.name, level, text, record.exc_info, fields, record.created, service)


def _is_structlog(record: logging.LogRecord) -> bool:
    return type(record.msg) is dict and "_logger" in vars(record)


def _line(
    logger: str, level: str, text: str, exc_info: Any, fields: Mapping[Any, Any], created: float, service: str
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "timestamp": _timestamp(created),
        "level": level,
        "event": text,
        "logger": clean_text(logger),
        "service": service,
    }
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        line["trace_id"] = f"{context.trace_id:032x}"
        line["span_id"] = f"{context.span_id:016x}"
        line["trace_flags"] = f"{context.trace_flags & 0xFF:02x}"
    correlation_id = current_correlation_id()
    if correlation_id is not None:
        line["correlation_id"] = clean_text(correlation_id)
    if exc_info is not None:
        line |= _exception(exc_info)
    own = {name: value for name, value in fields.items() if name not in _NO_FIELDS}
    for name, value in PlainValues().fields(own).items():
        line[f"{name}_" if name in _RESERVED else name] = value
    return line


def _timestamp(seconds: float) -> str:
    second, microseconds = divmod(round(seconds * 1e6), 1_000_000)
    return f"{_shown_second(second)}.{microseconds:06d}Z"


@lru_cache(8)
def _shown_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def level_name(number: int) -> str:
    """Return the name of the nearest known level at or below a level's number."""
    return LEVELS[min(4, max(0, number // 10 - 1))]


def _exception(info: Any) -> dict[str, Any]:
    """Describe `exc_info`: an exception, the tuple of `sys.exc_info()`, or True for the current one."""
    if info is True:
        info = sys.exc_info()[1]
    error = info[1] if type(info) is tuple and len(info) == 3 else info
    return {"exception": describe_exception(error)} if issubclass(type(error), BaseException) else {}


def encode_line(line: dict[str, Any]) -> str:
    """Return the line as JSON of at most MAX_LINE bytes. `cut` marks a line with shortened or dropped fields."""
    encoded = _encode(line)
    if len(encoded) <= _LONGEST_TEXT and encoded.isascii():  # nearly every line
        return f"{encoded.decode('ascii')}\n"
    members, left, cut = [], MAX_LINE - len('{"cut":true}\n'), False
    for name, value in line.items():
        member = _member(name, value)
        if len(member) > (_LONGEST_TEXT if isinstance(value, str) else left):
            member, cut = _member(name, _shortened(value)), True
        if len(member) <= left:
            members.append(member)
            left -= len(member)
        else:
            cut = True
    return "{" + ("".join([*members, '"cut":true']) if cut else "".join(members).removesuffix(",")) + "}\n"


def _member(name: str, value: Any) -> str:
    return f"{json.dumps(name)}:{json.dumps(value, allow_nan=False, separators=(',', ':'))},"


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value[:128]
    return {"type": _shortened(value["type"])} if isinstance(value, dict) and "type" in value else "[too long]"


def _attributes(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line's fields as attributes of a log record, without those that the record has elsewhere."""
    attributes = {name: value for name, value in line.items() if name not in _RESERVED}
    if "correlation_id" in line:
        attributes[CORRELATION_ID] = line["correlation_id"]
    if "exception" in line:
        attributes[EXCEPTION_TYPE] = line["exception"]["type"]
        attributes["exception.stacktrace"] = "\n".join(line["exception"]["places"])
    return attributes
