"""Step 5: `count: {same_as: …}`, as many spans as of another entry, or as an attribute says (section 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from spanpact.contract.compiled import Entry, Reference
from spanpact.engine.assignment.hints import found_elsewhere
from spanpact.engine.assignment.placements import Index, Placement
from spanpact.engine.checks import Breach, Context, Undecided
from spanpact.engine.checks.between_spans.aggregates import may_be_number
from spanpact.engine.checks.outcomes import INCOMPLETE
from spanpact.engine.checks.values.matching import TYPE_UNKNOWN, type_of
from spanpact.engine.checks.values.shown import shown
from spanpact.engine.conditions import undecided_entries
from spanpact.engine.flows.flow import Flow
from spanpact.engine.results.collector import ResultCollector
from spanpact.trace.attributes import values_of
from spanpact.trace.equality import equal
from spanpact.trace.model import Value


def check_same_counts(flow: Flow, holder: Placement, context: Context, results: ResultCollector) -> None:
    """Check the counts that are compared for one span of the entry that holds both sides."""
    undecided = undecided_entries(list(holder.walk()))
    for entry in holder.entry.same_counts:
        reference = entry.same_count
        assert reference is not None
        why = undecided.get(entry.id) or undecided.get(reference.entry)
        if why or not context.complete:
            results.mark_undecided(entry.id, "count", why or INCOMPLETE)
            continue
        counted = flow.members_below(holder, entry.id)
        wanted = _wanted(reference, flow.members_below(holder, reference.entry), context)
        if not wanted:
            why = Undecided("no-reference", f"{_target(reference)} has no value in this flow")
            results.mark_undecided(entry.id, "count", why)
            continue
        unequal = [value for value in wanted if not equal(value, len(counted))]
        wrong = [value for value in unequal if not may_be_number(value, context.capabilities)]
        if unequal and not wrong:
            results.mark_undecided(entry.id, "count", TYPE_UNKNOWN)
            continue
        results.mark_reached(entry.id, "count", exercised=bool(counted or any(wanted)))
        if wrong:
            here = frozenset(flow.members.get(entry.id, ()))
            _report(_Comparison(entry, reference, wrong[0], counted, holder, here), context, results)


def _wanted(reference: Reference, spans: Sequence[Index], context: Context) -> Sequence[Value]:
    """Return the number of the other entry's spans, or all values of the attribute on them."""
    if not reference.attribute:
        return [len(spans)]
    carriers = [context.topology.spans[i].attributes for i in spans]
    return [value for attributes in carriers for name in reference.names for value in values_of(attributes, name)]


def _target(reference: Reference) -> str:
    return f"{reference.entry}.{reference.attribute}" if reference.attribute else reference.entry


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A count that differs from what it is the same as: the entry's spans below one span, and in the whole flow."""

    entry: Entry
    reference: Reference
    wanted: Value
    counted: Sequence[Index]
    holder: Placement
    in_flow: AbstractSet[Index]


def _report(found: _Comparison, context: Context, results: ResultCollector) -> None:
    """Record a finding with both numbers; a value that is no number is of the wrong type."""
    entry, wanted, number = found.entry, found.wanted, len(found.counted)
    target, holder = _target(found.reference), found.holder.span
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        message = f"{target} has the wrong type: it is a number of spans"
        observed = f"{shown(wanted)} ({type_of(wanted)})"
        breach = Breach("attribute-type", message, "type number", observed, attribute=found.reference.attribute)
        results.record_breach(entry.id, "count", breach, context.topology, holder)
        return
    few = number < wanted
    breach = Breach(
        "span-missing" if few else "span-surplus",
        f"{entry.span} {'is missing' if few else 'occurs too often'}",
        f"{shown(wanted)}, the same as {target}",
        f"{number} found",
        _elsewhere(found, context) if few else "",
    )
    surplus = [] if few else found.counted[max(0, int(wanted)) if math.isfinite(wanted) else 0 :]
    results.record_breach(entry.id, "count", breach, context.topology, holder, spans=surplus)


def _elsewhere(found: _Comparison, context: Context) -> str:
    """Return where the trace has a span of the entry outside its place, as a hint."""
    compiled = next(each for each in found.holder.entry.walk() if each.id == found.entry.id)
    return found_elsewhere(compiled, found.in_flow, context)
