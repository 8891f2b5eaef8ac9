"""`conditions`: when something holds of a flow's spans, something else must (section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from spanpact.contract.compiled import AT_LEAST_ONE, Count
from spanpact.engine.assignment.matching import CompiledCondition, CompiledSide, Index, Matcher, Placed
from spanpact.engine.checks.base import INCOMPLETE, Breach, Check, Context, Undecided
from spanpact.engine.checks.timing import out_of_order
from spanpact.engine.coverage import Tally
from spanpact.trace.topology import TOP

_MODES = {"present": AT_LEAST_ONE, "absent": Count(0, 0)}


def judge_conditions(
    holder: Placed, context: Context, matcher: Matcher, tally: Tally, open_entries: AbstractSet[str] = frozenset()
) -> None:
    """Judges the conditions of an entry for one of its spans.

    Those that speak of `open_entries` are not decided yet: a span in them may get another place.
    """
    placed = list(holder.walk())
    spans, untold = _members(placed, context), _untold(placed)
    for condition in holder.entry.conditions:
        if any(side.entry in open_entries for side in (*condition.when, *condition.then)):
            tally.undecided(condition.plan.id, "then", INCOMPLETE)
            continue
        _judge(condition, holder.span, spans, untold, context, matcher, tally)


def _judge(
    condition: CompiledCondition,
    holder: Index,
    spans: Mapping[str, list[Index]],
    untold: Mapping[str, Undecided],
    context: Context,
    matcher: Matcher,
    tally: Tally,
) -> None:
    held = [untold.get(s.entry) or _side_holds(s, spans.get(s.entry, []), matcher) for s in condition.when]
    name = condition.plan.id
    tally.unsettled(name, "then")
    if False in held:
        tally.reach(name, "then", exercised=False)
        return
    if not context.complete and not all(_is_final(side) for side in condition.when):
        return
    if unknown := next((each for each in held if isinstance(each, Undecided)), None):
        tally.undecided(name, "then", unknown)
        return
    tally.reach(name, "then")
    for side in condition.then:
        if why := untold.get(side.entry):
            tally.undecided(name, "then", why)
            continue
        _judge_side(condition, side, spans.get(side.entry, []), holder, context, tally)
    _judge_order(condition, holder, spans, context, tally)


def _judge_order(
    condition: CompiledCondition, holder: Index, spans: Mapping[str, list[Index]], context: Context, tally: Tally
) -> None:
    name, order = condition.plan.id, condition.plan.order
    groups = [(each, [context.topology.spans[i] for i in spans.get(each, [])]) for each in order]
    for outcome in out_of_order(groups, context):
        if isinstance(outcome, Undecided):
            tally.undecided(name, "then", outcome)
            continue
        tally.breach(name, "order", outcome, context.topology, holder, condition=name, place=condition.plan.place)
        tally.trouble(order)


def _members(walked: Sequence[Placed], context: Context) -> dict[str, list[Index]]:
    spans: dict[str, list[Index]] = {}
    for placed in walked:
        if placed.span != TOP:
            spans.setdefault(placed.entry.id, []).append(placed.span)
    if walked[0].span == TOP:
        spans["top"] = list(context.topology.children(TOP)[:1])
    return spans


def _untold(walked: Sequence[Placed]) -> dict[str, Undecided]:
    """The entries whose spans cannot be told, as what selects them (or an entry above) is not decided."""
    return {
        entry.id: why
        for placed in walked
        for group in placed.groups
        if group.undecided
        for above in group.entries
        if (why := group.undecided.get(above.id))
        for entry in above.plan.walk()
    }


def _is_final(side: CompiledSide) -> bool:
    """Whether a side of `when` that holds will hold whatever spans still come."""
    return (side.count or _MODES.get(side.mode, AT_LEAST_ONE)).high is None


def _side_holds(side: CompiledSide, spans: list[Index], matcher: Matcher) -> bool | Undecided:
    """Whether a side of `when` holds, by some span of its entry unless it says a count."""
    count = side.count or _MODES.get(side.mode, AT_LEAST_ONE)
    if not side.content:
        return len(spans) in count
    results = [matcher.meets(side.content, i) for i in spans]
    sure = sum(result is True for result in results)
    unknown = [result for result in results if isinstance(result, Undecided)]
    if sure in count and sure + len(unknown) in count:
        return True
    possible = any(number in count for number in range(sure, sure + len(unknown) + 1))
    return unknown[0] if unknown and possible else False


def _judge_side(
    condition: CompiledCondition,
    side: CompiledSide,
    spans: list[Index],
    holder: Index,
    context: Context,
    tally: Tally,
) -> None:
    """One side of `then`: every span of the entry meets it, and unless it says otherwise there is one."""
    count = side.count or _MODES.get(side.mode, AT_LEAST_ONE)
    name, topology = condition.plan.id, context.topology
    place = side.place
    if len(spans) not in count:
        few = len(spans) < count.low
        what = "is missing" if few else "must not be there" if count.high == 0 else "is there too often"
        breach = Breach(
            "span-missing" if few else "span-surplus",
            f"{side.entry} {what} when {name} holds",
            str(count),
            f"{len(spans)} found",
        )
        surplus = () if few else spans
        tally.breach(side.entry, "count", breach, topology, holder, condition=name, place=place, spans=surplus)
    for i in spans:
        for check in side.content:
            _judge_check(condition, side, check, i, context, tally)


def _judge_check(
    condition: CompiledCondition, side: CompiledSide, check: Check, i: Index, context: Context, tally: Tally
) -> None:
    name = condition.plan.id
    for outcome in check.judge(context.topology.spans[i], context):
        if isinstance(outcome, Breach):
            entry, place = check.entry or side.entry, check.place or side.place
            tally.breach(entry, check.keyword, outcome, context.topology, i, condition=name, place=place)
        elif isinstance(outcome, Undecided):
            tally.undecided(name, "then", outcome)
