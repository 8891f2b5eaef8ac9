"""`events`: span events and log records by name (sections 3 and 9)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from spanpact.contract.compiled import AttributeExpectation, EventExpectation, Via
from spanpact.engine.checks.check import Check, Judge, Phase
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.keywords.attributes import compile_attribute
from spanpact.engine.checks.keywords.exceptions import EXCEPTION, count_reported_twice, is_exception
from spanpact.engine.checks.outcomes import INCOMPLETE, KEPT, VACUOUS, Breach, Outcome, Undecided, all_kept
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


Selected: TypeAlias = tuple[Sequence[NamedEvent], Undecided | None]
"""The events that are selected, and why that is undecided for others."""
Select: TypeAlias = Callable[[Span, Context], Selected]


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
    select = _compile_selection(expectation)
    place, entry = expectation.place, expectation.id
    checks = [Check("event", _existence(expectation, select), entry, place)]
    checks += [_attribute_check(each, _each(each, select, expectation.via), entry) for each in expectation.attributes]
    return checks


def _compile_selection(expectation: EventExpectation) -> Select:
    pattern, via, severities = expectation.event, expectation.via, expectation.severities
    where = [compile_attribute(attribute) for attribute in expectation.where_attributes]

    def select(span: Span, context: Context) -> Selected:
        found = [event for event in named_events(span, context, via) if event.fits(pattern)]
        if severities:
            found = [event for event in found if has_severity(event.carrier, severities)]
        if not where:
            return found, None
        selected, undecided = [], None
        for event in found:
            outcome = all_kept(outcome for judge in where for outcome in judge(event.attributes, context))
            if outcome is True:
                selected.append(event)
            elif isinstance(outcome, Undecided):
                undecided = outcome
        return selected, undecided

    return select


def has_severity(carrier: Event | LogRecord, severities: Collection[str]) -> bool:
    """Return whether a log record has one of the severities; span events have none, and are not excluded by it."""
    return not isinstance(carrier, LogRecord) or severity_of(carrier) in severities


def severity_of(record: LogRecord) -> str:
    """Return the severity as contracts write it, by the number or else by the usual texts; "" where it is unknown."""
    if 1 <= record.severity_number <= 24:
        return _SEVERITIES[(record.severity_number - 1) // 4]
    word = record.severity.strip().rstrip("234").lower()
    return word if word in _SEVERITIES else _OTHER_WORDS.get(word, "")


_SEVERITIES: Final = ("trace", "debug", "info", "warn", "error", "fatal")
_OTHER_WORDS: Final = {
    "verbose": "trace", "information": "info", "informational": "info", "notice": "info", "warning": "warn",
    "err": "error", "severe": "error", "critical": "fatal", "crit": "fatal", "alert": "fatal", "emergency": "fatal",
}  # fmt: skip


def _attribute_check(attribute: AttributeExpectation, judge: Judge, entry: str) -> Check:
    phase: Phase = "relation" if attribute.matcher.same_as else "content"
    return Check(f"attributes.{attribute.name}", judge, entry, attribute.place, phase)


def _each(expectation: AttributeExpectation, select: Select, via: Via) -> Judge:
    judge_one = compile_attribute(expectation)

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        found, undecided = select(span, context)
        outcomes = [outcome for event in found for outcome in judge_one(event.attributes, context)]
        if undecided:
            outcomes.append(undecided)
        elif not found:
            outcomes.append(VACUOUS)
        if via != "span" and not context.complete:
            outcomes.append(INCOMPLETE)  # a log record may come after its span
        return outcomes

    return judge


def _existence(expectation: EventExpectation, select: Select) -> Judge:
    pattern, via, count = expectation.event, expectation.via, expectation.count

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        found, unknown = select(span, context)
        number = count_events(found, via)
        if undecided := missing_event_capability(context, via, found=number > 0) or unknown:
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
