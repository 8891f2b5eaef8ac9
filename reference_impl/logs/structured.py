"""Logs as JSON lines that carry the ids of their trace: one pipeline for structlog and the standard library (S5.3).

    pipeline = configure_logging(settings)
    get_logger(__name__).info("session.rejected", reason="expired")

    {"timestamp": "2026-01-01T00:00:00.000000Z", "level": "info", "event": "session.rejected",
     "logger": "reference_impl.sessions.cache", "service": "studio-api", "trace_id": "4bf9...", "span_id": "00f0...",
     "trace_flags": "01", "correlation_id": "c-1", "reason": "expired"}

(as one line). The trace's ids are absent outside a span; odd `trace_flags` mean that the span is recorded. A line is
ASCII and at most MAX_LINE bytes. `values` limits what it may hold. A log call never raises; a line that could not be
written is counted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TextIO

import structlog
from opentelemetry._logs import LoggerProvider
from structlog.typing import EventDict

from reference_impl.logs.json_lines import DROP_REASONS, LEVELS, JsonLines, level_name

OWN_LOGGERS: Final = "reference_impl"
_OTHERS_WITH_HANDLERS: Final = ("uvicorn", "uvicorn.access", "uvicorn.error", "gunicorn.access", "gunicorn.error")


class LogSettings(Protocol):
    """The settings that logs need; a field `log_level` is optional."""

    @property
    def service_name(self) -> str:
        """Return the value of the field `service`."""


@dataclass(frozen=True, slots=True)
class LogReading:
    """Numbers of lines since the start: `lines` written, by level, and `dropped`, by reason (DROP_REASONS)."""

    lines: Mapping[str, int]
    dropped: Mapping[str, int]


class LogPipeline:
    """The process's logging, from `configure_logging` to `close`."""

    def __init__(self, handler: JsonLines, *, level: int, library_level: int) -> None:
        self._handler = handler
        root, own = logging.getLogger(), logging.getLogger(OWN_LOGGERS)
        self._before = [
            (logger, logger.level, logger.propagate, list(logger.handlers)) for logger in _replaced_loggers()
        ]
        for logger in _replaced_loggers():
            logger.handlers, logger.propagate = [], True
        root.handlers = [handler]
        root.setLevel(library_level)
        own.setLevel(level)

    def reading(self) -> LogReading:
        """Return the counts at this moment."""
        handler = self._handler
        return LogReading(dict(handler.lines), {reason: handler.dropped[reason] for reason in DROP_REASONS})

    def close(self) -> None:
        """Restore logging as it was before; a second call changes nothing."""
        before, self._before = self._before, []
        for logger, level, propagate, handlers in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def _replaced_loggers() -> list[logging.Logger]:
    return [logging.getLogger(name) for name in (None, OWN_LOGGERS, *_OTHERS_WITH_HANDLERS)]


def configure_logging(
    settings: LogSettings,
    *,
    stream: TextIO | None = None,
    logger_provider: LoggerProvider | None = None,
    level: str | None = None,
    library_level: str = "warning",
) -> LogPipeline:
    """Write every log line of the process as JSON to `stream` (None: the current stderr).

    `logger_provider` gets each line as an OpenTelemetry log record too, except the lines of OpenTelemetry itself.
    `level` applies to this service's loggers (default: the settings' `log_level`, else `info`), `library_level` to
    those of libraries, whose lower levels show addresses and queries. The handlers of uvicorn and gunicorn are
    removed. Raise ValueError for an unknown level.
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
    """structlog's logger on top of the standard library's; its calls never raise."""

    def log(self, level: int, event: str | None = None, *args: Any, **fields: Any) -> Any:
        """Log at a level by its number; it is shown as the nearest known level below it."""
        return self._proxy_to_logger(level_name(level), event, *args, **fields)

    def _proxy_to_logger(self, method_name: str, event: str | None = None, *args: Any, **fields: Any) -> Any:
        try:
            return super()._proxy_to_logger(method_name, event, *args, **fields)
        except Exception:  # in a filter or handler of another library
            return None


def get_logger(name: str, **fields: Any) -> Log:
    """Return a logger that takes fields by keyword: `get_logger(__name__).info("session.rejected", reason="expired")`.

    `fields` are on all its lines. Before `configure_logging`, its lines go where the standard library's go.
    """
    made: Log = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, _write, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=Log,
        context_class=dict,
    ).bind(**fields)
    return made


def _write(logger: logging.Logger, level: str, event: EventDict) -> EventDict:
    """Write the event as a line, unless other handlers or filters of the standard library would see it."""
    lines = _only_handler(logger)
    if lines is None:
        return event
    lines.write_event(logger.name, "error" if level == "exception" else level, event)
    raise structlog.DropEvent


def _only_handler(logger: logging.Logger) -> JsonLines | None:
    """Return the root logger's JsonLines, if a record of this logger would reach nothing else, and unfiltered."""
    if logger.filters or logger.manager.disable:
        return None
    root = logger
    while root.parent is not None:
        if root.handlers or not root.propagate:
            return None
        root = root.parent
    only = root.handlers[0] if len(root.handlers) == 1 else None
    return only if isinstance(only, JsonLines) and not only.filters else None
