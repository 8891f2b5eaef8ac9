"""Integrity of the data: the SDK dropped nothing (section 14)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.integrity.owners import Seen, is_new
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.trace.model import Resource, Scope, Span


def check_dropped_data(context: Context) -> Iterator[LocatedBreach]:
    """Yield `data-dropped` for each span that lost attributes, events or links in the SDK.

    What a resource or a scope lost is reported once a trace, at the first of its spans.
    """
    seen: Seen = set()
    for span in context.topology.spans:
        lost = _lost(span, context)
        for owner in (span.resource, span.scope):
            if owner.dropped_attributes and is_new(owner, seen):
                lost.append(f"{owner.dropped_attributes} attributes of {_named(owner)}")
        if lost:
            yield span.span_id, Breach("data-dropped", "the SDK dropped data", "none dropped", ", ".join(lost))


def _lost(span: Span, context: Context) -> list[str]:
    """Return what the span itself lost, with what it carries."""
    logs = context.logs_of(span) if context.topology.trace.logs else ()
    if not (span.dropped_attributes or span.dropped_events or span.dropped_links or span.events or span.links or logs):
        return []
    counts = [
        ("attributes", span.dropped_attributes),
        ("events", span.dropped_events),
        ("links", span.dropped_links),
        ("attributes of events", sum(event.dropped_attributes for event in span.events)),
        ("attributes of links", sum(link.dropped_attributes for link in span.links)),
        ("attributes of log records", sum(record.dropped_attributes for record in logs)),
    ]
    return [f"{number} {what}" for what, number in counts if number]


def _named(owner: Resource | Scope) -> str:
    if isinstance(owner, Scope):
        return f"the scope {owner.name}" if owner.name else "the scope"
    service = owner.attributes.get("service.name")
    return f"the resource {service}" if isinstance(service, str) else "the resource"
