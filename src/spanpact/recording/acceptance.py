"""Make sure that a proposed contract accepts the traces that it was recorded from: what they break is taken out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.errors import SourceError
from spanpact.findings import Finding, NotChecked, Report
from spanpact.privacy import KNOWN_CLASSES
from spanpact.recording.yaml_text import Block, yaml_text
from spanpact.trace.model import Reading
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

_MOST_ROUNDS: Final = 10
_SELECTING: Final = ("span", "event", "via", "count")
_HOLDERS: Final = ("children", "events", "links", "every")


def forbid_what_never_occurred(block: Block, reading: Reading) -> None:
    """Add a rule that forbids every privacy class of which no value is in the flows; its comment names the others."""
    rules = {f"class_{name}": Block({"span": "*", "forbid": [name]}) for name in KNOWN_CLASSES}
    scan = Block({"spanpact": 1, "contract": "scan", "version": "0.1.0", "span": block["span"], "every": Block(rules)})
    report = verify([load_text(yaml_text(scan))], reading, VerificationOptions(allow_unseen=True))
    found = {f.entry.removeprefix("class_"): 0 for f in report.results[0].findings}
    for finding in report.results[0].findings:
        found[finding.entry.removeprefix("class_")] += 1
    never = [name for name in KNOWN_CLASSES if name not in found]
    note = "no value of these was seen" if never else ""
    if found:
        note += f"; seen: {', '.join(f'{name} ({times} times)' for name, times in found.items())}"
    if never:
        block.setdefault("every", Block()).put("private", Block({"span": "*", "forbid": never}), note)


def accept(block: Block, reading: Reading) -> ContractPlan:
    """Take out of a contract what the traces break or leave undecided, and return its plan.

    Faults of the traces themselves (an orphan, a span that never ended) become information, with how many there were.
    """
    drop_unused(block)
    for _ in range(_MOST_ROUNDS):
        plan = load_text(yaml_text(block))
        report = verify([plan], reading)
        broken: list[Finding | NotChecked] = [*(each for each in report.findings if each.breaks), *_undecided(report)]
        if not broken:
            return plan
        loosen(block, broken)
    problem = f"no contract for `{block['span']}` was found that accepts its own traces"
    raise SourceError(problem, hint="this is a bug in spanpact: please report it")


def _undecided(report: Report) -> Iterator[NotChecked]:
    return (each for each in report.results[0].not_checked if each.reason not in ("capability", "unseen"))


def _parts(id: str, block: Block) -> Iterator[tuple[str, Block]]:
    """Yield everything in the contract that has an id."""
    yield id, block
    for holder in _HOLDERS:
        for name, part in block.get(holder, {}).items():
            yield from _parts(name, part)


def loosen(block: Block, broken: Iterable[Finding | NotChecked]) -> None:
    """Take out of a contract what these findings are about."""
    parts = dict(_parts("top", block))
    for each in broken:
        _loosen(block, parts, each)
    _drop_empty_rules(block)
    drop_unused(block)


def _loosen(block: Block, parts: dict[str, Block], each: Finding | NotChecked) -> None:
    if each.entry == "integrity":
        assert isinstance(each, Finding)
        block.setdefault("levels", Block()).put(each.id, "information", "seen in these traces")
        return
    part = parts[each.entry]
    keyword, _, name = each.keyword.partition(".")
    if keyword in ("attributes", "resource"):
        part.get(keyword, {}).pop(name, None)
    elif keyword in ("span", "count", "event", "link"):
        if part is not block:
            part.put("count", "0..")
    elif keyword == "closed":
        places = [place for place in part.pop("closed", []) if place != name]
        if places:
            part["closed"] = places
    else:
        part.pop(keyword, None)


def _drop_empty_rules(block: Block) -> None:
    rules: dict[str, Any] = block.get("every", {})
    for id in [id for id, rule in rules.items() if not any(each for key, each in rule.items() if key != "span")]:
        del rules[id]


def drop_unused(block: Block) -> None:
    """Remove entries, events and links that demand nothing and that no closed place needs."""
    for part in (*block.get("children", {}).values(), *block.get("every", {}).values()):
        drop_unused(part)
    for holder in ("children", "events", "links"):
        parts = block.get(holder, {})
        for id, part in list(parts.items()):
            demands = part.get("count") != "0.." or any(value for key, value in part.items() if key not in _SELECTING)
            if not demands and holder not in block.get("closed", ()) and id not in block.get("order", ()):
                del parts[id]
