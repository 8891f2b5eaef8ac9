"""Which matcher accepts all that another accepts, and which names two patterns share: tried on every small case."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from spanpact.contract.compiled import ContractPlan, Matcher
from spanpact.diff.inclusion.matchers import includes, includes_text
from spanpact.diff.inclusion.overlaps import may_select_the_same
from spanpact.trace.name_patterns import NamePattern
from tests.diff.generated_contracts import MATCHERS
from tests.diff.judging import plan_of, reading_of, verdict

VALUES: tuple[Any, ...] = (0, 1, 1.0, 1.5, 2, 2.0, 3, "", "a", "ab", "b", True, False, [1], [1.0], ["ab"], ["a"])
WORDS: tuple[Any, ...] = (
    *(m for m in MATCHERS if m is not None and m != {"same_as": "top.k"}),
    [1], {"one_of": [[1], "a"]}, {"type": "array"}, {"type": "number", "at_most": 2}, {"matches": ""},
    {"type": "string", "matches": "a.*"}, {"one_of": [1, "a"], "type": "string"}, {"equals": "a", "type": "int"},
    {"contains": "a"}, {"contains": "ab"}, {"contains": "ab", "type": "string"}, {"contains": 1},
    {"contains": "b", "matches": "a.*"},
    {"one_of": ["", "a"]}, {"optional": True, "matches": "a.*"}, {"at_least": 1, "type": "int"},
)  # fmt: skip
TEXTS = ("", "a", "ab", "b", "c")
TEXT_WORDS: tuple[Any, ...] = tuple(
    m for m in WORDS if not (isinstance(m, dict) and {"at_least", "at_most"} & set(m)) and not isinstance(m, bool)
)


def plan(keyword: str, matcher: Any) -> ContractPlan:
    return plan_of({"span": "t", "attributes": {"k": matcher}} if keyword == "k" else {"span": "t", keyword: matcher})


def accepted(keyword: str, matcher: Any) -> set[int]:
    """Return the indices in VALUES (or TEXTS) that the engine accepts; -1 for a missing attribute."""
    contract, found = plan(keyword, matcher), set()
    for i, value in enumerate(VALUES if keyword == "k" else TEXTS):
        span = {"span": "t", "attributes": {"k": value}} if keyword == "k" else {"span": "t", keyword: value}
        if keyword != "k" and not value:
            span = {"span": "t"}
        if verdict(contract, reading_of({"trace": [span]})) == "kept":
            found.add(i)
    if keyword == "k" and verdict(contract, reading_of({"trace": ["t"]})) == "kept":
        found.add(-1)
    return found


def compiled(keyword: str, matcher: Any) -> Matcher:
    content = plan(keyword, matcher).top.content
    return content.attributes[0].matcher if keyword == "k" else content.scope  # type: ignore[return-value]


@pytest.mark.parametrize(("keyword", "matchers"), [("k", WORDS), ("scope", TEXT_WORDS)])
def test_included_matcher_accepts_no_other_value_in_the_engine(keyword: str, matchers: tuple[Any, ...]) -> None:
    sets = [accepted(keyword, matcher) for matcher in matchers]
    accepting = [compiled(keyword, matcher) for matcher in matchers]
    within = includes if keyword == "k" else includes_text
    wrong = [
        (matchers[i], matchers[j])
        for i, j in product(range(len(matchers)), repeat=2)
        if within(accepting[i], accepting[j]) and not sets[j] <= sets[i]
    ]
    assert wrong == []


def test_a_matcher_includes_itself() -> None:
    for matcher in WORDS:
        assert includes(compiled("k", matcher), compiled("k", matcher)), matcher


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"type": "number"}, 5),
        ({"at_least": 0}, {"one_of": [1, 2]}),
        ({"matches": "s.*"}, "session"),
        ("present", {"type": "string"}),
        ({"optional": True}, "absent"),
        ({"optional": True}, {"type": "int"}),
        ({"type": "number"}, {"type": "double"}),
        ({"type": "number"}, {"at_most": 1}),
        ({"type": "string"}, {"matches": "a"}),
        ({"at_most": 9}, {"at_least": 1, "at_most": 8, "type": "int"}),
        ({"same_as": "top.j"}, {"same_as": "top.j", "type": "int"}),
    ],
)
def test_narrower_matchers_of_the_language_are_included(more: Any, less: Any) -> None:
    assert includes(compiled("k", more), compiled("k", less))
    assert not includes(compiled("k", less), compiled("k", more))


def small_patterns() -> Iterator[str]:
    for length in (1, 2, 3):
        yield from map("".join, product("ab*", repeat=length))


def test_two_patterns_overlap_where_a_name_fits_both() -> None:
    names = [name for length in range(7) for name in map("".join, product("ab", repeat=length))]
    fitting = {text: {name for name in names if NamePattern((text,)).fits(name)} for text in small_patterns()}
    for one, other in product(fitting, repeat=2):
        overlap = NamePattern((one,)).overlaps(NamePattern((other,)))
        assert overlap == bool(fitting[one] & fitting[other]), (one, other)


MAYBE_1, MAYBE_2 = ({"attributes": {"k": {"equals": number, "optional": True}}} for number in (1, 2))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"kind": "client"}, {"kind": "client"}, True),
        ({"kind": "client"}, {"kind": "server"}, False),
        ({"kind": "client"}, {"status": "error"}, True),
        ({"attributes": {"k": 1}}, {"attributes": {"k": 2}}, False),
        ({"attributes": {"k": 1}}, {"attributes": {"k": {"one_of": [1.0, 3]}}}, True),
        ({"attributes": {"k": 1}}, {"attributes": {"k": "absent"}}, False),
        ({"attributes": {"k": "absent"}}, {"attributes": {"k": "absent"}}, True),
        (MAYBE_1, MAYBE_2, True),
        (MAYBE_1, {"attributes": {"k": 2}}, False),
        ({"attributes": {"k": {"matches": "a"}}}, {"attributes": {"k": "b"}}, True),
        ({"resource": {"k": 1}}, {"attributes": {"k": 2}}, True),
    ],
)
def test_entries_with_contradictory_where_select_no_common_span(one: Any, other: Any, both: bool) -> None:
    children = {"a": {"span": "x", "where": one}, "b": {"span": "x", "where": other}}
    assert may_select_the_same(*plan_of({"span": "t", "children": children}).top.children) is both
