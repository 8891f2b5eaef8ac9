"""What checks remember of resources, attributes and names never changes what they find on later spans."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.reporting.json_document import json_text
from spanpact.trace.attributes import IrregularAttributes
from spanpact.trace.model import ALL_CAPABILITIES, Attributes, Reading, Resource, Scope, SourceInfo, Span, Trace, Value
from spanpact.trace.name_patterns import FittingNames, NamePattern
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

CONTRACT = """
spanpact: 1
contract: case
version: 1.0.0
span: top
every:
  private: {span: '*', forbid: [email, card], except: [free]}
  deployed: {span: '*', resource: {region: {one_of: [eu, us]}}}
"""
MAIL, CARD = "ada@example.com", 4111111111111111
COMPILED = CompiledContract.of(load_text(CONTRACT))  # all tests use what it remembers
TRACE, SOURCE = "a" * 32, SourceInfo("made")
RESOURCE = Resource({"region": "eu", "service.name": "shop"})


def findings(
    *spans: Mapping[str, Any], contract: CompiledContract = COMPILED, source: SourceInfo = SOURCE
) -> list[str]:
    """Return the messages of all findings in a trace with these spans, the first above the others, and its number."""
    made = [
        Span(TRACE, f"{i:016x}", **({"name": "top", "resource": RESOURCE, "start_ns": i, "end_ns": 99, **each}))
        for i, each in enumerate(spans, 1)
    ]
    children = [msgspec.structs.replace(span, name="below", parent_id=made[0].span_id) for span in made[1:]]
    report = verify(
        [contract], Reading(source, [Trace(TRACE, [made[0], *children])]), VerificationOptions(allow_unseen=True)
    )
    return [f"{each.message} {each.span_id[-1]}" for result in report.results for each in result.findings]


def carrying(*sets: Attributes) -> list[Mapping[str, Any]]:
    return [{"attributes": each} for each in sets]


@pytest.mark.parametrize(
    ("clean", "leaking", "found"),
    [
        ({"a": "x"}, {"a": MAIL}, "email in attribute a"),
        ({"a": 5}, {"a": CARD}, "card in attribute a"),
        ({"a": 0.5}, {"a": float(CARD)}, "card in attribute a"),
        ({"a": True}, {"a": [MAIL]}, "email in attribute a"),
        ({"a": [1]}, {"a": {"b": MAIL}}, "email in attribute a"),
        ({"a": None}, {MAIL: 1}, "email in the name of an attribute"),
        ({"a": "x"}, IrregularAttributes([("a", MAIL), ("a", "x")]), "email in attribute a"),
        ({"free": MAIL}, {"a": MAIL}, "email in attribute a"),
    ],
)
def test_a_leak_is_found_on_each_span_that_has_it(clean: Attributes, leaking: Attributes, found: str) -> None:
    spans = carrying(clean, clean, leaking, clean, leaking)
    assert findings(*spans) == [f"{found} 3", f"{found} 5"]


def test_a_value_under_an_exempt_name_is_not_taken_for_clean_elsewhere() -> None:
    assert findings(*carrying({"free": MAIL}, {"free": MAIL}, {"other": MAIL})) == ["email in attribute other 3"]


def test_a_resource_is_judged_by_what_it_is() -> None:
    elsewhere, unnamed = Resource({"region": "mars"}), Resource({})
    spans: list[Mapping[str, Any]] = [{}, {"resource": elsewhere}, {}, {"resource": unnamed}, {"resource": elsewhere}]
    assert findings(*spans) == [
        "attribute region has a different value 2",
        "attribute region is missing 4",
        "attribute region has a different value 5",
    ]


def test_a_scope_and_a_resource_that_leak_are_found_on_each_span() -> None:
    scope = Scope("shop", attributes={"by": MAIL})
    leaky = Resource({"region": "eu", "owner": MAIL})
    spans: list[Mapping[str, Any]] = [{}, {"scope": scope}, {"resource": leaky}, {"scope": scope, "resource": leaky}]
    assert findings(*spans) == [
        "email in the scope's attribute by 2",
        "email in resource attribute owner 3",
        "email in resource attribute owner 4",
        "email in the scope's attribute by 4",
    ]


def test_a_source_without_types_is_not_judged_by_what_another_source_showed() -> None:
    text: Value = f'["{MAIL}"]'
    for capabilities in (ALL_CAPABILITIES, ALL_CAPABILITIES - {"value_types"}, ALL_CAPABILITIES):
        assert findings(*carrying({"a": text}), source=SourceInfo("made", capabilities)) == ["email in attribute a 1"]


def test_a_map_with_a_repeated_key_is_a_map() -> None:
    text = "{spanpact: 1, contract: case, version: 1.0.0, span: top, attributes: {a: {type: map}}}"
    repeated = IrregularAttributes([("b", 1), ("b", 2)])
    assert findings(*carrying({"a": repeated}), contract=CompiledContract.of(load_text(text))) == []


def test_fitting_names_are_those_of_the_pattern_without_the_excluded_ones() -> None:
    names = FittingNames(NamePattern(("redis.*",)), NamePattern(("redis.get",)))
    assert [names[each] for each in ("redis.set", "redis.get", "db.query", "redis.set")] == [True, False, False, True]
    assert not FittingNames(None)["anything"]


def test_no_more_than_some_names_are_remembered() -> None:
    names = FittingNames(NamePattern(("*",)))
    assert all(names[str(number)] for number in range(10_000))
    assert len(names) <= 4096


@pytest.mark.parametrize(
    "document",
    [
        {"a": [], "b": {}, "c": [{}, [[]]]},
        {"a": 'ä\n\t"\\\x00😀'},
        {"a": "\ud800"},
        {"a": [1.5e300, 10**30, float("nan"), None]},
    ],
)
def test_a_report_is_indented_as_the_standard_library_does(document: Mapping[str, Any]) -> None:
    indented = json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace").decode()
    assert json_text(document) == f"{indented}\n"
