"""Ways to break the service's tracing, each as real teams do, so that one can see its contract say so.

A breakage changes finished spans on their way out; the service itself goes on working, as it does in reality.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode

from reference_impl import vocabulary as v

Tamper: TypeAlias = Callable[[ReadableSpan], Sequence[ReadableSpan]]
"""From a span as it should be to what is sent in its stead: none, one or several."""


TamperLog: TypeAlias = Callable[[ReadableLogRecord], ReadableLogRecord | None]
"""From a log record as it should be to what is sent in its stead, None for nothing."""


def _unharmed(span: ReadableSpan) -> Sequence[ReadableSpan]:
    return (span,)


def _unharmed_log(record: ReadableLogRecord) -> ReadableLogRecord | None:
    return record


@dataclass(frozen=True, slots=True)
class Breakage:
    """One way to break the telemetry: its name, what a person would say of it, what it does to spans and to logs."""

    name: str
    about: str
    tamper: Tamper = _unharmed
    tamper_log: TamperLog = _unharmed_log


def changed(span: ReadableSpan, **fields: Any) -> ReadableSpan:
    """A copy of a span with some fields changed."""
    kept = {
        "name": span.name,
        "context": span.context,
        "parent": span.parent,
        "resource": span.resource,
        "attributes": span.attributes,
        "events": span.events,
        "links": span.links,
        "kind": span.kind,
        "status": span.status,
        "start_time": span.start_time,
        "end_time": span.end_time,
        "instrumentation_scope": span.instrumentation_scope,
    }
    return ReadableSpan(**{**kept, **fields})


def _with(span: ReadableSpan, **attributes: Any) -> ReadableSpan:
    return changed(span, attributes={**(span.attributes or {}), **attributes})


def _without(span: ReadableSpan, *names: str) -> ReadableSpan:
    return changed(span, attributes={k: x for k, x in (span.attributes or {}).items() if k not in names})


def only(name: str, tamper: Tamper) -> Tamper:
    """What a breakage does to the spans of this name alone."""
    return lambda span: tamper(span) if span.name == name else (span,)


def _hit_says_miss(span: ReadableSpan) -> Sequence[ReadableSpan]:
    hit = (span.attributes or {}).get(v.CACHE_HIT)
    return (_with(span, **{v.CACHE_HIT: False, v.CACHE_MISS: True}),) if hit is True else (span,)


def _raw_key(span: ReadableSpan) -> Sequence[ReadableSpan]:
    return (_with(span, **{v.KEY: "session:8f3a91c6b2d74e05"}),)


def _no_error(span: ReadableSpan) -> Sequence[ReadableSpan]:
    failed = span.status.status_code is StatusCode.ERROR and span.name.startswith("redis.")
    return (changed(span, status=Status(StatusCode.UNSET)),) if failed else (span,)


def _no_exception(span: ReadableSpan) -> Sequence[ReadableSpan]:
    return (changed(span, events=[event for event in span.events if event.name != v.EXCEPTION]),)


def _late_child(span: ReadableSpan) -> Sequence[ReadableSpan]:
    return (changed(span, start_time=(span.start_time or 0) - 3_000_000_000),)


def changed_log(record: ReadableLogRecord, **fields: Any) -> ReadableLogRecord:
    """A copy of a log record with some fields changed."""
    changed_record = copy.copy(record.log_record)
    for name, value in fields.items():  # the constructor would put the current span's ids in place of none
        setattr(changed_record, name, value)
    return ReadableLogRecord(changed_record, record.resource, record.instrumentation_scope)


def _without_ids(record: ReadableLogRecord) -> ReadableLogRecord:
    return changed_log(record, trace_id=0, span_id=0)


def _of_another_request(record: ReadableLogRecord) -> ReadableLogRecord:
    return changed_log(record, attributes={**(record.log_record.attributes or {}), v.CORRELATION_ID: "of-another"})


def _with_email(record: ReadableLogRecord) -> ReadableLogRecord:
    return changed_log(record, body="a session for ada@example.com")


BREAKAGES: dict[str, Breakage] = {
    breakage.name: breakage
    for breakage in (
        Breakage("lost-parent", "cache reads lose their parent",
                 only(v.REDIS_GET, lambda span: (changed(span, parent=None),))),
        Breakage("hit-says-miss", "a cache hit reports a miss", only(v.REDIS_GET, _hit_says_miss)),
        Breakage("raw-key", "the key of a cache read is shown as it is", only(v.REDIS_GET, _raw_key)),
        Breakage("missing-span", "writing to the cache leaves no span", only(v.REDIS_SET, lambda _: ())),
        Breakage("wrong-kind", "Redis commands are internal spans, not client spans",
                 lambda span: (changed(span, kind=SpanKind.INTERNAL),) if span.name.startswith("redis.") else (span,)),
        Breakage("email-in-attribute", "the user's e-mail address is an attribute of the validation",
                 only(v.SESSION_VALIDATE, lambda span: (_with(span, **{"enduser.id": "ada@example.com"}),))),
        Breakage("no-error-status", "a Redis command that failed looks fine", _no_error),
        Breakage("duplicate-span", "cache reads are sent twice", only(v.REDIS_GET, lambda span: (span, span))),
        Breakage("no-exception", "failures are not recorded as events", _no_exception),
        Breakage("no-correlation-id", "database queries lose the correlation id",
                 only(v.DB_QUERY, lambda span: (_without(span, v.CORRELATION_ID),))),
        Breakage("latency-as-text", "the latency of Redis commands is a text",
                 only(v.REDIS_GET, lambda span: (_with(span, **{v.LATENCY_MS: "0.4 ms"}),))),
        Breakage("log-without-ids", "log lines do not say of which trace and span they are", tamper_log=_without_ids),
        Breakage("log-of-another", "log lines carry another request's correlation id", tamper_log=_of_another_request),
        Breakage("email-in-log", "a log line holds an e-mail address", tamper_log=_with_email),
        Breakage("early-child", "the database's clock is three seconds behind", only(v.DB_QUERY, _late_child)),
    )
}  # fmt: skip
"""By name; the names are what `--break` takes."""


class TamperingExporter(SpanExporter):
    """Breaks spans on their way to another exporter."""

    def __init__(self, inner: SpanExporter, breakage: Breakage) -> None:
        self._inner = inner
        self._breakage = breakage

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send what the breakage makes of the spans."""
        return self._inner.export(list(self._broken(spans)))

    def _broken(self, spans: Sequence[ReadableSpan]) -> Iterator[ReadableSpan]:
        for span in spans:
            yield from self._breakage.tamper(span)

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._inner.shutdown()


class TamperingLogExporter(LogRecordExporter):
    """Breaks log records on their way to another exporter."""

    def __init__(self, inner: LogRecordExporter, breakage: Breakage) -> None:
        self._inner = inner
        self._breakage = breakage

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send what the breakage makes of the records."""
        broken = [self._breakage.tamper_log(record) for record in batch]
        return self._inner.export([record for record in broken if record is not None])

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the other exporter."""
        flush = getattr(self._inner, "force_flush", None)
        return bool(flush(timeout_millis)) if flush else True

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]
