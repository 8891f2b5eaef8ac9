"""`closed`: nothing but what is named (section 3). Closed children are found by the matching."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.checks.base import Breach, Context, Undecided
from spanpact.checks.links import links_to
from spanpact.checks.values import shown
from spanpact.model import Link, Span
from spanpact.plan import Content, EventExpectation, LinkExpectation


def extra_attributes(span: Span, contents: Sequence[Content]) -> list[Breach]:
    """Attributes that neither the entry nor a rule selecting the span names, under any alias."""
    named = {name for content in contents for a in content.attributes for name in a.names}
    named |= {name for content in contents for names in content.exactly_one_true for name in names}
    return [
        Breach(
            "attribute-extra", f"attribute {name} is not named in a closed place", "only what is named", shown(value)
        )
        for name, value in span.attributes.items()
        if name not in named
    ]


def extra_events(span: Span, context: Context, expectations: Sequence[EventExpectation]) -> list[Breach | Undecided]:
    """Span events that no id of `events` names."""
    if "events" not in context.capabilities:
        return [Undecided("capability", "the source carries no events")]
    patterns = [expectation.event for expectation in expectations if expectation.via != "log"]
    return [
        Breach("event-extra", f"event {event.name} is not named in a closed place", "only what is named", event.name)
        for event in span.events
        if not any(pattern.fits(event.name) for pattern in patterns)
    ]


def extra_links(span: Span, context: Context, expectations: Sequence[LinkExpectation]) -> list[Breach | Undecided]:
    """Links whose target no id of `links` names."""
    if "links" not in context.capabilities:
        return [Undecided("capability", "the source carries no links")]
    named: list[Link] = []
    for expectation in expectations:
        found, unknown = links_to(span, context, expectation.span)
        if unknown:
            return [Undecided("no-reference", f"{unknown} linked spans are in no trace given")]
        named += found
    return [
        Breach("link-extra", "a link is not named in a closed place", "only what is named", f"a link to {link.span_id}")
        for link in span.links
        if link not in named
    ]
