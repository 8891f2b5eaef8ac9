"""The edits that would settle a finding: of the span, or of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from spanpact.findings import Edit, Finding

_DIFFERENT: Final = frozenset(
    ["attribute-value", "attribute-type", "kind", "status", "status-message", "scope", "span-name", "parent"]
)
"""Findings of one field with another value than the contract's."""
_BOUNDS: Final = {
    "duration": "duration",
    "attribute-sum": "sum",
    "attribute-distinct": "distinct",
    "attribute-repeats": "repeats",
    "attribute-limit": "limits",
    "concurrency": "concurrency",
    "sampling-rate": "sampling",
    "error-rate": "error_rate",
    "distinct-names": "distinct_names",
}
"""Findings of a number out of bounds, with the keyword of the bounds."""
_ADVICE: Final = {
    "span-misplaced": "list the entry under descendants, if any depth is right",
    "event-missing": "count: 0..1, if it is optional",
    "link-missing": "count: 0..1, if it is optional",
    "attribute-unexpected": "leave the attribute out of the entry, if it may be there",
    "order": "order: leave one of the two out, if they may overlap",
    "child-late": "levels: {child-late: information}, or a wider clock, if the clocks differ",
    "child-early": "levels: {child-early: information}, or a wider clock, if the clocks differ",
    "pending-kept": "pending: remove it, as it is kept",
    "pending-expired": "pending: agree on a new date with its owner",
    "example-wrong": "examples: list the findings that it gives, if they are right",
    "expectation-unproven": "examples: add one that breaks this expectation and nothing else",
}
"""What to change in a contract, where that does not depend on the finding."""
_LITERAL: Final = re.compile(r'"[^"*]*"|-?[0-9.]+|true|false|none|local|remote')
_TYPE: Final = re.compile(r".* \((\w+)\)")
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class SuggestedEdit:
    """One way to settle a finding: what to change, as text."""

    where: Literal["span", "contract"]
    text: str


def suggested_edits(finding: Finding) -> Sequence[SuggestedEdit]:
    """Return the edits that would settle a finding, those of the span first; none where neither is the fault."""
    in_span = [SuggestedEdit("span", text) for text in _in_span(finding)]
    return [*in_span, *(SuggestedEdit("contract", text) for text in _in_contract(finding))]


def _in_span(finding: Finding) -> Iterator[str]:
    id, name = finding.id, finding.keyword.partition(".")[2]
    if finding.lost_root:
        yield f"start {finding.lost_root.name} in the context of {finding.path[-1] if finding.path else 'its request'}"
    if edit := finding.nearest:
        yield _nearest(edit)
    elif id == "attribute-missing" and name:
        yield f"set {name}" + (f" to {finding.expected}" if finding.expected not in ("", "present") else "")
    if id in _DIFFERENT and finding.observed:
        yield f"{finding.keyword}: {finding.observed} → {finding.expected}"
    elif id == "attribute-unexpected":
        yield f"remove {name or finding.keyword}"
    elif id == "span-misplaced":
        yield f"start it below {finding.path[-1]}" if finding.path else "start it below the parent that is named"
    elif id == "privacy-leak":
        yield f"sanitize the value before it is set: {finding.message}"


def _nearest(edit: Edit) -> str:
    why = f" ({edit.why})" if edit.why else ""
    if edit.change == "span":
        return f"rename the span: {edit.now} → {edit.wanted}{why}"
    if edit.change == "attributes":
        return f"rename the attribute: {edit.now} → {edit.wanted}{why}"
    return f"{edit.span}: {edit.change.removeprefix('where.')}: {edit.now} → {edit.wanted}{why}"


def _in_contract(finding: Finding) -> Iterator[str]:
    id, observed = finding.id, finding.observed
    if finding.lost_root:
        return  # the span is meant to be there
    if id == "span-missing":
        if edit := finding.nearest:
            yield f"{edit.change}: {edit.wanted} → {edit.now}"
        yield "count: 0..1, if the span is optional"
    elif id in ("span-surplus", "event-surplus", "link-surplus"):
        yield f"count: {finding.expected} → {_allowing(finding)}"
    elif id in ("span-extra", "attribute-extra", "event-extra", "link-extra"):
        yield f"name {finding.message.partition(' is not named')[0]} in the entry, if it belongs there"
    elif id == "attribute-missing":
        name = finding.keyword.partition(".")[2] or finding.keyword
        if edit := finding.nearest:
            yield f"{name}: {{aliases: [{edit.now}]}}, if both names are right"
        yield f"{name}: {{optional: true}}, if it may be missing"
    elif id in _DIFFERENT and observed and "‹" not in observed:  # what is masked is not for a contract
        yield f"{finding.keyword}: {_other_value(finding)}"
    elif id in _BOUNDS:
        yield f"{_BOUNDS[id]}: {finding.expected} does not allow {observed.partition(':')[0]}; widen it"
    elif id == "match-ambiguous" and finding.hint:
        yield finding.hint
    elif id in _ADVICE:
        yield _ADVICE[id]


def _other_value(finding: Finding) -> str:
    """Return how a contract would accept a value that differs."""
    expected, observed = finding.expected, finding.observed
    if finding.id == "attribute-type" and (found := _TYPE.fullmatch(observed)):
        return f"{expected} → type {found[1]}"
    if not _LITERAL.fullmatch(expected):
        return f"allow {observed} besides {expected}"
    if finding.id == "attribute-value":
        return f"{{one_of: [{expected}, {observed}]}}, if both are right"
    return f"{expected} → {observed}"


def _allowing(finding: Finding) -> str:
    """Return the count that allows what was found: `0..1` of 4 becomes `0..4`."""
    number = _NUMBER.search(finding.observed)
    low = finding.expected.partition("..")[0]
    return f"{low}..{number[0]}" if number else f"{low}.."
