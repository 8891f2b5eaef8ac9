"""`events`: span events and log records by name (sections 3 and 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spanpact.contract.compiled import AttributeExpectation, EventExpectation, Via
from spanpact.engine.checks.attributes import compile_attribute
from spanpact.engine.checks.check import Check, Judge, Phase
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.exceptions import EXCEPTION, count_reported_twice, is_exception
from spanpact.engine.checks.outcomes import INCOMPLETE, KEPT, VACUOUS, Breach, Outcome, Undecided
from spanpact.trace.model import Attributes, Event, LogRecord, Span
from spanpact.trace.name_patterns import NamePattern


class NamedEvent(NamedTuple):
    """A span event or a log record, as the checks see both."""

    name: str
    attributes: Attributes
    carrier: Event | LogRecord

    def fits(self, pattern: NamePattern) -> bool:
        """Return whether the pattern fits the name; a log record that reports an exception is also an `exception`."""
        if pattern.fits(self.name):
            return True
        return isinstance(self.carrier, LogRecord) and is_exception(self.carrier) and pattern.fits(EXCEPTION)


def count_events(events: Sequence[NamedEvent], via: Via) -> int:
    """Return the number of events of one span; an exception with both an event and a log record counts once."""
    if via != "either" or len(events) < 2:
        return len(events)
    return len(events) - count_reported_twice(event.carrier for event in events)


def named_events(span: Span, context: Context, via: Via) -> Iterator[NamedEvent]:
    """Yield the events of a span by this `via`: span events, log records, or both."""
    if via != "log":
        for event in span.events:
            yield NamedEvent(event.name, event.attributes, event)
    if via != "span":
        for record in context.logs_of(span):
            yield NamedEvent(record.event_name, record.attributes, record)


def missing_event_capability(context: Context, via: Via, *, found: bool) -> Undecided | None:
    """Return why events of this `via` cannot be counted: the source carries no logs, or no events; else None."""
    if via == "either" and found:
        return None
    if via != "span" and "logs" not in context.capabilities:
        return Undecided("capability", "the source carries no logs")
    if via != "log" and "events" not in context.capabilities:
        return Undecided("capability", "the source carries no events")
    return None


def compile_events(expectation: EventExpectation) -> list[Check]:
    """Return the checks of one id of `events`: how many there are, and each attribute of each of them."""
    pattern, via = expectation.event, expectation.via
    place, entry = expectation.place, expectation.id
    checks = [Check("event", _existence(expectation), entry, place)]
    for attribute in expectation.attributes:
        judge = _each(attribute, pattern, via)
        checks.append(_attribute_check(attribute, judge, entry))
    return checks


def _matching(span: Span, context: Context, pattern: NamePattern, via: Via) -> list[NamedEvent]:
    return [event for event in named_events(span, context, via) if event.fits(pattern)]


def _attribute_check(attribute: AttributeExpectation, judge: Judge, entry: str) -> Check:
    phase: Phase = "relation" if attribute.matcher.same_as else "content"
    return Check(f"attributes.{attribute.name}", judge, entry, attribute.place, phase)


def _each(expectation: AttributeExpectation, pattern: NamePattern, via: Via) -> Judge:
    judge_one = compile_attribute(expectation)

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        found = [event.attributes for event in _matching(span, context, pattern, via)]
        outcomes: list[Outcome] = [VACUOUS]
        if found:
            outcomes = [o for attributes in found for o in judge_one(attributes, context)]
        if via != "span" and not context.complete:
            outcomes.append(INCOMPLETE)  # a log record may come after its span
        return outcomes

    return judge


def _existence(expectation: EventExpectation) -> Judge:
    pattern, via, count = expectation.event, expectation.via, expectation.count

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        number = count_events(_matching(span, context, pattern, via), via)
        if undecided := missing_event_capability(context, via, found=number > 0):
            return (undecided,)
        if number in count:
            may_grow = via != "span" and count.high is not None and not context.complete
            return (INCOMPLETE,) if may_grow else KEPT
        if number < count.low:
            if via != "span" and not context.complete:
                return (INCOMPLETE,)  # a log record may come after its span
            near = ", ".join(sorted({h.name for h in named_events(span, context, via) if h.name}))
            observed = f"{number} found" + (f"; there are {near}" if near else "")
            return (Breach("event-missing", f"event {pattern} is missing", str(count), observed),)
        return (Breach("event-surplus", f"event {pattern} occurs too often", str(count), f"{number} found"),)

    return judge
