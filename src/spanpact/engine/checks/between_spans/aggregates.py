"""`sum`, `distinct`, `repeats`: what the values of an attribute on several spans of a flow say together (section 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.compiled import Count, Matcher
from spanpact.engine.checks.attribute_hints import nearest_name
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import INCOMPLETE, Breach, Undecided
from spanpact.engine.checks.values.alike_values import SpanValue, ValueGroups, group_by_value
from spanpact.engine.checks.values.exact_sums import Total, exact_sum, is_within, shown_total
from spanpact.engine.checks.values.matching import TYPE_UNKNOWN, type_of
from spanpact.engine.checks.values.shown import described, shown
from spanpact.trace.attributes import values_of
from spanpact.trace.equality import is_number, possible_values
from spanpact.trace.model import Attributes, Capability, Value

_MOST_NAMED = 3  # spans or values that a hint lists

Selected: TypeAlias = Sequence[int]
"""The indexes of the spans that a rule selects in a flow, in the order of the tree."""


@dataclass(frozen=True, slots=True)
class AggregateOutcome:
    """A breach or an undecided outcome, the span that it is about (None: the flow), and the spans that contribute."""

    outcome: Breach | Undecided
    at: int | None = None
    spans: Sequence[int] = ()


def check_aggregate(
    aggregate: Aggregate, selected: Selected, context: Context, selects: str
) -> Sequence[AggregateOutcome]:
    """Return the outcomes of one aggregate on the spans that its rule selects, which are named `selects`.

    While spans still arrive, spans that have not ended are left out: their attributes may change.
    """
    spans = context.topology.spans
    judged = [i for i in selected if context.complete or spans[i].end_ns]
    carried = [(i, values) for i in judged if (values := _values(aggregate, spans[i].attributes))]
    if not carried:
        wanted = [each[0] for each in aggregate.names]
        near = next(filter(None, (nearest_name(name, spans[i].attributes) for name in wanted for i in judged[:1])), "")
        detail = f"no {selects} in this flow has {' or '.join(wanted)}{f' ({near})' if near else ''}"
        why = Undecided("no-reference", detail)
        return [AggregateOutcome(why if context.complete else INCOMPLETE)]
    if aggregate.keyword == "sum":
        return list(_check_sum(aggregate, carried, context))
    return list(_check_groups(aggregate, carried, context))


def _values(aggregate: Aggregate, attributes: Attributes) -> SpanValue:
    """Return the values of each attribute on a span, with aliases and repeated keys; none if all are missing."""
    if len(aggregate.names) == 1 and len(names := aggregate.names[0]) == 1 and type(attributes) is dict:
        return ((attributes[names[0]],),) if names[0] in attributes else ()
    found = tuple([tuple([v for name in names for v in values_of(attributes, name)]) for names in aggregate.names])
    return found if any(found) else ()


def _check_sum(
    aggregate: Aggregate, carried: Sequence[tuple[int, SpanValue]], context: Context
) -> Iterator[AggregateOutcome]:
    """Yield the outcomes of `sum`. Later spans may take from a sum, so it is not decided while spans still arrive.

    A span with several values adds one of them: the sum must be within the limits whichever that is.
    """
    no_numbers = [(i, value) for i, (values,) in carried for value in values if not is_number(value)]
    wrong = [each for each in no_numbers if not may_be_number(each[1], context.capabilities)]
    name, wanted = aggregate.name, aggregate.within
    assert isinstance(wanted, Matcher)
    for i, value in wrong:
        breach = Breach(
            "attribute-type",
            f"attribute {name} has the wrong type: it is summed",
            "type number",
            f"{shown(value)} ({type_of(value)})",
            attribute=name,
        )
        yield AggregateOutcome(breach, i)
    if len(wrong) < len(no_numbers):
        yield AggregateOutcome(TYPE_UNKNOWN)
        return
    if wrong or not context.complete:
        yield from () if wrong else (AggregateOutcome(INCOMPLETE),)
        return
    numbers = [(i, [v for v in values if isinstance(v, int | float)]) for i, (values,) in carried]
    low, high = _sums([several for _, several in numbers])
    if is_within(low, wanted) and is_within(high, wanted):
        return
    largest = sorted(numbers, key=lambda each: -abs(_extreme(each[1], True)))[:_MOST_NAMED]
    listed = [f"{context.topology.spans[i].name} {shown(_extreme(several, True))}" for i, several in largest]
    breach = Breach(
        "attribute-sum",
        f"the sum of {name} is out of bounds",
        described(wanted),
        _observed_sum(low, high, len(numbers)),
        f"largest: {', '.join(listed)}" if len(numbers) > 1 else "",
        compared=True,
    )
    yield AggregateOutcome(breach, spans=[i for i, _ in largest])


def may_be_number(value: Value, capabilities: frozenset[Capability]) -> bool:
    """Return whether a value that is no number may stand for one."""
    return any(map(is_number, possible_values(value, capabilities)))


def is_sum_within(numbers: Sequence[Sequence[float]], wanted: Matcher) -> bool:
    """Return whether a sum meets its limits; `numbers` has all values of each span that carries the attribute."""
    return all(is_within(total, wanted) for total in _sums(numbers))


def _sums(numbers: Sequence[Sequence[float]]) -> tuple[Total, Total]:
    """Return the least and the greatest sum: a span with several values adds one of them."""
    low = exact_sum([_extreme(several, False) for several in numbers])
    if all(len(several) == 1 for several in numbers):
        return low, low
    return low, exact_sum([_extreme(several, True) for several in numbers])


def _extreme(numbers: Sequence[float], most: bool) -> float:
    """Return the least or the greatest of several numbers; NaN if one is, as nothing compares with it."""
    if len(numbers) == 1:
        return numbers[0]
    return next((n for n in numbers if n != n), max(numbers) if most else min(numbers))


def _observed_sum(low: Total, high: Total, number: int) -> str:
    several = shown_total(high) if low == high or low != low else f"{shown_total(low)} to {shown_total(high)}"
    return f"{several} on {number} span{'s' if number > 1 else ''}"


def _check_groups(
    aggregate: Aggregate, carried: Sequence[tuple[int, SpanValue]], context: Context
) -> Iterator[AggregateOutcome]:
    """Yield the outcomes of `distinct` or `repeats`. What exceeds the maximum exceeds it whatever comes."""
    wanted = aggregate.within
    assert isinstance(wanted, Count)
    groups = group_by_value(carried, context.capabilities)
    distinct = aggregate.keyword == "distinct"
    low, high = groups.distinct if distinct else groups.repeats
    if low in wanted and high in wanted and context.complete:
        return
    many = wanted.high is not None and low > wanted.high
    if not many and not context.complete:
        yield AggregateOutcome(INCOMPLETE)
    elif many or high < wanted.low:
        yield (_of_distinct if distinct else _of_repeats)(aggregate, groups, wanted, many=many)
    else:
        yield AggregateOutcome(TYPE_UNKNOWN)


def _of_distinct(aggregate: Aggregate, groups: ValueGroups, wanted: Count, *, many: bool) -> AggregateOutcome:
    values = [_shown_value(aggregate, value) for value in groups.values[:_MOST_NAMED]]
    more = ", …" if len(groups.values) > _MOST_NAMED else ""
    found = len(groups.values)
    breach = Breach(
        "attribute-distinct",
        f"{aggregate.name} has too {'many' if many else 'few'} distinct values in the flow",
        f"{wanted} distinct",
        f"{found} distinct: {', '.join(values)}{more}",
        compared=not many,
        attribute=_secret_name(aggregate),
    )
    return AggregateOutcome(breach, spans=[spans[0] for spans in groups.spans])


def _of_repeats(aggregate: Aggregate, groups: ValueGroups, wanted: Count, *, many: bool) -> AggregateOutcome:
    spans, value = max(zip(groups.spans, groups.values, strict=True), key=lambda group: len(group[0]))
    breach = Breach(
        "attribute-repeats",
        f"one value of {aggregate.name} is on too {'many' if many else 'few'} spans of the flow",
        f"{wanted} spans",
        f"{len(spans)} span{'s' if len(spans) > 1 else ''}: {_shown_value(aggregate, value)}",
        compared=not many,
        attribute=_secret_name(aggregate),
    )
    return AggregateOutcome(breach, spans=spans)


def _secret_name(aggregate: Aggregate) -> str:
    """Return the name by which the mask recognizes a secret value; of several attributes each value has its own."""
    return aggregate.name if len(aggregate.names) == 1 else ""


def _shown_value(aggregate: Aggregate, value: SpanValue) -> str:
    if len(aggregate.names) == 1:
        return ", ".join(map(shown, value[0]))
    named = zip(aggregate.names, value, strict=True)
    return " ".join(f"{names[0]}={', '.join(map(shown, values)) or 'missing'}" for names, values in named)
