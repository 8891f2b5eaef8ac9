"""Compare two versions of a contract, or of folders of contracts (section 12 of docs/contract-format.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

from spanpact.contract.compiled import ContractPlan
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, Change, ContractDiff, Diff, State
from spanpact.diff.comparison import Comparison, Subject, Value
from spanpact.diff.conditions import compare_conditions
from spanpact.diff.contract_head import compare_head
from spanpact.diff.contract_version import ContractVersion
from spanpact.diff.entries import compare_entries
from spanpact.diff.renames import find_renames, renamed
from spanpact.diff.rules import compare_rules
from spanpact.diff.statements import compare_statements
from spanpact.diff.versions import major_of
from spanpact.errors import UsageError


def diff_contracts(
    olds: Sequence[ContractPlan],
    news: Sequence[ContractPlan],
    *,
    allowed_removals: Collection[str] = (),
    today: dt.date | None = None,
) -> Diff:
    """Compare contracts, paired by name, and by major version if a name has several versions.

    `today` (UTC, default: the current day) decides which agreements of `pending` still hold. Raises `UsageError` if
    one side has the same name and major version twice.
    """
    day = today or dt.datetime.now(dt.UTC).date()
    diffs = [diff_contract(old, new, today=day) for old, new in _pairs(olds, news)]
    return Diff(tuple(replace(each, removal_allowed=each.contract in allowed_removals) for each in diffs))


def diff_contract(old: ContractPlan | None, new: ContractPlan | None, *, today: dt.date) -> ContractDiff:
    """Compare two versions of one contract; None for a side that does not have it."""
    if old and new:
        changes = compare(old, new, today=today)
        state: State = "changed" if changes else "same"
        return ContractDiff(new.name, state, changes, old.version, new.version, old.file, new.file, new.place)
    plan = new or old
    assert plan is not None
    if new:
        change = Change("contract-added", "top", "contract", after=new.name, shift=TIGHTER, place=new.place)
        return ContractDiff(new.name, "added", (change,), new_version=new.version, new_file=new.file, place=new.place)
    change = Change("contract-removed", "top", "contract", before=plan.name, shift=LOOSER, place=plan.place)
    return ContractDiff(plan.name, "removed", (change,), old_version=plan.version, old_file=plan.file, place=plan.place)


def compare(old: ContractPlan, new: ContractPlan, *, today: dt.date) -> tuple[Change, ...]:
    """Return the changes between two versions of a contract: of the head, the tree, `every` and `across`."""
    names = find_renames(old, new)
    comparison = Comparison(ContractVersion(renamed(old, names), today), ContractVersion(new, today))
    _add_renames(comparison, names)
    compare_head(comparison)
    compare_entries(comparison)
    compare_conditions(comparison)
    compare_rules(comparison)
    compare_statements(comparison)
    return tuple(comparison.changes)


def _add_renames(comparison: Comparison, names: dict[str, str]) -> None:
    for before, after in names.items():
        placed = comparison.new.entries.get(after)
        subject = Subject(after, placed.path if placed else (after,))
        place = placed.entry.place if placed else comparison.new.plan.place
        comparison.add(subject, "id", "renamed", (Value(before, place), Value(after, place)), NEITHER)


def _pairs(
    olds: Sequence[ContractPlan], news: Sequence[ContractPlan]
) -> list[tuple[ContractPlan | None, ContractPlan | None]]:
    """Return (old, new) for each contract in the order of the new ones, then those that were removed."""
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
    """Return contracts by name, then by major version."""
    found: dict[str, dict[int, ContractPlan]] = {}
    for plan in plans:
        versions = found.setdefault(plan.name, {})
        first = versions.setdefault(major_of(plan.version), plan)
        if first is not plan:
            raise UsageError(
                f"two files hold the contract {plan.name}: {first.file} and {plan.file}",
                hint="contracts are paired by name, and by major version if a name has several",
            )
    return found
