"""`forbid`, `except`: no text of a span, its events, links, resource or logs holds a forbidden class (section 8)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias, cast

from spanpact.contract.compiled import Content
from spanpact.engine.checks.check import Judge, missing_capability
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.keywords.clean_attributes import CleanAttributes
from spanpact.engine.checks.outcomes import INCOMPLETE, KEPT, Breach, Outcome, Undecided
from spanpact.engine.checks.values.matching import TYPE_UNKNOWN
from spanpact.privacy import Scanner, number_text
from spanpact.trace.attributes import pairs_of
from spanpact.trace.equality import possible_values
from spanpact.trace.model import ALL_CAPABILITIES, NO_SCOPE, Attributes, Capability, Event, LogRecord, Span, Value
from spanpact.trace.process import same_resource

_PARTS: Final[Sequence[Capability]] = ("events", "links", "status_message", "scope", "resource")

PlacedText: TypeAlias = tuple[str, str, str, str | Sequence[str]]
"""What the text is, the name of the attribute that holds it or "", the name or key of its value or "", and the text;
all texts of a list also come together, as they may hold a value in parts.
"""


def compile_forbid(content: Content) -> Judge:
    """Return the check of `forbid` on a span and all that it carries: events, links, resource, scope, log records."""
    scanner, exempt = Scanner(content.forbid), content.exempt
    clean: dict[bool, CleanAttributes] = {}  # by whether the source distinguishes types

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        capabilities = context.capabilities
        known = clean.get("value_types" in capabilities)
        if known is None:
            known = clean["value_types" in capabilities] = CleanAttributes(
                lambda name, value: attribute_leaks(name, value, scanner, exempt, capabilities)
            )
        found = leaks(span_texts(span, context, exempt, known), scanner, capabilities) or _missing_parts(context)
        return found or (KEPT if context.complete else (INCOMPLETE,))  # a log record may come after its span

    return judge


def _missing_parts(context: Context) -> Sequence[Outcome]:
    """Return the outcome on a span without a leak whose source does not carry all parts; none if it does."""
    return next((outcome for part in _PARTS if (outcome := missing_capability(context, part))), KEPT)


def leaks(
    texts: Iterator[PlacedText], scanner: Scanner, capabilities: frozenset[Capability] = ALL_CAPABILITIES
) -> Sequence[Breach | Undecided]:
    """Return a breach for each class at each place, without the text itself.

    A text that may stand for a list or a map leaks if it does either way; if only one way, that is undecided.
    """
    found: dict[tuple[str, str], list[str]] = {}
    types_known = "value_types" in capabilities
    undecided = False
    for what, carrier, key, text in texts:
        hits = scanner.scan(text, key) if isinstance(text, str) else scanner.scan_joined(text, key)
        if (
            not types_known
            and what in _VALUES
            and isinstance(text, str)
            and (others := possible_values(text, capabilities))
        ):
            certain, possible = _in_parts(key, others, scanner)
            as_text = {hit.name for hit in hits}
            undecided = undecided or certain | possible | as_text != certain & as_text
            hits = [hit for hit in hits if hit.name in certain]
        for leak in hits:
            where = f"{what} {carrier}" if carrier else what
            found.setdefault((leak.name, where), []).append(f"{leak.start}..{leak.end}")
    breaches: list[Breach | Undecided] = [
        Breach("privacy-leak", f"{name} in {where}", f"no {name}", f"characters {', '.join(ranges)}")
        for (name, where), ranges in found.items()
    ]
    return [*breaches, TYPE_UNKNOWN] if undecided else breaches


def _in_parts(name: str, values: Sequence[Value], scanner: Scanner) -> tuple[set[str], set[str]]:
    """Return the classes that are in texts of lists and maps, and those that may be: JSON holds bytes as base64."""
    certain: set[str] = set()
    possible: set[str] = set()
    for value in values:
        for _, _, key, text in _value_texts("", name, value):
            if not isinstance(text, str):
                certain |= {leak.name for leak in scanner.scan_joined(text, key)}
                continue
            classes = {leak.name for leak in scanner.scan(text, key)}
            try:
                raw = base64.b64decode(text, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):  # not base64; ValueError: not ASCII
                certain |= classes
            else:
                as_bytes = {leak.name for leak in scanner.scan(raw, key)}
                certain |= classes & as_bytes
                possible |= classes | as_bytes
    return certain, possible


def span_texts(span: Span, context: Context, exempt: frozenset[str], clean: CleanAttributes) -> Iterator[PlacedText]:
    """Yield every text of a span with its place, without attributes that are known to be clean."""
    yield "the span name", "", "", span.name
    if span.status_message:
        yield "the status message", "", "", span.status_message
    if span.trace_state:
        yield "the trace state", "", "", span.trace_state
    yield from attribute_texts(_OF_SPAN, clean.leaking(span.attributes), exempt)
    yield from attribute_texts(_OF_RESOURCE, clean.leaking_of(span.resource), exempt)
    if span.scope is not NO_SCOPE:
        yield "the scope's name", "", "", span.scope.name
        yield "the scope's version", "", "", span.scope.version
        yield from attribute_texts(_OF_SCOPE, clean.leaking_of(span.scope), exempt)
    for event in span.events:
        yield from event_texts(event, exempt)
    for link in span.links:
        yield "a link's trace state", "", "", link.trace_state
        yield from attribute_texts(_OF_LINK, link.attributes, exempt)
    for record in context.logs_of(span):
        yield from event_texts(record, exempt)
        yield from _owner_texts(record, span, exempt)


def record_texts(record: LogRecord, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Yield every text of a log record, and of its resource and scope, with its place."""
    yield from event_texts(record, exempt)
    yield from _owner_texts(record, None, exempt)


def _owner_texts(record: LogRecord, span: Span | None, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Yield the texts of a log record's resource and scope that its span does not have."""
    if span is None or not same_resource(record.resource, span.resource):
        yield from attribute_texts(_OF_LOG_RESOURCE, record.resource.attributes, exempt)
    if span is None or record.scope != span.scope:
        yield "the name of a log record's scope", "", "", record.scope.name
        yield "the version of a log record's scope", "", "", record.scope.version
        yield from attribute_texts(_OF_LOG_SCOPE, record.scope.attributes, exempt)


def event_texts(carrier: Event | LogRecord, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Yield every text of a span event or a log record."""
    if isinstance(carrier, Event):
        yield "an event's name", "", "", carrier.name
        yield from attribute_texts(_OF_EVENT, carrier.attributes, exempt)
    else:
        yield "a log record's name", "", "", carrier.event_name
        yield from _value_texts(_BODY, "", carrier.body)
        yield from attribute_texts(_OF_LOG, carrier.attributes, exempt)


_BODY = "a log record's body"
_OF_SPAN = ("attribute", "the name of an attribute")
_OF_RESOURCE = ("resource attribute", "the name of a resource attribute")
_OF_SCOPE = ("the scope's attribute", "the name of a scope's attribute")
_OF_EVENT = ("an event's attribute", "the name of an event's attribute")
_OF_LINK = ("a link's attribute", "the name of a link's attribute")
_OF_LOG = ("a log record's attribute", "the name of a log record's attribute")
_OF_LOG_RESOURCE = ("a log record's resource attribute", "the name of a log record's resource attribute")
_OF_LOG_SCOPE = ("an attribute of a log record's scope", "the name of an attribute of a log record's scope")
_VALUES = frozenset(
    of_value
    for of_value, _ in (
        _OF_SPAN, _OF_RESOURCE, _OF_SCOPE, _OF_EVENT, _OF_LINK, _OF_LOG, _OF_LOG_RESOURCE, _OF_LOG_SCOPE,
    )
)  # fmt: skip


def attribute_texts(what: tuple[str, str], attributes: Attributes, exempt: frozenset[str]) -> Iterator[PlacedText]:
    """Yield the names of attributes, and the values of those not exempt; `what` is what to call a value and a name."""
    of_value, of_name = what
    for name, value in pairs_of(attributes):
        yield of_name, "", "", name
        if name in exempt:
            continue
        if type(value) is str:
            yield of_value, name, name, value
        else:
            yield from _value_texts(of_value, name, value)


def attribute_leaks(
    name: str, value: Value, scanner: Scanner, exempt: frozenset[str], capabilities: frozenset[Capability]
) -> Sequence[Breach | Undecided]:
    """Return the leaks of one attribute of a span."""
    if "value_types" in capabilities:
        texts = _simple_texts(name, value)
        if texts and not scanner.may_leak(texts, name):
            return ()  # almost always
    return leaks(attribute_texts(_OF_SPAN, {name: value}, exempt), scanner, capabilities)


def body_leaks(
    body: Value, scanner: Scanner, capabilities: frozenset[Capability] = ALL_CAPABILITIES
) -> Sequence[Breach | Undecided]:
    """Return the leaks of the body of a log record."""
    if type(body) is str and not scanner.may_leak((body,)):
        return ()  # almost always
    return leaks(_value_texts(_BODY, "", body), scanner, capabilities)


def _simple_texts(name: str, value: Value) -> Sequence[str]:
    """Return all texts of an attribute that is a text, a number or a list of texts; none for other values."""
    if isinstance(value, str):
        return name, value
    if isinstance(value, int | float):
        return name, number_text(value)
    if isinstance(value, list) and {str}.issuperset(map(type, value)):
        texts = cast("list[str]", value)
        return name, *texts, "".join(texts), " ".join(texts)
    return ()


def _value_texts(what: str, name: str, value: Value) -> Iterator[PlacedText]:
    stack = [(name, value)]
    while stack:
        key, one = stack.pop()
        if isinstance(one, str):
            yield what, name, key, one
        elif isinstance(one, bytes):
            yield what, name, key, one.decode("utf-8", "replace")
        elif isinstance(one, int | float) and (digits := number_text(one)):
            yield what, name, key, digits
        elif isinstance(one, list):
            stack.extend((key, each) for each in one)
            if len(one) > 1 and all(isinstance(each, str) for each in one):
                yield what, name, key, cast("list[str]", one)
        elif isinstance(one, dict):
            for each, member in pairs_of(one):
                yield what, name, "", each
                stack.append((each, member))
