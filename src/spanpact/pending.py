"""`pending`: agreements that something may still be broken, until a day (section 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from spanpact.finding_ids import CATALOGUE
from spanpact.findings import Coverage, Finding, Level, Pending
from spanpact.plan import ContractPlan, Entry


def settle_pending(
    plan: ContractPlan, findings: Sequence[Finding], coverage: Sequence[Coverage], today: dt.date
) -> list[Finding]:
    """The findings, with those that are pending marked, and `pending-kept` and `pending-expired` added."""
    if not plan.pending:
        return list(findings)
    covers = {name: _covered(plan, name) for name in plan.pending}
    agreed = {
        entry: pending
        for name, pending in plan.pending.items()
        if dt.date.fromisoformat(pending.until) >= today
        for entry in covers[name]
    }
    settled = [replace(f, pending=agreed[f.entry]) if f.entry in agreed else f for f in findings]
    return settled + [f for name in plan.pending for f in _about(plan, name, covers, findings, coverage, today)]


def _about(
    plan: ContractPlan,
    name: str,
    covers: Mapping[str, frozenset[str]],
    findings: Sequence[Finding],
    coverage: Sequence[Coverage],
    today: dt.date,
) -> Iterator[Finding]:
    pending, covered = plan.pending[name], covers[name]
    broken = any(f.entry in covered and f.level == "violation" for f in findings)
    exercised = any(each.entry in covered and each.state == "exercised" for each in coverage)
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


def _covered(plan: ContractPlan, name: str) -> frozenset[str]:
    """The id and all ids below it."""
    for entry in plan.top.walk():
        if entry.id == name:
            return frozenset(_ids(entry))
    return frozenset([name])


def _ids(entry: Entry) -> Iterator[str]:
    for each in entry.walk():
        yield each.id
        yield from (event.id for event in each.content.events)
        yield from (link.id for link in each.content.links)
        yield from (condition.id for condition in each.conditions)
