"""`forbid`, `except`: no text of a span, nor of what it carries, holds a forbidden class (section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from spanpact.checks.base import KEPT, Breach, Context, Judge, Outcome
from spanpact.model import Attributes, Event, LogRecord, Span, Value
from spanpact.plan import Content
from spanpact.privacy import Scanner

PlacedText: TypeAlias = tuple[str, str]
"""(where it stands, the text)."""


def compile_forbid(content: Content) -> Judge:
    """The judge of `forbid` on a span and all that it carries: events, links, resource, scope, its log records."""
    scanner, exempt = Scanner(content.forbid), content.exempt

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        return leaks(span_texts(span, context, exempt), scanner)

    return judge


def leaks(texts: Iterator[PlacedText], scanner: Scanner) -> Sequence[Breach]:
    """A breach for each class at each place; it never repeats the text."""
    found: dict[tuple[str, str], list[str]] = {}
    for where, text in texts:
        for leak in scanner.scan(text):
            found.setdefault((leak.name, where), []).append(f"{leak.start}..{leak.end}")
    if not found:
        return KEPT  # type: ignore[return-value]
    return [
        Breach("privacy-leak", f"{name} in {where}", f"no {name}", f"characters {', '.join(ranges)}")
        for (name, where), ranges in found.items()
    ]


def span_texts(span: Span, context: Context, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Every text of a span, with the place where it stands."""
    yield "the span name", span.name
    if span.status_message:
        yield "the status message", span.status_message
    if span.trace_state:
        yield "the trace state", span.trace_state
    if span.scope.name:
        yield "the scope's name", span.scope.name
        yield "the scope's version", span.scope.version
        yield from attribute_texts("the scope's attribute", span.scope.attributes, exempt)
    yield from attribute_texts("attribute", span.attributes, exempt)
    yield from attribute_texts("resource attribute", span.resource.attributes, exempt)
    for event in span.events:
        yield from event_texts(event, exempt)
    for link in span.links:
        yield "a link's trace state", link.trace_state
        yield from attribute_texts("a link's attribute", link.attributes, exempt)
    for record in context.logs_of(span):
        yield from event_texts(record, exempt)


def event_texts(carrier: Event | LogRecord, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Every text of a span event or a log record."""
    if isinstance(carrier, Event):
        yield "an event's name", carrier.name
        yield from attribute_texts("an event's attribute", carrier.attributes, exempt)
    else:
        yield "a log record's name", carrier.event_name
        yield from _value_texts("a log record's body", carrier.body)
        yield from attribute_texts("a log record's attribute", carrier.attributes, exempt)


def attribute_texts(what: str, attributes: Attributes, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """The names and, but for exempt names, the values of attributes."""
    for name, value in attributes.items():
        yield f"the name of {'an ' if what == 'attribute' else ''}{what}", name
        if name not in exempt:
            yield from _value_texts(f"{what} {name}", value)


_SHORTEST_CARD, _LONGEST_CARD = 10**12, 10**19  # the only class that fits a number


def _value_texts(where: str, value: Value) -> Iterator[PlacedText]:
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield where, one
        elif isinstance(one, bytes):
            yield where, one.decode("utf-8", "replace")
        elif isinstance(one, int | float) and _SHORTEST_CARD <= abs(one) < _LONGEST_CARD:
            yield where, str(int(one))  # exporters turn whole numbers into doubles
        elif isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, dict):
            for key, each in one.items():
                yield where, key
                stack.append(each)
