"""Which attributes of closed places an expectation of an entry allows by naming them, when nothing else names them.

Without such an expectation, each of those attributes gives an `attribute-extra` finding, and nothing else changes. So
it is known without judging whether an example notices that; a contract may name hundreds of attributes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from spanpact.contract.compiled import Content, ContractPlan, Entry
from spanpact.engine import CompiledContract
from spanpact.engine.checks.keywords.closed import named_attributes
from spanpact.engine.flow_assignments import assignments
from spanpact.engine.results.expectations import ExpectationKey
from spanpact.trace.model import Reading


def names_by_expectation(plan: ContractPlan) -> Mapping[ExpectationKey, frozenset[str]]:
    """Return the names of each attribute expectation of a closed entry that is the only one to allow them.

    None are returned for a contract that sets a level of `attribute-extra`, or has a pending part: there a finding may
    not count.
    """
    closed = [entry for entry in plan.top.walk() if "attributes" in entry.closed]
    if not closed or plan.pending or any(key.endswith("attribute-extra") for key in plan.levels):
        return {}
    elsewhere = frozenset[str]().union(*map(named_attributes, _of_rules_and_conditions(plan)))
    elsewhere = elsewhere.union(*(each.all_names for rule in plan.rules for each in rule.aggregates))
    return {key: names for entry in closed for key, names in _of_entry(entry) if names.isdisjoint(elsewhere)}


def _of_entry(entry: Entry) -> Iterator[tuple[ExpectationKey, frozenset[str]]]:
    other = [*entry.content.exactly_one_true, named_attributes(entry.where)]
    times = Counter(name for names in (*(a.names for a in entry.content.attributes), *other) for name in names)
    for attribute in entry.content.attributes:
        if all(times[name] == 1 for name in attribute.names):
            yield (entry.id, f"attributes.{attribute.name}"), frozenset(attribute.names)


def _of_rules_and_conditions(plan: ContractPlan) -> Iterator[Content]:
    for rule in plan.rules:
        yield from (rule.where, rule.content)
    for entry in plan.top.walk():
        for condition in entry.conditions:
            yield from (side.content for side in (*condition.when, *condition.then))


def attributes_by_entry(contract: CompiledContract, reading: Reading) -> Mapping[str, AbstractSet[str]] | None:
    """Return the attributes of the spans that each entry has; None if closed places may be undecided in the reading."""
    if "resource" not in reading.source.capabilities or not all(trace.complete for trace in reading.traces):
        return None
    if not any(entry.closed for entry in contract.plan.top.walk()):
        return {}
    found: dict[str, set[str]] = {}
    for flow in assignments(contract, reading):
        for entry, spans in flow.spans.items():
            found.setdefault(entry, set()).update(*(span.attributes for span in spans))
    return found
