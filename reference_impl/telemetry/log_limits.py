"""Limits what OpenTelemetry itself logs: a dead endpoint or a hostile header must not fill the logs (S1.5)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

LOGGERS = (
    "opentelemetry.attributes",
    "opentelemetry.baggage.propagation",
    "opentelemetry.exporter.otlp.proto.grpc.exporter",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.trace.propagation.tracecontext",
    "opentelemetry.trace.span",
)
MAX_LINE = 256


class BoundedLog(logging.Filter):
    """Lets each message template through once per `every_s` seconds, as one line of at most MAX_LINE characters.

    The next line that is let through says how many were dropped. Stack traces are dropped too, because their messages
    may carry values.
    """

    def __init__(self, *, every_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._every_s = every_s
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is logged; shorten it if so."""
        template, now = str(record.msg), self._clock()
        last, dropped = self._seen.get(template, (None, 0))
        if last is not None and now - last < self._every_s:
            self._seen[template] = (last, dropped + 1)
            return False
        if len(self._seen) > MAX_LINE:
            self._seen.clear()  # templates are few; templates made from values must not fill the memory
        self._seen[template] = (now, 0)
        record.msg, record.args = _one_line(record, dropped), None
        record.exc_info = record.exc_text = None
        return True


def _one_line(record: logging.LogRecord, dropped: int) -> str:
    try:
        text = record.getMessage()
    except Exception:
        text = str(record.msg)
    text = "".join(character if character.isprintable() else "?" for character in text[: MAX_LINE * 2])
    note = f" ({dropped} more like this left out)" if dropped else ""
    return text[: MAX_LINE - len(note)] + note


_BOUND = BoundedLog()


def bound_sdk_logs() -> None:
    """Add the filter to OpenTelemetry's loggers, once."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_BOUND)
