"""Hypothesis strategies: a contract, the same contract with a few clauses changed, and traces that nearly keep both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import compile_contract
from spanpact.contract.python_api import Contract
from spanpact.trace.model import Event, Reading, Resource, Scope, SourceInfo, Span, Trace

MS: Final = 1_000_000
UNTIL: Final = "2027-01-01"
AGREED: Final = {"reason": "r", "owner": "o", "until": UNTIL}
MATCHERS: Final[Sequence[Any]] = (
    None, 1, 2, "ab", "present", "absent", True, {"type": "int"}, {"type": "number"}, {"type": "string"},
    {"one_of": [1, 2]}, {"one_of": [2.0, "ab"]}, {"at_least": 1}, {"at_most": 1}, {"at_least": 1, "at_most": 2},
    {"matches": "a.*"}, {"optional": True}, {"optional": True, "type": "string"}, {"optional": True, "equals": 1},
    {"contains": "a"}, {"contains": "b", "type": "string"},
    {"type": "int", "one_of": [1, 2]}, {"equals": 1, "type": "double"}, {"same_as": "top.k"},
)  # fmt: skip
COUNTS: Final[Sequence[Any]] = (None, 0, "0..1", 1, "0..", "1..", 2, "1..2", {"same_as": "top"}, {"same_as": "top.k"})
ENTRY: Final[Mapping[str, Sequence[Any]]] = {
    "span": ("x", "y", "*", ["x", "y"]),
    "count": COUNTS,
    "where": (None, None, {"kind": "client"}, {"attributes": {"k": 1}}, {"attributes": {"k": "absent"}}),
    "kind": (None, None, "client", {"one_of": ["client", "internal"]}, {"matches": "c.*"}),
    "k": MATCHERS,
    "closed": (None, None, ["attributes"], ["events"], ["children"]),
    "duration": (None, None, "2ms", {"at_least": "1ms"}),
    "concurrency": (None, None, "0..1", "1..2"),
}
TOP: Final[Mapping[str, Sequence[Any]]] = {
    "status": (None, None, "unset", {"one_of": ["unset", "error"]}),
    "scope": (None, None, "lib", "present", "absent", {"optional": True, "equals": "lib"}, {"matches": "l?i?b?"}),
    "k": (None, *(m for m in MATCHERS if not (isinstance(m, dict) and "same_as" in m))),
    "closed": (None, ["children"], ["attributes"], ["children", "attributes"], ["events", "children"]),
    "order": (None, None, ["a", "b"], ["b", "a"], ["a", "b", "d"], ["a", "d"], ["b", "d"]),
    "forbid": (None, None, ["email"], ["email", "ip"]),
    "except": (None, None, ["mail"]),
    "events": (None, None, {"event": "e"}, {"event": "*", "count": "0.."}, {"event": "e", "count": "0..1"}),
    "rule": (
        None, None, {"span": "*", "kind": "internal"}, {"span": "x", "attributes": {"k": "present"}},
        {"span": "x", "where": {"kind": "client"}, "count": "0..1"}, {"event": "e", "attributes": {"k": "absent"}},
        {"span": "*", "count": "1..", "attributes": {"k": {"optional": True, "type": "number"}}},
        {"span": "*", "sum": {"k": {"at_most": 3}}}, {"span": "*", "sum": {"k": {"at_least": 1, "at_most": 3}}},
        {"span": ["x", "y"], "distinct": {"k": "1..1"}}, {"span": ["x", "y"], "distinct": {"k": "1..2"}},
        {"span": ["x", "y"], "repeats": {"k": "0..1"}}, {"span": ["x", "y"], "repeats": {"k + mail": 2}},
    ),
    "condition": (
        None, None, {"when": {"a": "present"}, "then": {"b": "present"}},
        {"when": {"a": {"attributes": {"k": 1}}}, "then": {"b": "absent"}},
        {"when": {"top": {"status": "error"}}, "then": {"a": {"kind": "client"}, "b": {"count": "0.."}}},
        {"when": {"top": {"status": "error"}}, "then": {"a": {"kind": "client"}}},
        {"when": {"top": {"status": "unset"}}, "order": ["b", "a"]},
    ),
    "across": (None, None, {"error_rate": 0.2, "samples": 1}, {"error_rate": 0.6, "samples": 1}),
    "clock": (None, None, {"tolerance": "2ms"}, {"skew": "0ms"}),
    "pending": (None, None, None, "a", "b", "c", "top", "r"),
    "levels": (
        None, None, None, {"a/span-missing": "improvement"}, {"span-surplus": "off"}, {"child-late": "violation"},
        {"a/attribute-value": "off", "a/attribute-type": "off", "a/attribute-missing": "off",
         "a/attribute-unexpected": "off", "a/attribute-relation": "off"},
    ),
    "body": ("t", "t", "t", None),
}  # fmt: skip
CLAUSES: Final[Mapping[str, Sequence[Any]]] = {
    **{f"top.{name}": choices for name, choices in TOP.items()},
    **{f"{id}.{name}": choices for id in "abd" for name, choices in ENTRY.items()},
    **{f"{id}.there": (True, False) for id in "abd"},
}


CHOICES: Final = [(name, choice) for name, choices in CLAUSES.items() for choice in choices]
PLAIN: Final[Mapping[str, Any]] = {
    **dict.fromkeys(CLAUSES),
    **{f"{id}.count": "0.." for id in "abd"},
    "top.body": "t",
    "a.there": True,
    "b.there": True,
    "a.span": "x",
    "b.span": "y",
    "d.span": "x",
}
"""A contract that nearly every trace keeps; generated contracts differ from it in a few clauses."""

SETTINGS: Final[Sequence[Mapping[str, Any]]] = (
    {}, {"top.closed": ["children"]}, {"top.closed": ["attributes"]}, {"a.closed": ["attributes"]},
    {"top.closed": ["events", "children"]}, {"b.span": "*", "a.count": "0..1"}, {"b.span": "x", "top.pending": "a"},
    {"b.span": "x", "a.count": 1, "b.count": 1}, {"top.order": ["a", "b"], "d.there": True},
    {"top.levels": {"span-surplus": "off"}, "top.order": ["a", "b"]},
)  # fmt: skip
"""Where the rules differ: closed places, neighbours that select the same spans, waived findings."""


@st.composite
def pairs(draw: st.DrawFn) -> tuple[ContractPlan, ContractPlan]:
    """Draw two contracts that differ in one to three clauses."""
    clauses = st.sampled_from(CHOICES)
    chosen = {**PLAIN, **draw(st.sampled_from(SETTINGS)), **dict(draw(st.lists(clauses, max_size=5)))}
    return _plan(chosen), _plan({**chosen, **dict(draw(st.lists(clauses, min_size=1, max_size=3)))})


@st.composite
def minimums(draw: st.DrawFn) -> ContractPlan:
    """Draw a contract of whole traces with few maximums, which may be kept while spans still arrive."""
    few = st.lists(st.sampled_from(CHOICES), max_size=2)
    counts = st.sampled_from(("0..", "1..", "1..", "2.."))
    entries = {f"{id}.count": draw(counts) for id in "abd"} | {f"{id}.there": draw(st.booleans()) for id in "ab"}
    spans = {f"{id}.span": draw(st.sampled_from(("x", "y", "*", "t"))) for id in "abd"}
    return _plan({**PLAIN, **entries, **spans, **dict(draw(few)), "d.there": True, "top.body": None})


def _plan(chosen: Mapping[str, Any]) -> ContractPlan:
    top = {name: chosen[f"top.{name}"] for name in TOP}
    entries = {id: _entry(chosen, id) for id in "abd" if chosen[f"{id}.there"]}
    whole = top["body"] is None
    keywords: dict[str, Any] = {
        "span": top["body"],
        "children": {id: entries[id] for id in "ab" if id in entries} or None,
        "descendants": {"d": entries["d"]} if "d" in entries else None,
        "order": _known(top["order"], entries),
        "closed": ["children"] if whole and top["closed"] else top["closed"],
        "every": {"r": top["rule"]} if top["rule"] else None,
        "across": {"s": top["across"]} if top["across"] else None,
        "clock": top["clock"],
    }
    if not whole:
        keywords |= {name: top[name] for name in ("status", "scope", "forbid")}
        keywords["except_"] = top["except"] if top["forbid"] else None
        keywords["attributes"] = {"k": top["k"]} if top["k"] is not None else None
        keywords["events"] = {"e": top["events"]} if top["events"] else None
    if _entries_of(top["condition"]) <= {*entries, "top"} and top["condition"]:
        keywords["conditions"] = {"c": top["condition"]}
    ids = {*entries, "top", *(("r",) if top["rule"] else ()), *(("c",) if keywords.get("conditions") else ())}
    keywords["pending"] = {top["pending"]: AGREED} if top["pending"] in ids else None
    levels = {key: level for key, level in (top["levels"] or {}).items() if "/" not in key or key[0] in ids}
    keywords["levels"] = levels or None
    return compile_contract(Contract("case", "1.0.0", **keywords))


def _entry(chosen: Mapping[str, Any], id: str) -> dict[str, Any]:
    entry = {name: chosen[f"{id}.{name}"] for name in ENTRY if name != "k"}
    entry["attributes"] = {"k": chosen[f"{id}.k"]} if chosen[f"{id}.k"] is not None else None
    return {keyword: value for keyword, value in entry.items() if value is not None}


def _known(order: Sequence[str] | None, entries: Mapping[str, Any]) -> list[str] | None:
    return [id for id in order or () if id in entries] or None


def _entries_of(condition: Mapping[str, Any] | None) -> set[str]:
    if condition is None:
        return set()
    return {*condition["when"], *condition.get("then", ()), *condition.get("order", ())}


VARIATIONS: Final[Sequence[Mapping[str, Any]]] = (
    {}, {}, {}, *({"attributes": {"k": value}} for value in (1, 1, 2, 1.0, "ab", "b", True)),
    {"kind": "client"}, {"kind": "client", "attributes": {"k": 1}}, {"status": "error"}, {"scope": Scope("lib")},
    {"attributes": {"mail": "a@b.example"}}, {"attributes": {"k": 1, "other": 1}}, {"resource": Resource({"n": 2})},
    {"events": [Event("e", MS)]}, {"events": [Event("f", MS)]}, {"events": [Event("e", MS, {"k": 1})]},
)  # fmt: skip


@st.composite
def traces(draw: st.DrawFn) -> Reading:
    """Draw one trace: a `t` with a few children, which may overlap, and one grandchild."""
    variations = st.sampled_from(VARIATIONS)
    top = Span("1" * 32, "1".zfill(16), "t", end_ns=20 * MS)
    found, start = [msgspec.structs.replace(top, **draw(variations))], MS
    children = st.tuples(
        st.sampled_from("xxyyz"), variations, st.sampled_from((0, 1, 2)), st.sampled_from((1, 1, 2, 3))
    )
    for number, (name, more, pause, takes) in enumerate(draw(st.lists(children, max_size=4)), 2):
        start += pause * MS
        span = Span("1" * 32, f"{number:016x}", name, top.span_id, start_ns=start, end_ns=start + takes * MS)
        found.append(msgspec.structs.replace(span, **more))
    if len(found) > 1 and draw(st.booleans()):
        last = found[-1]
        found.append(msgspec.structs.replace(last, span_id="9".zfill(16), parent_id=last.span_id, **draw(variations)))
    return Reading(SourceInfo("made"), [Trace("1" * 32, found)])
