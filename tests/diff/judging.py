"""Compile contracts from mappings, build traces as in `examples`, and judge them with the real engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import load_examples
from spanpact.contract.loader import compile_contract
from spanpact.contract.python_api import Contract
from spanpact.diff import Change, compare
from spanpact.findings import Report, Verdict
from spanpact.trace.model import Reading
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

TODAY = dt.date(2026, 1, 1)


def plan_of(contract: Mapping[str, Any]) -> ContractPlan:
    """Compile a contract from a mapping, as one written in Python: reading YAML would take most of the time."""
    keywords = {f"{key}_" if key == "except" else key: _plain(value) for key, value in contract.items()}
    return compile_contract(Contract("case", "1.0.0", **keywords))


def _plain(value: Any) -> Any:
    """Return the value with dates as texts, as in contracts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def reading_of(trace: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> Reading:
    """Return the traces of `{trace: …}` or `{traces: …}`, with `offered` and `scenario`, as a reading."""
    example = {key: value for key, value in trace.items() if key != "scenario"}
    examples: dict[str, Any] = {"given": given} if given else {}
    examples |= {"it": example, "accepted": {"trace": []}, "other": {"trace": [], "findings": ["top/span-missing"]}}
    plan = plan_of({"span": "*", "examples": examples})
    reading = next(each.reading for each in load_examples(plan) if each.id == "it")
    label = trace.get("scenario", "")
    return msgspec.structs.replace(
        reading, traces=[msgspec.structs.replace(each, scenario=label) for each in reading.traces]
    )


def verdict(plan: ContractPlan, reading: Reading) -> Verdict:
    """Return the verdict of the real engine."""
    return verify([plan], reading, VerificationOptions(today=TODAY)).verdict


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the changes between two contracts."""
    return compare(plan_of(old), plan_of(new), today=TODAY)


def directions(found: Sequence[Change]) -> tuple[bool, bool]:
    """Return whether any change tightens, and whether any loosens."""
    return any(each.shift.tightens for each in found), any(each.shift.loosens for each in found)


def broken(report: Report) -> bool:
    """Return whether the report is broken and unambiguous: no other assignment of spans is as good."""
    return report.verdict == "broken" and all(finding.id != "match-ambiguous" for finding in report.findings)


def assert_sound(old: ContractPlan, new: ContractPlan, readings: Iterable[Reading]) -> int:
    """Assert that no trace kept by one version is broken by the other, unless the comparison says so.

    Returns how many traces were compared.
    """
    found, compared = compare(old, new, today=TODAY), 0
    tightens, loosens = directions(found)
    for reading in readings:
        before, after = (verify([plan], reading, VerificationOptions(today=TODAY)) for plan in (old, new))
        if not tightens and before.verdict == "kept":
            compared += 1
            assert not broken(after), (found, after.findings)
        if not loosens and after.verdict == "kept":
            compared += 1
            assert not broken(before), (found, before.findings)
    return compared
