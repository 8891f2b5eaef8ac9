"""A comparison of two versions of contracts as text, for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.diff import Change, ContractDiff, Diff
from spanpact.reporting.drawing.safe_text import Canvas
from spanpact.reporting.text_report import TextOptions

_LONGEST: Final = 200  # characters of a value that are shown
_SAY: Final = {
    "version-too-low": "the version is too low",
    "version-lowered": "the version was lowered",
    "contract-removed": "the contract is gone, and no version says so",
}


def render_diff(diff: Diff, options: TextOptions) -> str:
    """The comparison: each contract that changed with its changes, then one line that says what came of it."""
    canvas = options.canvas
    lines: list[str] = []
    for contract in diff.contracts:
        if contract.state != "same" or contract.finding:
            lines += [*_contract(contract, canvas), ""]
    return "\n".join([*lines, _summary(diff, canvas)]) + "\n"


def _contract(diff: ContractDiff, canvas: Canvas) -> Iterator[str]:
    bad = bool(diff.finding)
    mark = canvas.paint(canvas.glyphs.broken if bad else canvas.glyphs.kept, "bad" if bad else "good")
    name = canvas.paint(canvas.shown(diff.contract), "strong")
    yield f"{mark} {name} {canvas.shown(_versions(diff))}  {canvas.shown(diff.new_file or diff.old_file)}"
    for change in diff.changes:
        yield from _change(change, canvas)
    yield f"  {canvas.paint(canvas.shown(_verdict(diff)), 'bad' if bad else 'plain')}"


def _versions(diff: ContractDiff) -> str:
    if diff.state in ("added", "removed"):
        return f"{diff.new_version or diff.old_version} {diff.state}"
    same = diff.old_version == diff.new_version
    return diff.new_version if same else f"{diff.old_version} → {diff.new_version}"


def _change(change: Change, canvas: Canvas) -> Iterator[str]:
    effect = _effect(change)
    place = f"  {change.place}" if change.place else ""
    path = "".join(f"{each} › " for each in change.path[:-1])
    where = canvas.paint(canvas.shown(f"{path}{change.key}"), "strong")
    yield f"  {where}{canvas.shown(place)}  ({canvas.shown(change.keyword)})"
    for what, value in (("from", change.before), ("to", change.after)):
        if value:
            yield f"      {what:7}{canvas.shown(_short(value))}"
    yield f"      {canvas.paint(canvas.shown(effect), 'bad' if change.breaks else 'quiet')}"


def _effect(change: Change) -> str:
    words = []
    if change.shift.tightens:
        words.append("tightens: breaks producers")
    if change.shift.loosens:
        words.append("loosens: breaks consumers")
    if not words:
        words.append("pending or below violation: breaks nobody" if change.waived else "breaks nobody")
    reason = f" ({change.shift.reason})" if change.shift.reason else ""
    return f"{change.needs}  {'; '.join(words)}{reason}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _verdict(diff: ContractDiff) -> str:
    match diff.finding:
        case "contract-removed":
            return f"{_SAY[diff.finding]} (--allow-removed {diff.contract})"
        case "version-lowered":
            return f"{_SAY[diff.finding]}: {diff.old_version} → {diff.new_version}"
        case "version-too-low":
            return f"{_SAY[diff.finding]}: the changes ask for a new {diff.needs} version, {_asked(diff)}"
    if diff.state == "added":
        return "new: its version starts here"
    if diff.state == "removed":
        return "gone on purpose"
    if diff.raised == "none":
        return f"a new {diff.needs} version would say so; none is asked for"
    return f"the version says so: the {diff.raised} version was raised"


def _asked(diff: ContractDiff) -> str:
    major, minor, _ = (int(part) for part in diff.old_version.partition("+")[0].partition("-")[0].split("."))
    return f"{major + 1}.0.0" if diff.needs == "major" else f"{major}.{minor + 1}.0"


def _summary(diff: Diff, canvas: Canvas) -> str:
    found = any(each.finding for each in diff.contracts)
    changes = [change for each in diff.contracts for change in each.changes]
    breaking = sum(bool(change.breaks) for change in changes)
    counts = [
        _many(len(diff.contracts), "contract"),
        f"{sum(each.state != 'same' for each in diff.contracts)} changed",
        _many(len(changes), "change"),
        f"{breaking} breaking",
    ]
    word = "not said by the version" if found else "breaking, and said by the version" if breaking else "compatible"
    return f"{canvas.paint(word, 'bad' if found else 'good')}: {', '.join(counts)}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
