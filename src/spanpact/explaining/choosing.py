"""Choose a finding of a report, by its number or its key."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.errors import UsageError
from spanpact.findings import Finding, Report

_MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class FindingKind:
    """The findings of one contract with one key: the number of the first, that finding, and how many there are."""

    number: int
    first: Finding
    count: int


def kinds_of(report: Report) -> list[FindingKind]:
    """Return the kinds of a report's findings in its order. Findings are numbered from 1 in the same order."""
    kinds: dict[tuple[str, str], FindingKind] = {}
    for number, finding in enumerate(report.findings, 1):
        kind = finding.contract, finding.key
        known = kinds.get(kind)
        kinds[kind] = (
            FindingKind(known.number, known.first, known.count + 1) if known else FindingKind(number, finding, 1)
        )
    return list(kinds.values())


def choose_finding(report: Report, wanted: str) -> int:
    """Return the number of the finding with a number or a key: `2`, `lookup/kind` or `CONTRACT/lookup/kind`.

    Of several findings with a key, it is the first that breaks its contract. Raise UsageError for what is none of them.
    """
    findings = report.findings
    if not findings:
        raise UsageError(f"there is no finding {wanted!r}: the report has none")
    if wanted.isascii() and wanted.isdigit():
        if not (len(wanted) <= 9 and 1 <= int(wanted) <= len(findings)):
            raise UsageError(f"there is no finding {wanted}", hint=f"accepted: 1 to {len(findings)}, or a key")
        return int(wanted)
    numbers = [number for number, each in enumerate(findings, 1) if wanted in _names(each)]
    if not numbers:
        keys = list(dict.fromkeys(each.key for each in findings))
        near = difflib.get_close_matches(wanted, keys, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"the first are: {', '.join(keys[:_MOST_NAMED])}"
        raise UsageError(f"there is no finding {wanted!r}", hint=f"{hint}; explain lists them without FINDING")
    return next((number for number in numbers if findings[number - 1].breaks), numbers[0])


def _names(finding: Finding) -> Sequence[str]:
    return finding.key, f"{finding.contract}/{finding.key}"
