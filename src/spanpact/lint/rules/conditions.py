"""Conditions that are never checked, never met, or guarantee nothing new (section 7 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.contract.compiled import AT_LEAST_ONE, NO_CONTENT, Condition, Count, Entry, Side
from spanpact.lint.linted_contract import LintedContract, Range, has_expectations
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.rules.contradictions import conflicts, impossible

_NONE: Final = Count(0, 0)
_COUNTED: Final = ("missing", "surplus", "misplaced")  # findings of `count`


def check_conditions(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield messages about the conditions of one contract."""
    for holder, condition in contract.conditions:
        never = list(_check_when(contract, holder, condition))
        yield from never
        if not never:
            for side in condition.then:
                yield from _check_then(contract, holder, condition, side)


def _check_when(contract: LintedContract, holder: Entry, condition: Condition) -> Iterator[LintMessage]:
    for side in condition.when:
        if why := _why_never_holds(contract, holder, side, condition):
            message = f"`when` of `{condition.id}` never holds: {why}"
            yield lint_message(
                "when-never-holds", message, hint="fix `when`, or remove the condition", place=side.place
            )


def _why_never_holds(contract: LintedContract, holder: Entry, side: Side, condition: Condition) -> str:
    """Return why a side of `when` holds for no flow; "" if it may."""
    needed, (_, most) = _range(side), contract.possible_spans(holder.id, side.entry)
    if needed.low > most:
        return _too_many(side, most)
    if not needed.low:
        return ""
    for keyword, _ in impossible(side.content):
        return f"no span can meet its `{keyword}`"
    for keyword in conflicts(side.content, contract.entries[side.entry].where):
        return f"its `{keyword}` contradicts `where` of `{side.entry}`"
    absent = {other.entry for other in condition.when if _range(other) == _NONE and not other.content.keywords()}
    for above in contract.path(holder.id, side.entry)[:-1]:
        if above.id in absent:
            return f"`{side.entry}` exists only below `{above.id}`, which must be absent"
    return ""


def _check_then(contract: LintedContract, holder: Entry, condition: Condition, side: Side) -> Iterator[LintMessage]:
    if why := _why_never_met(contract, holder, condition, side):
        message = f"`then` of `{condition.id}` cannot be met where `when` holds: {why}"
        yield lint_message("then-never-holds", message, hint="fix `when` or `then`", place=side.place)
    elif why := _why_redundant(contract, holder, condition, side):
        message = f"`{side.entry}` in `then` of `{condition.id}` has no effect: {why}"
        yield lint_message("then-redundant", message, hint="remove it, or write what you meant", place=side.place)


def _why_never_met(contract: LintedContract, holder: Entry, condition: Condition, side: Side) -> str:
    """Return why a side of `then` cannot be met where `when` holds; "" if it may."""
    needed, (least, most) = _range(side), contract.possible_spans(holder.id, side.entry)
    least = least if contract.is_binding(side.entry) else 0
    if needed.low > most:
        return _too_many(side, most)
    if needed.high is not None and needed.high < least:
        return f"it needs {needed} spans of `{side.entry}`, but there must be at least {_shown(least)}"
    when = next((other for other in condition.when if other.entry == side.entry), None)
    if when and not _overlap(_range(when), needed, content=has_expectations(when.content)):
        return f"`when` needs {_range(when)} spans of `{side.entry}`, but `then` needs {needed}"
    if not needed.low:
        return ""
    for keyword, _ in impossible(side.content):
        return f"no span can meet its `{keyword}`"
    return _contradicted(contract, side, when)


def _contradicted(contract: LintedContract, side: Side, when: Side | None) -> str:
    """Return what the content of a side of `then` contradicts; "" for nothing."""
    entry = contract.entries[side.entry]
    binding = entry.content if contract.is_binding(entry.id) else NO_CONTENT
    for what, other in (("`where`", entry.where), ("the expectations", binding)):
        for keyword in conflicts(side.content, other):
            return f"its `{keyword}` contradicts {what} of `{side.entry}`"
    for keyword in conflicts(side.content, when.content) if when and _range(when).low else ():
        return f"its `{keyword}` contradicts what `when` needs of `{side.entry}`"
    return ""


def _why_redundant(contract: LintedContract, holder: Entry, condition: Condition, side: Side) -> str:
    """Return what already guarantees a side of `then`; "" for nothing."""
    leveled = any(f"span-{each}" in contract.plan.levels for each in _COUNTED)
    if has_expectations(side.content) or not contract.is_binding(side.entry) or leveled:
        return ""
    needed, possible = _range(side), contract.possible_spans(holder.id, side.entry)
    if needed.low <= possible[0] and (needed.high is None or possible[1] <= needed.high):
        return f"`count` already guarantees {_shown_range(possible)}"
    when = next((other for other in condition.when if other.entry == side.entry), None)
    if when and _range(when).low >= needed.low and _cannot_exceed(when, needed):
        return f"`when` already guarantees {_range(when)}"
    return ""


def _cannot_exceed(when: Side, needed: Count) -> bool:
    """Return whether the spans that `when` counts cannot be more than needed."""
    most = None if has_expectations(when.content) else _range(when).high
    return needed.high is None or (most is not None and most <= needed.high)


def _range(side: Side) -> Count:
    """Return how many spans a side needs: in `when` spans with its content, in `then` all spans of the entry."""
    return side.count or (_NONE if side.mode == "absent" else AT_LEAST_ONE)


def _overlap(when: Count, then: Count, *, content: bool) -> bool:
    """Return whether both ranges can hold. With `content`, `when` counts only some spans, so there may be more."""
    if then.high is not None and when.low > then.high:
        return False
    return content or when.high is None or then.low <= when.high


def _too_many(side: Side, most: float) -> str:
    return f"it needs {_range(side)} spans of `{side.entry}`, but there can be at most {_shown(most)}"


def _shown_range(possible: Range) -> str:
    low, high = possible
    return f"{low}.." if high == float("inf") else str(low) if low == high else f"{low}..{_shown(high)}"


def _shown(number: float) -> str:
    return f"{number:.0f}"
