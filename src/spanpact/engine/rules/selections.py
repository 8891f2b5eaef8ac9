"""Let one rule select among some spans of a flow, and check the content of each span or event that it selects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spanpact.engine.assignment.candidates import meets
from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Context, Undecided
from spanpact.engine.checks.attribute_hints import with_attribute_hints
from spanpact.engine.checks.keywords.events import NamedEvent, count_events, missing_event_capability, named_events
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.rules.compiled_rules import CompiledRule, selects_event


@dataclass(frozen=True, slots=True)
class Selection:
    """What a rule selects: the span of each span or event that counts, and why that is undecided for some."""

    spans: Sequence[Index]
    unknown: Undecided | None = None


def check_selected(
    rule: CompiledRule, spans: Sequence[Index], context: Context, results: ResultCollector, *, found: bool = False
) -> Selection:
    """Select among the spans and record the checks of what is selected.

    `found` says that the rule selects something in the flow besides.
    """
    if rule.plan.event is None:
        return _check_spans(rule, spans, context, results)
    return _check_events(rule, spans, context, results, found=found)


def _check_spans(rule: CompiledRule, spans: Sequence[Index], context: Context, results: ResultCollector) -> Selection:
    found: list[Index] = []
    unknown = None
    topology, fits = context.topology, rule.fitting_names
    for i in spans:
        span = topology.spans[i]
        if not fits[span.name]:
            continue
        selected = not rule.where or meets(rule.where, span, context)
        if isinstance(selected, Undecided):
            unknown = selected
            _mark_undecided(rule, selected, results)
        elif selected:
            found.append(i)
            for check in rule.content if context.is_final(span) else ():
                outcomes = check.judge(span, context)
                if outcomes and not check.entry:
                    outcomes = with_attribute_hints(outcomes, check.keyword, span.attributes)
                results.record(check.entry or rule.plan.id, check.keyword, outcomes, topology, i)
    return Selection(found, unknown)


def _check_events(
    rule: CompiledRule, spans: Sequence[Index], context: Context, results: ResultCollector, *, found: bool
) -> Selection:
    events = _select_events(rule, spans, context)
    if missing := missing_event_capability(context, rule.plan.via, found=found or bool(events.selected)):
        _mark_undecided(rule, missing, results)
        return Selection(events.counted, missing)
    for why in events.undecided:
        _mark_undecided(rule, why, results)
    _check_content(rule, events, context, results)
    return Selection(events.counted, events.undecided[-1] if events.undecided else None)


def check_alone(rule: CompiledRule, i: Index, context: Context, results: ResultCollector) -> int | None:
    """Check the rule on one span of a complete trace, apart from its flow.

    Return how many spans or events of it count; None where it is undecided whether the rule selects them.
    """
    if rule.plan.event is None:
        selection = _check_spans(rule, (i,), context, results)
        return None if selection.unknown else len(selection.spans)
    events = _select_events(rule, (i,), context)
    if events.undecided:
        return None
    if not missing_event_capability(context, rule.plan.via, found=True):
        _check_content(rule, events, context, results)
    return len(events.counted)


@dataclass(frozen=True, slots=True)
class _SelectedEvents:
    """The events that a rule selects, with their spans; the spans of those that count; why others are undecided."""

    selected: Sequence[tuple[Index, NamedEvent]]
    counted: Sequence[Index]
    undecided: Sequence[Undecided]


def _select_events(rule: CompiledRule, spans: Sequence[Index], context: Context) -> _SelectedEvents:
    spans = [i for i in spans if context.is_final(context.topology.spans[i])]
    candidates = [(i, e, selects_event(rule, e, context)) for i in spans for e in _events_of(rule, i, context)]
    selected = [(i, event) for i, event, outcome in candidates if outcome is True]
    undecided = [outcome for *_, outcome in candidates if isinstance(outcome, Undecided)]
    return _SelectedEvents(selected, _spans_of_counted(rule, selected), undecided)


def _check_content(rule: CompiledRule, events: _SelectedEvents, context: Context, results: ResultCollector) -> None:
    for keyword, judge in rule.event_content:
        for i, event in events.selected:
            results.record(rule.plan.id, keyword, judge(event, context), context.topology, i)


def _spans_of_counted(rule: CompiledRule, selected: Sequence[tuple[Index, NamedEvent]]) -> list[Index]:
    """Return the span of each event that counts: both signals of one exception count once."""
    by_span: dict[Index, list[NamedEvent]] = {}
    for i, event in selected:
        by_span.setdefault(i, []).append(event)
    return [i for i, events in by_span.items() for _ in range(count_events(events, rule.plan.via))]


def _events_of(rule: CompiledRule, i: Index, context: Context) -> Iterator[NamedEvent]:
    return named_events(context.topology.spans[i], context, rule.plan.via)


def _mark_undecided(rule: CompiledRule, why: Undecided, results: ResultCollector) -> None:
    """Count the content of the rule as undecided, because it is not known what the rule selects."""
    for keyword in (*(["parents"] if rule.plan.parents else []), *rule.plan.content.keywords()):
        results.mark_undecided(rule.plan.id, keyword, why)
