"""Why a span is missing: it is elsewhere, or something near it is there (section 5)."""

from __future__ import annotations

import difflib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from spanpact.engine.assignment.matching import CompiledEntry, Group, Index, Matcher
from spanpact.engine.checks.base import Breach, Context
from spanpact.trace.topology import TOP

_NEAR = 0.6  # difflib's own default for what is still similar
_LOOKED_AT = 1000  # spans compared by name; beyond that nobody misspelt one


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An entry short of spans: in which group, how many there are, and how many were wanted at least."""

    entry: CompiledEntry
    group: Group
    found: int

    @property
    def missing(self) -> int:
        return self.entry.plan.count.low - self.found


def misplaced(shortfall: Shortfall, matcher: Matcher, context: Context, used: AbstractSet[Index]) -> list[Index]:
    """Spans elsewhere in the trace that the entry selects and no flow of the contract uses."""
    topology, group = context.topology, shortfall.group
    assert shortfall.entry.plan.span is not None
    found = []
    for i in topology.named_below(TOP, shortfall.entry.plan.span):
        here = topology.parent[i] == group.holder if group.kind == "children" else topology.is_below(i, group.holder)
        if i not in used and not here and matcher.selects(shortfall.entry, i) is True:
            found.append(i)
    return found[: shortfall.missing]


def nearest(shortfall: Shortfall, context: Context, used: AbstractSet[Index]) -> str:
    """The nearest unused span as the edit that would make it fit, "" where nothing is near."""
    topology, group = context.topology, shortfall.group
    place = topology.children(group.holder) if group.kind == "children" else topology.below(group.holder)
    unused = [i for i in place if i not in used]
    pattern = shortfall.entry.plan.span
    assert pattern is not None
    for i in unused:
        if pattern.fits(topology.spans[i].name) and (edit := _edit(shortfall.entry, i, context)):
            return edit
    names = sorted({topology.spans[i].name for i in unused[:_LOOKED_AT]})
    for text in pattern.texts:
        if close := difflib.get_close_matches(text, names, 1, _NEAR):
            return f"near: {close[0]} → {text}"
    return ""


def _edit(entry: CompiledEntry, i: Index, context: Context) -> str:
    span = context.topology.spans[i]
    for check in entry.where:
        for outcome in check.judge(span, context):
            if isinstance(outcome, Breach):
                return f"near: {span.name}: where.{check.keyword} {outcome.observed} → {outcome.expected}"
    return ""
