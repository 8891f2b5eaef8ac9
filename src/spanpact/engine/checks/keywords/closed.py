"""`closed`: no attributes, events or links other than those named (section 3).

Children in a closed place are found by the assignment (`assignment.candidates`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from spanpact.contract.compiled import Content, Entry, EventExpectation, LinkExpectation
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.keywords.links import distinct_links
from spanpact.engine.checks.outcomes import Breach, Undecided
from spanpact.engine.checks.values.shown import shown_values
from spanpact.trace.model import Link, Span


def named_attributes(content: Content) -> frozenset[str]:
    """Return the attributes that a content names, under all their aliases."""
    groups = [*(a.names for a in content.attributes), *content.exactly_one_true]
    return frozenset(name for names in groups for name in names)


def check_closed(
    entry: Entry, span: Span, context: Context, named: AbstractSet[str]
) -> Iterator[tuple[str, Sequence[Breach | Undecided]]]:
    """Yield (part, outcomes) for `attributes`, `events` and `links`, as far as the entry closes them.

    `named` are the attributes that the contract names for this span.
    """
    if "attributes" in entry.closed:
        yield "attributes", extra_attributes(span, context, named)
    if "events" in entry.closed:
        yield "events", extra_events(span, context, entry.content.events)
    if "links" in entry.closed:
        yield "links", extra_links(span, context, entry.content.links)


def extra_attributes(span: Span, context: Context, named: AbstractSet[str]) -> list[Breach | Undecided]:
    """Return a breach for each attribute of the span that is not named."""
    if "resource" not in context.capabilities:
        return [Undecided("capability", "the source may give attributes of the resource as those of the span")]
    return [
        Breach(
            "attribute-extra",
            f"attribute {name} is not named in a closed place",
            "only what is named",
            shown_values(span.attributes, name),
            attribute=name,
        )
        for name in span.attributes
        if name not in named
    ]


def extra_events(span: Span, context: Context, expectations: Sequence[EventExpectation]) -> list[Breach | Undecided]:
    """Return a breach for each span event that no id of `events` names."""
    if "events" not in context.capabilities:
        return [Undecided("capability", "the source carries no events")]
    patterns = [expectation.event for expectation in expectations if expectation.via != "log"]
    return [
        Breach("event-extra", f"event {event.name} is not named in a closed place", "only what is named", event.name)
        for event in span.events
        if not any(pattern.fits(event.name) for pattern in patterns)
    ]


def extra_links(span: Span, context: Context, expectations: Sequence[LinkExpectation]) -> list[Breach | Undecided]:
    """Return a breach for each link whose target no id of `links` names."""
    if "links" not in context.capabilities:
        return [Undecided("capability", "the source carries no links")]
    outcomes: list[Breach | Undecided] = []
    for link in distinct_links(span):
        fits = _named(link, context, expectations)
        if fits is None:
            outcomes.append(Undecided("no-reference", "a linked span was not read"))
        elif not fits:
            observed = f"a link to {link.span_id}"
            outcomes.append(
                Breach("link-extra", "a link is not named in a closed place", "only what is named", observed)
            )
    return outcomes


def _named(link: Link, context: Context, expectations: Sequence[LinkExpectation]) -> bool | None:
    """Return whether an id of `links` names the link; None where that depends on a span that was not read."""
    if not expectations or any(each.span.any for each in expectations):
        return bool(expectations)
    target = context.find_span(link.trace_id, link.span_id)
    return None if target is None else any(each.span.fits(target.name) for each in expectations)
