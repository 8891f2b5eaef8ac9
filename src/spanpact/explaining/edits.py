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
_LITERAL: Final = re.compile(r'"[^"*]*"|-?[0-9.]+|true|false')
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
        yield f"set {name}" + (f" to {finding.expected}" if finding.expected else "")
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
    id, keyword, observed = finding.id, finding.keyword, finding.observed
    name = keyword.partition(".")[2]
    edit = finding.nearest
    if finding.lost_root:
        return  # the span is meant to be there
    if id == "span-missing":
        if edit and edit.change == "span":
            yield f"span: {edit.wanted} → {edit.now}"
        elif edit:
            yield f"{edit.change}: {edit.wanted} → {edit.now}"
        yield "count: 0..1, if the span is optional"
    elif id == "span-misplaced":
        yield "list the entry under descendants, if any depth is right"
    elif id in ("span-surplus", "event-surplus", "link-surplus"):
        yield f"count: {finding.expected} → {_allowing(finding)}"
    elif id in ("event-missing", "link-missing"):
        yield "count: 0..1, if it is optional"
    elif id in ("span-extra", "attribute-extra", "event-extra", "link-extra"):
        yield f"name {observed or 'it'} in the entry, if it belongs there"
    elif id == "attribute-missing":
        if edit:
            yield f"{name}: {{aliases: [{edit.now}]}}, if both names are right"
        yield f"{name}: {{optional: true}}, if it may be missing"
    elif id == "attribute-unexpected":
        yield f"{keyword}: demand it, or leave it out"
    elif "‹" in observed:
        return  # what is masked is not for a contract
    elif id == "attribute-value" and _LITERAL.fullmatch(finding.expected):
        yield f"{keyword}: {{one_of: [{finding.expected}, {observed}]}}, if both are right"
    elif id in _DIFFERENT and observed:
        yield f"{keyword}: {finding.expected} → {observed}"
    elif id in _BOUNDS:
        yield f"{_BOUNDS[id]}: widen {finding.expected} to allow {observed}" if observed else f"{_BOUNDS[id]}: widen it"
    elif id == "order":
        yield "order: leave one of the two out, if they may overlap"
    elif id in ("child-late", "child-early"):
        yield f"levels: {{{id}: information}}, or a wider clock, if the clocks differ"


def _allowing(finding: Finding) -> str:
    """Return the count that allows what was found: `0..1` of 4 becomes `0..4`."""
    number = _NUMBER.search(finding.observed)
    low = finding.expected.partition("..")[0]
    return f"{low}..{number[0]}" if number else f"{low}.."
