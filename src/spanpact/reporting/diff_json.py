"""A comparison of two versions of contracts as JSON, for programs; docs/cli.md describes the shape."""

from __future__ import annotations

from typing import Any, Final

from spanpact.diff import Change, ContractDiff, Diff
from spanpact.reporting.json_document import json_text, place_fields, versioned

SHAPE: Final = 1
"""The version of the shape, under the key `spanpact_diff`."""


def render_diff_json(diff: Diff) -> str:
    """Return the comparison as JSON text."""
    return json_text(diff_document(diff))


def diff_document(diff: Diff) -> dict[str, Any]:
    """Return the comparison as plain values."""
    fields = {"exit_code": diff.exit_code, "contracts": [_contract(each) for each in diff.contracts]}
    return versioned("spanpact_diff", SHAPE, fields)


def _contract(diff: ContractDiff) -> dict[str, Any]:
    return {
        "contract": diff.contract,
        "state": diff.state,
        "old": {"version": diff.old_version, "file": diff.old_file},
        "new": {"version": diff.new_version, "file": diff.new_file},
        "breaks": list(diff.breaks),
        "needs": diff.needs,
        "raised": diff.raised,
        "finding": diff.finding,
        "place": place_fields(diff.place),
        "changes": [_change(each) for each in diff.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "key": change.key,
        "id": change.id,
        "entry": change.entry,
        "path": list(change.path),
        "keyword": change.keyword,
        "from": change.before,
        "to": change.after,
        "tightens": change.shift.tightens,
        "loosens": change.shift.loosens,
        "waived": change.waived,
        "needs": change.needs,
        "reason": change.shift.reason,
        "place": place_fields(change.place),
    }
