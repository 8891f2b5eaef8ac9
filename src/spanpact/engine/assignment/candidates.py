"""Find the spans that an entry selects with `span` and `where`: the candidates for its places (section 5)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.placements import Group, Index
from spanpact.engine.checks import Check, Context, Undecided
from spanpact.engine.checks.outcomes import all_kept
from spanpact.trace.model import Span


def selects(entry: CompiledEntry, i: Index, context: Context) -> bool | Undecided:
    """Return whether `span` and `where` of the entry select the span."""
    pattern = entry.plan.span
    if pattern is None or not pattern.fits(context.topology.spans[i].name):
        return False
    return meets(entry.where, context.topology.spans[i], context)


def meets(checks: Sequence[Check], span: Span, context: Context) -> bool | Undecided:
    """Return whether a span keeps all checks; one breach outweighs checks that cannot be decided."""
    so_far: bool | Undecided = True
    for check in checks:
        if outcomes := check.judge(span, context):
            kept = all_kept(outcomes)
            if kept is False:
                return False
            so_far = so_far if kept is True else kept
    return so_far


def find_candidates(group: Group, context: Context) -> dict[Index, list[CompiledEntry]]:
    """Return, by span, the entries of the group that select it. Fill `group.undecided`."""
    selecting: dict[Index, list[CompiledEntry]] = {}
    by_name = _children_by_name(group, context) if group.kind == "children" else {}
    for entry in group.entries:
        for i in _spans_in_place(group, entry, context, by_name):
            selected = selects(entry, i, context)
            if selected is True:
                selecting.setdefault(i, []).append(entry)
            elif isinstance(selected, Undecided):
                group.undecided[entry.id] = selected
    for chosen in selecting.values():
        chosen[:] = [entry for entry in chosen if entry.id not in group.undecided]
    return {i: chosen for i, chosen in selecting.items() if chosen}


def _children_by_name(group: Group, context: Context) -> dict[str, list[Index]]:
    """Return the children of the group's span by name, so that many entries do not each look at all of them."""
    by_name: dict[str, list[Index]] = {}
    for i in context.topology.children(group.holder):
        by_name.setdefault(context.topology.spans[i].name, []).append(i)
    return by_name


def _spans_in_place(
    group: Group, entry: CompiledEntry, context: Context, by_name: dict[str, list[Index]]
) -> Sequence[Index]:
    pattern = entry.plan.span
    assert pattern is not None
    if group.kind != "children":
        return context.topology.named_below(group.holder, pattern)
    if pattern.literal:
        return sorted(i for name in pattern.exact for i in by_name.get(name, ()))
    return context.topology.children(group.holder)


def find_extra_children(
    group: Group, holder: CompiledEntry, candidates: dict[Index, list[CompiledEntry]], context: Context
) -> list[Index]:
    """Return the children of a closed place that no entry of the holder, `descendants` included, selects."""
    entries = (*holder.children, *holder.descendants)
    return [
        child
        for child in context.topology.children(group.holder)
        if child not in candidates and all(selects(entry, child, context) is False for entry in entries)
    ]
