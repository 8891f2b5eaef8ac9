"""A comparison of two versions of contracts as text, for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.diff import Change, ContractDiff, Diff
from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.text_options import TextOptions, counted

_LONGEST_VALUE: Final = 200


def render_diff_text(diff: Diff, options: TextOptions | None = None) -> str:
    """Return each contract that changed with its changes, then a summary line; ends with a line break."""
    canvas = (options or TextOptions()).canvas
    lines: list[str] = []
    for contract in diff.contracts:
        if contract.state != "same" or contract.finding:
            lines += [*_contract(contract, canvas), ""]
    return "\n".join([*lines, _summary(diff, canvas)]) + "\n"


def diff_summary_line(diff: Diff, options: TextOptions | None = None) -> str:
    """Return the last line of the report."""
    return _summary(diff, (options or TextOptions()).canvas)


def _contract(diff: ContractDiff, canvas: Canvas) -> Iterator[str]:
    bad = bool(diff.finding)
    mark = canvas.paint(canvas.glyphs.broken if bad else canvas.glyphs.kept, "bad" if bad else "good")
    name = canvas.paint(canvas.escape(diff.contract), "strong")
    yield f"{mark} {name} {canvas.escape(_versions(diff))}  {canvas.escape(diff.new_file or diff.old_file)}"
    for change in diff.changes:
        yield from _change(change, canvas)
    yield f"  {canvas.paint(canvas.escape(_verdict(diff)), 'bad' if bad else 'plain')}"


def _versions(diff: ContractDiff) -> str:
    if diff.state in ("added", "removed"):
        return f"{diff.new_version or diff.old_version} {diff.state}"
    same = diff.old_version == diff.new_version
    return diff.new_version if same else f"{diff.old_version} → {diff.new_version}"


def _change(change: Change, canvas: Canvas) -> Iterator[str]:
    place = f"  {change.place}" if change.place else ""
    path = "".join(f"{each} › " for each in change.path[:-1])
    where = canvas.paint(canvas.escape(f"{path}{change.key}"), "strong")
    yield f"  {where}{canvas.escape(place)}  ({canvas.escape(change.keyword)})"
    for label, value in (("from", change.before), ("to", change.after)):
        if value:
            yield f"      {label:7}{canvas.escape(_shortened(value))}"
    yield f"      {canvas.paint(canvas.escape(_effect(change)), 'bad' if change.breaks else 'quiet')}"


def _effect(change: Change) -> str:
    effects = []
    if change.shift.tightens:
        effects.append("tightens: breaks producers")
    if change.shift.loosens:
        effects.append("loosens: breaks consumers")
    if not effects:
        effects.append("pending or below violation: breaks nobody" if change.waived else "breaks nobody")
    reason = f" ({change.shift.reason})" if change.shift.reason else ""
    return f"{change.needs}  {'; '.join(effects)}{reason}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _verdict(diff: ContractDiff) -> str:
    match diff.finding:
        case "contract-removed":
            return f"the contract was removed (to accept this: --allow-removed {diff.contract})"
        case "version-lowered":
            return f"the version was lowered: {diff.old_version} → {diff.new_version}"
        case "version-too-low":
            return f"the version is too low: the changes need a new {diff.needs} version, {_needed_version(diff)}"
    if diff.state == "added":
        return "new contract: any version is accepted"
    if diff.state == "removed":
        return "removed, accepted by --allow-removed"
    if diff.raised == "none":
        return f"a new {diff.needs} version is recommended, but not required"
    return f"the version fits the changes: its {diff.raised} number was raised"


def _needed_version(diff: ContractDiff) -> str:
    major, minor, _ = (int(part) for part in diff.old_version.partition("+")[0].partition("-")[0].split("."))
    return f"{major + 1}.0.0" if diff.needs == "major" else f"{major}.{minor + 1}.0"


def _summary(diff: Diff, canvas: Canvas) -> str:
    found = any(each.finding for each in diff.contracts)
    changes = [change for each in diff.contracts for change in each.changes]
    breaking = sum(bool(change.breaks) for change in changes)
    counts = [
        counted(len(diff.contracts), "contract"),
        f"{sum(each.state != 'same' for each in diff.contracts)} changed",
        counted(len(changes), "change"),
        f"{breaking} breaking",
    ]
    if found:
        verdict = canvas.paint("the version does not fit", "bad")
    else:
        verdict = canvas.paint("breaking, and the version fits" if breaking else "compatible", "good")
    return f"{verdict}: {', '.join(counts)}"
