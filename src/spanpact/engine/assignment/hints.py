"""Explain a missing span: it is elsewhere, or a span near it is there (section 5)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from spanpact.engine.assignment.candidates import selects
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.placements import Group, Index
from spanpact.engine.checks import Breach, Context
from spanpact.findings import Edit
from spanpact.trace.topology import TOP

_SIMILAR = 0.6  # difflib's default ratio for names that are still similar
_MOST_COMPARED = 1000  # spans compared by name


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An entry that has fewer spans than its count: in which group, and how many there are."""

    entry: CompiledEntry
    group: Group
    found: int

    @property
    def missing(self) -> int:
        """Return how many spans are missing."""
        return self.entry.plan.count.low - self.found


def misplaced(shortfall: Shortfall, context: Context, used: AbstractSet[Index]) -> list[Index]:
    """Return spans elsewhere in the trace that the entry selects and no flow of the contract uses."""
    topology, group = context.topology, shortfall.group
    assert shortfall.entry.plan.span is not None
    found = []
    for i in topology.named_below(TOP, shortfall.entry.plan.span):
        here = topology.parent[i] == group.holder if group.kind == "children" else topology.is_below(i, group.holder)
        if i not in used and not here and selects(shortfall.entry, i, context) is True:
            found.append(i)
    return found[: shortfall.missing]


def nearest(shortfall: Shortfall, context: Context, used: AbstractSet[Index]) -> Edit | None:
    """Return the edit that would make the nearest unused span fit, None if no span is near."""
    topology, group = context.topology, shortfall.group
    place = topology.children(group.holder) if group.kind == "children" else topology.below(group.holder)
    unused = [i for i in place if i not in used]
    pattern = shortfall.entry.plan.span
    assert pattern is not None
    for i in unused:
        if pattern.fits(topology.spans[i].name) and (edit := _where_edit(shortfall.entry, i, context)):
            return edit
    names = sorted({topology.spans[i].name for i in unused[:_MOST_COMPARED]})
    in_lower_case = {name.lower(): name for name in names}
    for text in pattern.texts:
        if (other := in_lower_case.get(text.lower(), text)) != text:
            why = " (a Zipkin server stores names in lower case)" if other == text.lower() else ""
            return Edit(other, "span", other, text, f"only upper and lower case differ{why}")
    from difflib import get_close_matches

    for text in pattern.texts:
        if close := get_close_matches(text, names, 1, _SIMILAR):
            return Edit(close[0], "span", close[0], text)
    return None


def hint_of(edit: Edit | None) -> str:
    """Return an edit of a span in one line, "" for none."""
    if edit is None:
        return ""
    if edit.change != "span":
        return f"near: {edit.span}: {_edit_text(edit)}"
    return f"near: {edit.now} → {edit.wanted}" + (f": {edit.why}" if edit.why else "")


def where_edit(entry: CompiledEntry, i: Index, context: Context) -> str:
    """Return the first part of `where` that the span does not meet, with what would meet it; "" if there is none."""
    edit = _where_edit(entry, i, context)
    return _edit_text(edit) if edit else ""


def _edit_text(edit: Edit) -> str:
    return f"{edit.change} {edit.now} → {edit.wanted}"


def _where_edit(entry: CompiledEntry, i: Index, context: Context) -> Edit | None:
    span = context.topology.spans[i]
    for check in entry.where:
        for outcome in check.judge(span, context):
            if isinstance(outcome, Breach):
                return Edit(span.name, f"where.{check.keyword}", outcome.observed, outcome.expected)
    return None


def found_elsewhere(entry: CompiledEntry, here: AbstractSet[Index], context: Context) -> str:
    """Return where the trace has a span that the entry selects and that is not `here`; "" if it has none."""
    topology, pattern = context.topology, entry.plan.span
    for i in topology.named_below(TOP, pattern) if pattern else ():
        if i not in here and selects(entry, i, context) is True:
            parent = topology.parent[i]
            under = f"under {topology.spans[parent].name}" if parent != TOP else "as a root"
            return f"{topology.spans[i].name} is found {under}"
    return ""
