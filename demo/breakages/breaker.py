"""Ways to break the traces of the circuit breaker and of the database (docs/specification.md S4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Status, StatusCode

from demo.breakages.breakage import Breakage, Tamper, changed
from reference_impl import vocabulary as v

__all__ = ["BREAKER_BREAKAGES"]

_TRANSITIONS = (v.BREAKER_OPENED, v.BREAKER_HALF_OPENED, v.BREAKER_CLOSED)


def _events(change: Callable[[Event], Event | None]) -> Tamper:
    """Change or drop the events of the connection manager's spans."""

    def tamper(span: ReadableSpan) -> Sequence[ReadableSpan]:
        if span.name != v.EXECUTE_WITH_CIRCUIT_BREAKER:
            return (span,)
        return (changed(span, events=[kept for event in span.events if (kept := change(event)) is not None]),)

    return tamper


def _with_attributes(event: Event, attributes: Mapping[str, Any]) -> Event:
    return Event(event.name, attributes, event.timestamp)


def _without_opening(event: Event) -> Event | None:
    return None if event.name == v.BREAKER_OPENED else event


def _opening_without_attributes(event: Event) -> Event | None:
    return _with_attributes(event, {}) if event.name == v.BREAKER_OPENED else event


def _transition_without_pool(event: Event) -> Event | None:
    if event.name not in _TRANSITIONS:
        return event
    return _with_attributes(event, {name: value for name, value in (event.attributes or {}).items() if name != "pool"})


def _rejection_without_error(span: ReadableSpan) -> Sequence[ReadableSpan]:
    refused = (span.attributes or {}).get(v.ERROR_TYPE) == "CircuitOpen"
    fine = Status(StatusCode.UNSET)
    return (changed(span, status=fine),) if refused and span.name == v.EXECUTE_WITH_CIRCUIT_BREAKER else (span,)


def _query_next_to_its_call() -> Tamper:
    """Make queries siblings of their call, as if run without its context. Each is held until its call has ended."""
    waiting: dict[int, list[ReadableSpan]] = {}

    def tamper(span: ReadableSpan) -> Sequence[ReadableSpan]:
        if span.name == v.DB_QUERY and span.parent is not None:
            waiting.setdefault(span.parent.span_id, []).append(span)
            return ()
        context = span.get_span_context()
        queries = waiting.pop(context.span_id, []) if context is not None else []
        return (*(changed(query, parent=span.parent) for query in queries), span)

    return tamper


BREAKER_BREAKAGES: dict[str, Breakage] = {
    breakage.name: breakage
    for breakage in (
        Breakage("breaker-event-missing", "the breaker opens, and no event says so", _events(_without_opening)),
        Breakage("event-without-attributes", "the event of the breaker's opening explains nothing",
                 _events(_opening_without_attributes)),
        Breakage("rejected-looks-fine", "a call that the breaker refused looks as if it were fine",
                 _rejection_without_error),
        Breakage("transition-without-pool", "the breaker's transitions do not say of which pool",
                 _events(_transition_without_pool)),
        Breakage("query-beside-its-call", "database queries are not below the call that makes them",
                 _query_next_to_its_call()),
    )
}  # fmt: skip
"""By name."""
