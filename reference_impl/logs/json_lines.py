"""One log record as one JSON line with the ids of its trace, and as an OpenTelemetry log record (S5.3).

Source: "Trace Context in non-OTLP Log Formats" of the OpenTelemetry specification.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TextIO

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
_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_SEVERITIES: Final = {
    "debug": ("DEBUG", SeverityNumber.DEBUG),
    "info": ("INFO", SeverityNumber.INFO),
    "warning": ("WARN", SeverityNumber.WARN),
    "error": ("ERROR", SeverityNumber.ERROR),
    "critical": ("FATAL", SeverityNumber.FATAL),
}


class JsonLines(logging.Handler):
    """Writes each record as a JSON line and passes it to the LoggerProvider. Failures are counted, never raised."""

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
        line = self._try(RENDER, lambda: line_fields(record, self._service))
        if line is None:
            return
        self._try(STREAM, lambda: self._write(line))
        if self._provider is not None and not record.name.startswith("opentelemetry"):
            self._try(OTLP, lambda: self._export(record, line))

    def _try(self, reason: str, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except Exception:
            self.dropped[reason] += 1
            return None

    def _write(self, line: dict[str, Any]) -> None:
        stream = self._stream or sys.stderr
        stream.write(encode_line(line))
        stream.flush()
        self.lines[line["level"]] += 1

    def _export(self, record: logging.LogRecord, line: dict[str, Any]) -> None:
        # Lines that a log record processor logs itself are written but not exported: else they would repeat for ever.
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


def line_fields(record: logging.LogRecord, service: str) -> dict[str, Any]:
    """Return the fields of a record's line; the ids are those of the current span."""
    given: Any = record.msg if _is_structlog(record) else {}
    arguments = given.get("positional_args", ()) if given else record.args
    return {
        "timestamp": _timestamp(record.created),
        "level": level_name(record.levelno),
        "event": fill_template(given.get("event", "") if given else record.msg, arguments),
        "logger": clean_text(record.name),
        "service": service,
        **_context(),
        **_exception(given.get("exc_info") if given else record.exc_info),
        **_fields(given or {n: v for n, v in vars(record).items() if n not in _IN_EVERY_RECORD}),
    }


def _is_structlog(record: logging.LogRecord) -> bool:
    return type(record.msg) is dict and "_logger" in vars(record)


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def level_name(number: int) -> str:
    """Return the name of the nearest known level at or below a level's number."""
    return LEVELS[min(4, max(0, number // 10 - 1))]


def _context() -> dict[str, str]:
    found: dict[str, str] = {}
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        found["trace_id"] = trace.format_trace_id(context.trace_id)
        found["span_id"] = trace.format_span_id(context.span_id)
        found["trace_flags"] = f"{context.trace_flags & 0xFF:02x}"
    correlation_id = current_correlation_id()
    return found | ({"correlation_id": clean_text(correlation_id)} if correlation_id is not None else {})


def _exception(info: Any) -> dict[str, Any]:
    """Describe `exc_info`: an exception, the tuple of `sys.exc_info()`, or True for the current one."""
    if info is True:
        info = sys.exc_info()[1]
    error = info[1] if type(info) is tuple and len(info) == 3 else info
    return {"exception": describe_exception(error)} if issubclass(type(error), BaseException) else {}


def _fields(given: dict[Any, Any]) -> dict[str, Any]:
    """Return the caller's own fields; a name that is reserved gets an underscore."""
    own = {name: value for name, value in given.items() if name not in _NO_FIELDS}
    return {f"{name}_" if name in _RESERVED else name: value for name, value in PlainValues().fields(own).items()}


def encode_line(line: dict[str, Any]) -> str:
    """Return the line as JSON of at most MAX_LINE bytes. `cut` marks a line with shortened or dropped fields."""
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
    """Return a line's fields as attributes of a log record, without those that the record has elsewhere."""
    attributes = {name: value for name, value in line.items() if name not in _RESERVED}
    if "correlation_id" in line:
        attributes[CORRELATION_ID] = line["correlation_id"]
    if "exception" in line:
        attributes[EXCEPTION_TYPE] = line["exception"]["type"]
        attributes["exception.stacktrace"] = "\n".join(line["exception"]["places"])
    return attributes
