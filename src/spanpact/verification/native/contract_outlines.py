"""Describe contracts and contents of spans to the core, so that it builds split keys as `split_keys` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from spanpact.verification.split_keys.split_contract import SplitContract
from spanpact.verification.split_keys.trace_parts import TraceParts
from spanpact.verification.split_keys.whole_contract import WholeContract

PlaceOutline: TypeAlias = tuple[bool, bool]
"""One `children` or `descendants`: whether it is of children, and whether it is closed."""
EntryOutline: TypeAlias = tuple[bool, bool, Sequence[PlaceOutline]]
"""An entry: whether an `order` names it, whether it has a `concurrency`, and its places."""
Begins: TypeAlias = tuple[bool, bool, bool]
"""Whether a contract has a scenario, a `span`, and a `where`."""
LooksAt: TypeAlias = tuple[bool, bool, bool, bool]
"""Whether a contract looks at durations, at `parent`, at the names of parents, and whether its rules compare values."""
ContractOutline: TypeAlias = tuple[Begins, LooksAt, Sequence[EntryOutline]]
"""A contract with its entries by number; without entries the core must leave it to Python."""
ContentOfContract: TypeAlias = tuple[
    bool, Sequence[Sequence[int]], Sequence[int], Sequence[int], Sequence[Sequence[int]]
]
"""A content as one contract sees it: whether its name fits the contract's `span`; the entries that it fits in each
place; and the places of values that entries compare, that rules compare, and that these compare them with."""
DescribedContent: TypeAlias = tuple[int, bool, bool, Sequence[ContentOfContract]]
"""A content: the number of its name, whether roots of this name are wanted, whether such a span may be an orphan, and
what each contract sees."""

_MOST_RULES: Final = 64  # the bits of one number in the core


def outline_of(contract: SplitContract | WholeContract) -> ContractOutline:
    """Return the outline of a contract; it is left to Python if it may not be split or has too many rules."""
    plan, compiled = contract.run.contract.plan, contract.run.contract
    begins = bool(plan.scenario), plan.top.span is not None, bool(compiled.top.where)
    if isinstance(contract, WholeContract) or len(compiled.rules) > _MOST_RULES:
        return begins, (False, False, False, False), ()
    parts = contract.parts
    entries = [
        (each.ordered, each.concurrent, [(place.of_children, place.closed) for place in each.places])
        for each in contract.keys.tree.walk()
    ]
    return begins, (parts.durations, parts.parent, parts.parents, bool(parts.compared_by_rules)), entries


def described(contract: SplitContract | WholeContract, parts: TraceParts, content: int) -> ContentOfContract:
    """Return a content as a contract sees it."""
    begins = parts.contracts.index(contract) in parts.beginning[content]
    if isinstance(contract, WholeContract):
        return begins, (), (), (), ()
    fitting = [
        [each.number for each in place.fitting[content]]
        for entry in contract.keys.tree.walk()
        for place in entry.places
    ]
    contents = contract.contents
    return begins, fitting, contents.of_entries[content], contents.of_rules[content], contents.references[content]
