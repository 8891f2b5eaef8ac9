"""Bounds what OpenTelemetry itself logs: a dead endpoint or a hostile header must not fill the logs (S1.5)."""

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

    The next line that comes through says how many were left out. Stack traces are left out too: their messages may
    carry values.
    """

    def __init__(self, *, every_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._every_s = every_s
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged; shortens it where it is."""
        template, now = str(record.msg), self._clock()
        last, left_out = self._seen.get(template, (None, 0))
        if last is not None and now - last < self._every_s:
            self._seen[template] = (last, left_out + 1)
            return False
        if len(self._seen) > MAX_LINE:
            self._seen.clear()  # templates are few; whoever makes them from values shall not fill the memory
        self._seen[template] = (now, 0)
        record.msg, record.args = _one_line(record, left_out), None
        record.exc_info = record.exc_text = None
        return True


def _one_line(record: logging.LogRecord, left_out: int) -> str:
    try:
        text = record.getMessage()
    except Exception:
        text = str(record.msg)
    text = "".join(character if character.isprintable() else "?" for character in text[: MAX_LINE * 2])
    note = f" ({left_out} more like this left out)" if left_out else ""
    return text[: MAX_LINE - len(note)] + note


_BOUND = BoundedLog()


def bound_sdk_logs() -> None:
    """Put the one filter on OpenTelemetry's loggers; again changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_BOUND)
