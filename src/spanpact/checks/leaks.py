"""`forbid`, `except`: no text of a span, nor of what it carries, holds a forbidden class (section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from spanpact.checks.base import KEPT, Breach, Context, Judge, Outcome, lacking
from spanpact.model import NO_SCOPE, Attributes, Capability, Event, LogRecord, Span, Value
from spanpact.plan import Content
from spanpact.privacy import Scanner

_PARTS: Final[Sequence[Capability]] = ("events", "links", "status_message", "scope", "resource")

PlacedText: TypeAlias = tuple[str, str, str]
"""(what it is, the name of what carries it or "", the text)."""


def compile_forbid(content: Content) -> Judge:
    """The judge of `forbid` on a span and all that it carries: events, links, resource, scope, its log records."""
    scanner, exempt = Scanner(content.forbid), content.exempt

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        return leaks(span_texts(span, context, exempt), scanner) or _unseen(context)

    return judge


def _unseen(context: Context) -> Sequence[Outcome]:
    """What keeps a span without a leak from being clean: the source does not carry all of it."""
    return next((outcome for part in _PARTS if (outcome := lacking(context, part))), KEPT)


def leaks(texts: Iterator[PlacedText], scanner: Scanner) -> Sequence[Breach]:
    """A breach for each class at each place; it never repeats the text."""
    found: dict[tuple[str, str], list[str]] = {}
    for what, carrier, text in texts:
        for leak in scanner.scan(text):
            where = f"{what} {carrier}" if carrier else what
            found.setdefault((leak.name, where), []).append(f"{leak.start}..{leak.end}")
    return [
        Breach("privacy-leak", f"{name} in {where}", f"no {name}", f"characters {', '.join(ranges)}")
        for (name, where), ranges in found.items()
    ]


def span_texts(span: Span, context: Context, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Every text of a span, with the place where it stands."""
    yield "the span name", "", span.name
    if span.status_message:
        yield "the status message", "", span.status_message
    if span.trace_state:
        yield "the trace state", "", span.trace_state
    yield from attribute_texts(_OF_SPAN, span.attributes, exempt)
    yield from attribute_texts(_OF_RESOURCE, span.resource.attributes, exempt)
    if span.scope is not NO_SCOPE:
        yield "the scope's name", "", span.scope.name
        yield "the scope's version", "", span.scope.version
        yield from attribute_texts(_OF_SCOPE, span.scope.attributes, exempt)
    for event in span.events:
        yield from event_texts(event, exempt)
    for link in span.links:
        yield "a link's trace state", "", link.trace_state
        yield from attribute_texts(_OF_LINK, link.attributes, exempt)
    for record in context.logs_of(span):
        yield from event_texts(record, exempt)


def event_texts(carrier: Event | LogRecord, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Every text of a span event or a log record."""
    if isinstance(carrier, Event):
        yield "an event's name", "", carrier.name
        yield from attribute_texts(_OF_EVENT, carrier.attributes, exempt)
    else:
        yield "a log record's name", "", carrier.event_name
        yield from _value_texts("a log record's body", "", carrier.body)
        yield from attribute_texts(_OF_LOG, carrier.attributes, exempt)


_OF_SPAN = ("attribute", "the name of an attribute")
_OF_RESOURCE = ("resource attribute", "the name of a resource attribute")
_OF_SCOPE = ("the scope's attribute", "the name of a scope's attribute")
_OF_EVENT = ("an event's attribute", "the name of an event's attribute")
_OF_LINK = ("a link's attribute", "the name of a link's attribute")
_OF_LOG = ("a log record's attribute", "the name of a log record's attribute")


def attribute_texts(what: tuple[str, str], attributes: Attributes, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """The names and, but for exempt names, the values of attributes; `what` is what to call a value and a name."""
    of_value, of_name = what
    for name, value in attributes.items():
        yield of_name, "", name
        if name in exempt:
            continue
        if type(value) is str:
            yield of_value, name, value
        else:
            yield from _value_texts(of_value, name, value)


_SHORTEST_CARD, _LONGEST_CARD = 10**12, 10**19  # the only class that fits a number


def _value_texts(what: str, name: str, value: Value) -> Iterator[PlacedText]:
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield what, name, one
        elif isinstance(one, bytes):
            yield what, name, one.decode("utf-8", "replace")
        elif isinstance(one, int | float) and _SHORTEST_CARD <= abs(one) < _LONGEST_CARD:
            yield what, name, str(int(one))  # exporters turn whole numbers into doubles
        elif isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, dict):
            for key, each in one.items():
                yield what, name, key
                stack.append(each)
