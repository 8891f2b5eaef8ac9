"""Ways to break the telemetry of one service, as happens in practice: its spans of sessions and Redis, and its logs.

A breakage changes finished spans on their way out. The service itself goes on working.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, Status, StatusCode

from demo.breakages.breakage import Breakage, changed, changed_log, only
from reference_impl import vocabulary as v

__all__ = ["SERVICE_BREAKAGES"]


def _with(span: ReadableSpan, **attributes: Any) -> ReadableSpan:
    return changed(span, attributes={**(span.attributes or {}), **attributes})


def _without(span: ReadableSpan, *names: str) -> ReadableSpan:
    return changed(span, attributes={k: x for k, x in (span.attributes or {}).items() if k not in names})


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


def _without_ids(record: ReadableLogRecord) -> ReadableLogRecord:
    return changed_log(record, trace_id=0, span_id=0)


def _of_another_request(record: ReadableLogRecord) -> ReadableLogRecord:
    return changed_log(record, attributes={**(record.log_record.attributes or {}), v.CORRELATION_ID: "of-another"})


def _with_email(record: ReadableLogRecord) -> ReadableLogRecord:
    return changed_log(record, body="a session for ada@example.com")


SERVICE_BREAKAGES: dict[str, Breakage] = {
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
"""By name."""
