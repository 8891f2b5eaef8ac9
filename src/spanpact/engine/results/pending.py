"""Step 6: apply `pending`, agreements that something may be broken until a day (section 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from spanpact.contract.compiled import Condition, Content, ContractPlan, Entry
from spanpact.findings import Coverage, Finding, Level, NotChecked, Pending
from spanpact.findings.catalogue import CATALOGUE
from spanpact.findings.report import CUT_SHORT


def apply_pending(
    plan: ContractPlan,
    findings: Sequence[Finding],
    not_checked: Sequence[NotChecked],
    coverage: Sequence[Coverage],
    today: dt.date,
) -> list[Finding]:
    """Return the findings with pending ones marked, and `pending-kept` and `pending-expired` added."""
    if not plan.pending:
        return list(findings)
    ids = {name: pending_ids(plan, name) for name in plan.pending}
    agreed = {
        entry: pending
        for name, pending in plan.pending.items()
        if dt.date.fromisoformat(pending.until) >= today
        for entry in ids[name]
    }
    marked = [replace(f, pending=agreed.get(f.entry) or agreed.get(f.condition)) for f in findings]
    added = (_pending_findings(plan, name, ids[name], findings, not_checked, coverage, today) for name in plan.pending)
    return marked + [finding for several in added for finding in several]


def _pending_findings(
    plan: ContractPlan,
    name: str,
    ids: frozenset[str],
    findings: Sequence[Finding],
    not_checked: Sequence[NotChecked],
    coverage: Sequence[Coverage],
    today: dt.date,
) -> Iterator[Finding]:
    pending = plan.pending[name]
    found = [f for f in findings if f.level != "off" and not ids.isdisjoint((f.entry, f.condition))]
    broken = any(f.level == "violation" for f in found)
    kept = not any(CATALOGUE[f.id].level == "violation" for f in found)  # `levels` may have lowered it
    decided = not any(each.reason in CUT_SHORT for each in not_checked)
    decided = decided and not any(each.entry in ids and each.reason != "capability" for each in not_checked)
    exercised = decided and any(each.entry in ids and each.state == "exercised" for each in coverage)
    if broken and dt.date.fromisoformat(pending.until) < today:
        message = f"{name} was pending until {pending.until} ({pending.owner}: {pending.reason})"
        yield _finding(plan, "pending-expired", name, message, pending)
    elif exercised and kept and not broken:
        yield _finding(plan, "pending-kept", name, f"{name} is kept already: remove its pending", pending)


def _finding(plan: ContractPlan, finding: str, entry: str, message: str, pending: Pending) -> Finding:
    level: Level = plan.levels.get(f"{entry}/{finding}") or plan.levels.get(finding) or CATALOGUE[finding].level
    place = next((e.place for e in plan.top.walk() if e.id == entry), None)
    return Finding(
        finding, entry, message, level, contract=plan.name, keyword="pending", place=place,
        expected=f"kept by {pending.until}",
    )  # fmt: skip


def pending_ids(plan: ContractPlan, name: str) -> frozenset[str]:
    """Return the pending id and all ids below it."""
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
