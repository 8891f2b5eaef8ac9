"""Two versions of a contract, or of a folder of them, compared: section 12 of docs/contract-format.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

from spanpact.contract.compiled import ContractPlan
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, Change, ContractDiff, Diff, State
from spanpact.diff.comparison import Comparing, Subject, Value
from spanpact.diff.contract_facts import Facts
from spanpact.diff.entries import compare_conditions, compare_entries
from spanpact.diff.head import compare_head
from spanpact.diff.renames import renamed, renames
from spanpact.diff.rules_and_statements import compare_rules, compare_statements
from spanpact.diff.versions import major_of
from spanpact.errors import UsageError


def diff_contracts(
    olds: Sequence[ContractPlan],
    news: Sequence[ContractPlan],
    *,
    allowed_removals: Collection[str] = (),
    today: dt.date | None = None,
) -> Diff:
    """Compares contracts, paired by name; where a name has several versions, by its major version too.

    `today` (UTC; default: the present day) decides which pending agreements still hold. Raises UsageError where one
    name and major version stands twice on one side.
    """
    day = today or dt.datetime.now(dt.UTC).date()
    diffs = [diff_contract(old, new, today=day) for old, new in _pairs(olds, news)]
    return Diff(tuple(replace(each, removal_allowed=each.contract in allowed_removals) for each in diffs))


def diff_contract(old: ContractPlan | None, new: ContractPlan | None, *, today: dt.date) -> ContractDiff:
    """Compares two versions of one contract; None where it is not there."""
    if old and new:
        changes = compare(old, new, today=today)
        state: State = "changed" if changes else "same"
        return ContractDiff(new.name, state, old.version, new.version, old.file, new.file, changes, new.place)
    plan = new or old
    assert plan is not None
    if new:
        change = Change("contract-added", "top", "contract", after=new.name, shift=TIGHTER, place=new.place)
        return ContractDiff(new.name, "added", "", new.version, "", new.file, (change,), new.place)
    change = Change("contract-removed", "top", "contract", before=plan.name, shift=LOOSER, place=plan.place)
    return ContractDiff(plan.name, "removed", plan.version, "", plan.file, "", (change,), plan.place)


def compare(old: ContractPlan, new: ContractPlan, *, today: dt.date) -> tuple[Change, ...]:
    """Every change between two versions of a contract, the head first, then the tree, `every` and `across`."""
    names = renames(old, new)
    comparing = Comparing(Facts(renamed(old, names), today), Facts(new, today))
    _note_renames(comparing, names)
    compare_head(comparing)
    compare_entries(comparing)
    compare_conditions(comparing)
    compare_rules(comparing)
    compare_statements(comparing)
    return tuple(comparing.changes)


def _note_renames(comparing: Comparing, names: dict[str, str]) -> None:
    for before, after in names.items():
        standing = comparing.new.entries.get(after)
        subject = Subject(after, standing.path if standing else (after,))
        place = standing.entry.place if standing else comparing.new.plan.place
        comparing.note(subject, "id", "renamed", (Value(before, place), Value(after, place)), NEITHER)


def _pairs(
    olds: Sequence[ContractPlan], news: Sequence[ContractPlan]
) -> list[tuple[ContractPlan | None, ContractPlan | None]]:
    """(old, new) for each contract, in the order of the new ones; then those that are gone."""
    before, after = _by_name(olds), _by_name(news)
    pairs: list[tuple[ContractPlan | None, ContractPlan | None]] = []
    for name in dict.fromkeys((*after, *before)):
        mine, theirs = before.get(name, {}), after.get(name, {})
        if len(mine) == len(theirs) == 1:
            pairs += zip(mine.values(), theirs.values(), strict=True)
        else:
            pairs += [(mine.get(major), theirs.get(major)) for major in dict.fromkeys((*theirs, *mine))]
    return pairs


def _by_name(plans: Sequence[ContractPlan]) -> dict[str, dict[int, ContractPlan]]:
    """Contracts by name, then by major version."""
    found: dict[str, dict[int, ContractPlan]] = {}
    for plan in plans:
        versions = found.setdefault(plan.name, {})
        first = versions.setdefault(major_of(plan.version), plan)
        if first is not plan:
            raise UsageError(
                f"the contract {plan.name} is there twice: {first.file} and {plan.file}",
                hint="contracts are paired by name, and several versions of one by their major version",
            )
    return found
