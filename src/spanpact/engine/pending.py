"""`pending`: agreements that something may still be broken, until a day (section 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from spanpact.contract.compiled import Condition, Content, ContractPlan, Entry
from spanpact.findings import Coverage, Finding, Level, NotChecked, Pending
from spanpact.findings.catalogue import CATALOGUE


def settle_pending(
    plan: ContractPlan,
    findings: Sequence[Finding],
    not_checked: Sequence[NotChecked],
    coverage: Sequence[Coverage],
    today: dt.date,
) -> list[Finding]:
    """The findings, with those that are pending marked, and `pending-kept` and `pending-expired` added."""
    if not plan.pending:
        return list(findings)
    covers = {name: covered(plan, name) for name in plan.pending}
    agreed = {
        entry: pending
        for name, pending in plan.pending.items()
        if dt.date.fromisoformat(pending.until) >= today
        for entry in covers[name]
    }
    settled = [replace(f, pending=agreed.get(f.entry) or agreed.get(f.condition)) for f in findings]
    return settled + [
        f for name in plan.pending for f in _about(plan, name, covers[name], findings, not_checked, coverage, today)
    ]


def _about(
    plan: ContractPlan,
    name: str,
    covered: frozenset[str],
    findings: Sequence[Finding],
    not_checked: Sequence[NotChecked],
    coverage: Sequence[Coverage],
    today: dt.date,
) -> Iterator[Finding]:
    pending = plan.pending[name]
    broken = any(f.level == "violation" and not covered.isdisjoint((f.entry, f.condition)) for f in findings)
    decided = not any(each.entry in covered and each.reason != "capability" for each in not_checked)
    exercised = decided and any(each.entry in covered and each.state == "exercised" for each in coverage)
    if broken and dt.date.fromisoformat(pending.until) < today:
        message = f"{name} was pending until {pending.until} ({pending.owner}: {pending.reason})"
        yield _finding(plan, "pending-expired", name, message, pending)
    elif exercised and not broken:
        yield _finding(plan, "pending-kept", name, f"{name} is kept already: it can bind now", pending)


def _finding(plan: ContractPlan, finding: str, entry: str, message: str, pending: Pending) -> Finding:
    level: Level = plan.levels.get(f"{entry}/{finding}") or plan.levels.get(finding) or CATALOGUE[finding].level
    place = next((e.place for e in plan.top.walk() if e.id == entry), None)
    return Finding(
        finding, entry, message, level, contract=plan.name, keyword="pending", place=place,
        expected=f"kept by {pending.until}",
    )  # fmt: skip


def covered(plan: ContractPlan, name: str) -> frozenset[str]:
    """The id that is pending and all ids below it."""
    for entry in plan.top.walk():
        if entry.id == name:
            return frozenset(_ids(entry))
        for condition in entry.conditions:
            if condition.id == name:
                return frozenset(_of_condition(condition))
    for rule in plan.rules:
        if rule.id == name:
            return frozenset([name, *_of_content(rule.content)])
    return frozenset([name])


def _ids(entry: Entry) -> Iterator[str]:
    for each in entry.walk():
        yield each.id
        yield from _of_content(each.content)
        for condition in each.conditions:
            yield from _of_condition(condition)


def _of_condition(condition: Condition) -> Iterator[str]:
    yield condition.id
    for side in condition.then:
        yield from _of_content(side.content)


def _of_content(content: Content) -> Iterator[str]:
    yield from (event.id for event in content.events)
    yield from (link.id for link in content.links)
