"""Write examples for a recorded contract: flows as they were seen, without anything of their requests, and breakages.

An accepted example is a real flow whose names and values are those that the contract itself has, or made up. A rejected
one changes one thing of it; its findings are those that the contract really gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.document import from_python
from spanpact.contract.loader import load_text
from spanpact.errors import ContractError
from spanpact.findings import Finding
from spanpact.recording.acceptance import loosen
from spanpact.recording.example_spans import Expected, example_span, share_fields, shortened
from spanpact.recording.samples import Recorded, Sample, SpanSeen
from spanpact.recording.values import wrong_value
from spanpact.recording.yaml_text import Block, yaml_text
from spanpact.trace.name_patterns import NamePattern
from spanpact.verification.examples.contract_examples import judge_examples

_NAMES: Final = ("usual", "second", "third")
_LARGEST: Final = 40  # spans of an example
_MOST_REJECTED: Final = 8
_MOST_TRIED: Final = 20  # changes of one sort: of a large flow most give the same findings
_MOST_ROUNDS: Final = 10
_PRIVATE: Final = {"email": "ada@example.com", "card": "4111 1111 1111 1111", "iban": "GB82 WEST 1234 5698 7654 32"}


def add_examples(block: Block, recorded: Recorded, top: Sample) -> None:
    """Add `examples` to a contract that accepts the traces it was recorded from."""
    expected = Expected.of(block, recorded)
    flows = {
        name: example_span(flow, expected) for name, flow in zip(_NAMES, _usual_flows(recorded, top), strict=False)
    }
    usual = _NAMES[0]
    plan = load_text(yaml_text(block))
    for _ in range(_MOST_ROUNDS):  # what the traces keep only by what the example leaves out
        if not (found := _judged(plan, _accepted(flows, [usual]), usual)):
            break
        loosen(block, found)
        plan = load_text(yaml_text(block))
    kept = [name for name in flows if not _judged(plan, _accepted(flows, [usual, name]), name)]
    given = share_fields([flows[name] for name in kept])
    examples = Block({**({"given": given} if given else {}), **_accepted(flows, kept)})
    block["examples"] = Block({**examples, **_rejected(plan, block, examples, flows[usual])})


def _accepted(flows: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> Block:
    return Block({name: {"trace": [shortened(flows[name])]} for name in dict.fromkeys(names)})


def _judged(plan: ContractPlan, examples: Block, name: str) -> list[Finding]:
    """Return the findings that an example gives; none if it cannot be made, as no span of it is of the entry."""
    try:
        judged = judge_examples(replace(plan, examples=from_python(examples)), one_kind=True)
    except ContractError:
        return []
    (found,) = [each.report.findings for each in judged if each.example.id == name]
    return [each for each in found if each.level in ("violation", "improvement")]


def _usual_flows(recorded: Recorded, top: Sample) -> list[SpanSeen]:
    """Return a flow of each of the most frequent shapes; of large flows only the smallest."""
    flows = {each: _shape(recorded, each) for each in top.spans}
    small = [each for each in flows if flows[each].count("(") <= _LARGEST]
    if not small:
        return [min(flows, key=lambda each: flows[each].count("("))]
    frequent = Counter(flows[each] for each in small).most_common(len(_NAMES))
    return [min((each for each in small if flows[each] == shape), key=_errors) for shape, _ in frequent]


def _errors(flow: SpanSeen) -> int:
    return sum(each.span.status == "error" for each in flow.flow())


def _shape(recorded: Recorded, flow: SpanSeen) -> str:
    """Return the names of the spans of a flow as a text, in the order of the tree."""
    parents = [flow.trace.topology.parent[each.index] for each in flow.flow()]
    depth = {flow.index: 0}
    parts = []
    for each, parent in zip(flow.flow(), parents, strict=True):
        depth.setdefault(each.index, depth.get(parent, 0) + 1)
        parts.append(f"({depth[each.index]} {recorded.names[each.span.name]}")
    return "".join(parts)


def _rejected(plan: ContractPlan, block: Block, examples: Block, flow: Mapping[str, Any]) -> dict[str, Any]:
    """Return examples that change one thing of the first one, each with a kind of finding that is new."""
    base = Block({key: examples[key] for key in ("given", _NAMES[0]) if key in examples})
    chosen: dict[str, Any] = {}
    shown: set[str] = set()
    for what, id, change in _changes(block, flow):
        name = what if id == "top" else f"{what}_{id}"
        example = {"like": _NAMES[0], "but": {id: change}, "findings": ["top/kind"]}
        found = _judged(plan, Block({**base, name: example}), name)
        kinds = {each.id for each in found}
        if not kinds <= shown:
            chosen[name] = {**example, "findings": sorted(each.key for each in found)}
            shown |= kinds
        if len(chosen) == _MOST_REJECTED:
            break
    return chosen


def _changes(block: Block, flow: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield changes of a flow: a name for the sort of change, the entry, and what `but` says of it."""
    entries = dict(_entries("top", block, [flow]))
    private = block.get("every", {}).get("private", {}).get("forbid", [])
    if leaked := next((name for name in _PRIVATE if name in private), None):
        yield f"{leaked}_leaked", "top", {"attributes": {"note": _PRIVATE[leaked]}}
    for change in (_absent, _wrong_values, _wrong_kinds, _unknown_below, _too_early):
        yield from islice(change(entries), _MOST_TRIED)


def _absent(entries: Mapping[str, Block]) -> Iterator[tuple[str, str, Any]]:
    for id, entry in entries.items():
        if id != "top" and str(entry.get("count", 1))[0] != "0":
            yield "no", id, "absent"


def _wrong_values(entries: Mapping[str, Block]) -> Iterator[tuple[str, str, Any]]:
    for id, entry in entries.items():
        for name, matcher in entry.get("attributes", {}).items():
            if not (isinstance(matcher, dict) and matcher.get("optional")):
                yield "wrong_value", id, {"attributes": {name: wrong_value(matcher)}}
                break


def _wrong_kinds(entries: Mapping[str, Block]) -> Iterator[tuple[str, str, Any]]:
    for id, entry in entries.items():
        if "kind" in entry and isinstance(entry["kind"], str):
            yield "wrong_kind", id, {"kind": "consumer" if entry["kind"] == "producer" else "producer"}


def _unknown_below(entries: Mapping[str, Block]) -> Iterator[tuple[str, str, Any]]:
    for id, entry in entries.items():
        if "closed" in entry and not entry.get("children"):
            yield "unknown_below", id, {"children": ["unknown"]}


def _too_early(entries: Mapping[str, Block]) -> Iterator[tuple[str, str, Any]]:
    for entry in entries.values():
        if (second := (entry.get("order") or [""] * 2)[1]) in entries:
            yield "too_early", second, {"at": "0ms"}


def _entries(id: str, block: Block, spans: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Block]]:
    """Yield the entries that have spans in an example."""
    yield id, block
    children = [child for span in spans for child in span.get("children", ())]
    for name, entry in block.get("children", {}).items():
        pattern = NamePattern((entry["span"],))
        if below := [child for child in children if pattern.fits(child["span"])]:
            yield from _entries(name, entry, below)
