"""Ways to break propagation: ids that mix, contexts that get lost between tasks, threads and services (S5).

Both services apply a breakage; it selects the spans that it changes by name or resource.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, format_trace_id

from demo.breakages.breakage import Breakage, Tamper, changed, only
from reference_impl import vocabulary as v

__all__ = ["PROPAGATION_BREAKAGES"]

AUDIT_API = "audit-api"


def _in_audit_api(tamper: Tamper) -> Tamper:
    return lambda span: tamper(span) if span.resource.attributes.get("service.name") == AUDIT_API else (span,)


def _identified(span: ReadableSpan, correlation_id: object) -> ReadableSpan:
    return changed(span, attributes={**(span.attributes or {}), v.CORRELATION_ID: correlation_id})


def _moved(context: SpanContext | None, trace_id: int) -> SpanContext | None:
    """Return a span context in another trace."""
    if context is None:
        return None
    return SpanContext(trace_id, context.span_id, context.is_remote, context.trace_flags, context.trace_state)


def _with_previous(mix: Callable[[ReadableSpan, ReadableSpan], ReadableSpan]) -> Tamper:
    """Break each span with values of the previous one, as state that requests share does under concurrency."""
    before: list[ReadableSpan] = []

    def tamper(span: ReadableSpan) -> Sequence[ReadableSpan]:
        other = before.pop() if before else span
        before.append(span)
        return (mix(span, other),)

    return tamper


def _mixed(span: ReadableSpan, other: ReadableSpan) -> ReadableSpan:
    return _identified(span, (other.attributes or {}).get(v.CORRELATION_ID))


def _adopted(span: ReadableSpan, other: ReadableSpan) -> ReadableSpan:
    place: Any = other.context
    return changed(span, context=_moved(span.context, place.trace_id), parent=other.parent)


def _own_trace(span: ReadableSpan) -> Sequence[ReadableSpan]:
    context, parent = span.context, span.parent
    if context is None:
        return (span,)
    other = context.trace_id ^ 1
    kept = None if parent is None or parent.is_remote else _moved(parent, other)
    return (changed(span, context=_moved(context, other), parent=kept),)


def _own_id(span: ReadableSpan) -> Sequence[ReadableSpan]:
    return (_identified(span, format_trace_id(span.context.trace_id) if span.context else ""),)


def _in_the_request(span: ReadableSpan) -> Sequence[ReadableSpan]:
    request = span.links[0].context
    return (changed(span, context=_moved(span.context, request.trace_id), parent=request),)


PROPAGATION_BREAKAGES: dict[str, Breakage] = {
    breakage.name: breakage
    for breakage in (
        Breakage("mixed-correlation-ids", "under concurrency a cache write says another request's correlation id",
                 only(v.REDIS_SET, _with_previous(_mixed))),
        Breakage("crossed-parents", "a task's cache write hangs below another request's span",
                 only(v.REDIS_SET, _with_previous(_adopted))),
        Breakage("orphaned-job", "the background job has lost its link to the request",
                 only(v.SESSION_PURGE, lambda span: (changed(span, links=()),))),
        Breakage("job-in-the-request", "the background job runs in its request's trace",
                 only(v.SESSION_PURGE, _in_the_request)),
        Breakage("lost-remote-parent", "audit-api does not read traceparent: two traces", _in_audit_api(_own_trace)),
        Breakage("dropped-correlation-id", "audit-api makes a correlation id of its own", _in_audit_api(_own_id)),
        Breakage("no-client-span", "the call to audit-api has no span", only("POST", lambda _: ())),
    )
}  # fmt: skip
"""By name. They change the spans of both services."""
