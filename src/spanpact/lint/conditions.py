"""Conditions that are never judged, never met, or say nothing new (section 7)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.contract.compiled import AT_LEAST_ONE, NO_CONTENT, Condition, Count, Entry, Side
from spanpact.lint.contract_facts import Facts, Range
from spanpact.lint.contradictions import conflicts, impossible
from spanpact.lint.messages import LintMessage, lint_message

_NONE = Count(0, 0)
_LEVELED = ("missing", "surplus", "misplaced")  # findings of a count; with a level of its own, one may say more


def condition_messages(facts: Facts) -> Iterator[LintMessage]:
    """All that can be told of the conditions of one contract."""
    for holder, condition in facts.conditions:
        never = list(_when_never_holds(facts, holder, condition))
        yield from never
        if not never:
            for side in condition.then:
                yield from _then(facts, holder, condition, side)


def _when_never_holds(facts: Facts, holder: Entry, condition: Condition) -> Iterator[LintMessage]:
    for side in condition.when:
        if why := _why_not(facts, holder, side, condition):
            message = f"`when` of `{condition.id}` never holds: {why}"
            yield lint_message("when-never-holds", message, hint="mend `when`, or remove it", place=side.place)


def _why_not(facts: Facts, holder: Entry, side: Side, condition: Condition) -> str:
    """Why a side of `when` holds of no flow; "" where it may."""
    most = facts.counted(holder.id, side.entry)[1]
    if _range(side).low > most:
        return f"it wants {_range(side)} of `{side.entry}`, of which at most {_shown(most)} count"
    if not _range(side).low:
        return ""
    for keyword, _ in impossible(side.content):
        return f"no span can be as its `{keyword}` says"
    for keyword in conflicts(side.content, facts.entries[side.entry].where):
        return f"its `{keyword}` excludes what `where` of `{side.entry}` selects"
    absent = {other.entry for other in condition.when if _range(other) == _NONE and not other.content.keywords()}
    for above in facts.chain(holder.id, side.entry)[:-1]:
        if above.id in absent:
            return f"`{side.entry}` is only there below `{above.id}`, which is absent"
    return ""


def _then(facts: Facts, holder: Entry, condition: Condition, side: Side) -> Iterator[LintMessage]:
    if why := _why_unmet(facts, holder, condition, side):
        message = f"`then` of `{condition.id}` cannot be met where `when` holds: {why}"
        yield lint_message("then-never-holds", message, hint="mend `when` or `then`", place=side.place)
    elif why := _why_redundant(facts, holder, condition, side):
        message = f"`{side.entry}` in `then` of `{condition.id}` adds nothing: {why}"
        yield lint_message("then-redundant", message, hint="remove it, or say what was meant", place=side.place)


def _why_unmet(facts: Facts, holder: Entry, condition: Condition, side: Side) -> str:
    wanted, (least, most) = _range(side), facts.counted(holder.id, side.entry)
    least = least if facts.binds(side.entry) else 0
    if wanted.low > most:
        return f"it wants {wanted} of `{side.entry}`, of which at most {_shown(most)} count"
    if wanted.high is not None and wanted.high < least:
        return f"it wants {wanted} of `{side.entry}`, of which at least {_shown(least)} must be there"
    given = next((other for other in condition.when if other.entry == side.entry), None)
    if given and not _overlap(_range(given), wanted, content=_says(given)):
        return f"`when` wants {_range(given)} of `{side.entry}`, and `then` {wanted}"
    if not wanted.low:
        return ""
    for keyword, _ in impossible(side.content):
        return f"no span can be as its `{keyword}` says"
    entry = facts.entries[side.entry]
    binding = entry.content if facts.binds(entry.id) else NO_CONTENT
    for what, other in (("what `where` selects", entry.where), ("what is said", binding)):
        for keyword in conflicts(side.content, other):
            return f"its `{keyword}` excludes {what} of `{side.entry}`"
    for keyword in conflicts(side.content, given.content) if given and _range(given).low else ():
        return f"its `{keyword}` excludes what `when` asks of `{side.entry}`"
    return ""


def _why_redundant(facts: Facts, holder: Entry, condition: Condition, side: Side) -> str:
    if _says(side) or not facts.binds(side.entry) or any(f"span-{each}" in facts.plan.levels for each in _LEVELED):
        return ""
    wanted, expected = _range(side), facts.counted(holder.id, side.entry)
    if wanted.low <= expected[0] and (wanted.high is None or expected[1] <= wanted.high):
        return f"the count {_of(expected)} says it already"
    given = next((other for other in condition.when if other.entry == side.entry), None)
    if given and _range(given).low >= wanted.low and _within(given, wanted):
        return f"`when` has it already, with {_range(given)}"
    return ""


def _within(given: Side, wanted: Count) -> bool:
    """Whether what `when` counted cannot be too many."""
    most = None if _says(given) else _range(given).high
    return wanted.high is None or (most is not None and most <= wanted.high)


def _range(side: Side) -> Count:
    """How many spans a side wants; of those that meet its content in `when`, of all in `then`."""
    return side.count or (_NONE if side.mode == "absent" else AT_LEAST_ONE)


def _says(side: Side) -> bool:
    """Whether a side says anything of a span, and not only how many there are."""
    return bool(side.content.keywords() or side.content.events or side.content.links)


def _overlap(given: Count, wanted: Count, *, content: bool) -> bool:
    """Whether both numbers can be; where `when` counts those of a certain content there may be more than it says."""
    if wanted.high is not None and given.low > wanted.high:
        return False
    return content or given.high is None or wanted.low <= given.high


def _of(expected: Range) -> str:
    low, high = expected
    return f"{low}.." if high == float("inf") else str(low) if low == high else f"{low}..{_shown(high)}"


def _shown(number: float) -> str:
    return f"{number:.0f}"
