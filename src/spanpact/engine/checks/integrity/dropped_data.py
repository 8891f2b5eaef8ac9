"""Integrity of the data: the SDK dropped nothing (section 14)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach


def check_dropped_data(context: Context) -> Iterator[LocatedBreach]:
    """Yield `data-dropped` for each span that lost attributes, events or links in the SDK."""
    for span in context.topology.spans:
        if not (span.dropped_attributes or span.dropped_events or span.dropped_links or span.events or span.links):
            continue
        counts = [
            ("attributes", span.dropped_attributes),
            ("events", span.dropped_events),
            ("links", span.dropped_links),
        ]
        counts += [("attributes of events", sum(event.dropped_attributes for event in span.events))]
        counts += [("attributes of links", sum(link.dropped_attributes for link in span.links))]
        if lost := [f"{number} {what}" for what, number in counts if number]:
            yield span.span_id, Breach("data-dropped", "the SDK dropped data", "none dropped", ", ".join(lost))
