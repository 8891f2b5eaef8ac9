"""Sums, groups of equal values, and counts that must agree, against the plainest way to compute each."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.contract.compiled import Count, Matcher
from spanpact.contract.loader import compile_contract
from spanpact.contract.python_api import Contract, Entry, Rule
from spanpact.engine.checks.values.alike_values import group_by_value
from spanpact.engine.checks.values.exact_sums import exact_sum, is_within, shown_total
from spanpact.trace.equality import equal
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo, Span, Trace, Value
from spanpact.verification.verifying import verify

finite = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, -0.0, 2**60, "", "1", "[1]", b"1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


def written(number: float) -> Fraction:
    """Return the number that is written: of a double, its shortest decimal."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


@given(st.lists(finite, min_size=1), finite)
def test_a_sum_is_that_of_the_numbers_as_they_are_written(numbers: list[float], limit: float) -> None:
    wanted, total = sum(map(written, numbers), Fraction()), exact_sum(numbers)
    assert Fraction(total) == wanted
    assert is_within(total, Matcher(at_most=limit)) == (wanted <= written(limit))
    assert is_within(total, Matcher(at_least=limit)) == (wanted >= written(limit))
    assert is_within(total, Matcher(equals=limit)) == (wanted == written(limit))


@given(st.lists(finite, min_size=1))
def test_a_sum_does_not_depend_on_the_order(numbers: list[float]) -> None:
    shuffled = list(numbers)
    random.Random(1).shuffle(shuffled)
    assert exact_sum(shuffled) == exact_sum(numbers)


def test_what_a_budget_of_three_tenths_allows() -> None:
    assert is_within(exact_sum([0.1, 0.2]), Matcher(at_most=0.3))
    assert not is_within(exact_sum([0.1, 0.2, 5e-324]), Matcher(at_most=0.3))
    assert is_within(exact_sum([math.inf, 1]), Matcher(at_least=3))
    assert not is_within(exact_sum([math.inf, -math.inf]), Matcher(at_least=3))
    assert shown_total(exact_sum([1e300, 1e-300])) == "1e+300"
    assert shown_total(exact_sum([10**40])) == "an integer of 41 digits"
    assert shown_total(exact_sum([0.1, 0.2])) == "0.3"


@given(
    st.lists(st.tuples(values), min_size=1, max_size=6) | st.lists(st.tuples(values, values), min_size=1, max_size=5)
)
def test_groups_are_those_of_equal_values(several: list[tuple[Value, ...]]) -> None:
    found = group_by_value([(i, tuple((v,) for v in each)) for i, each in enumerate(several)], ALL_CAPABILITIES)
    alike = [
        [i for i, other in enumerate(several) if all(equal(*pair) for pair in zip(each, other, strict=True))]
        for each in several
    ]
    assert [list(spans) for spans in found.spans] == [each for i, each in enumerate(alike) if each[0] == i]
    assert found.distinct == (len(found.values),) * 2
    assert found.repeats == (max(map(len, alike)),) * 2


@given(st.lists(st.sampled_from(["[1]", "[ 1]", "[1.0]", "{}", "", "a", 1]), min_size=1))
def test_texts_that_may_be_lists_give_a_range(several: list[Value]) -> None:
    groups = group_by_value([(i, ((v,),)) for i, v in enumerate(several)], ALL_CAPABILITIES - {"value_types"})
    lists = {"[1]", "[ 1]", "[1.0]"}.intersection(each for each in several if isinstance(each, str))
    assert groups.distinct == (len(set(several)) - max(0, len(lists) - 1), len(set(several)))
    listed = sum(each in lists for each in several)
    assert groups.repeats == (max(map(several.count, several)), max(listed, max(map(several.count, several))))


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 3)), max_size=8), st.none() | st.integers(0, 4))
def test_a_count_is_compared_for_each_span_that_holds_both(children: list[tuple[str, int]], said: int | None) -> None:
    """Under a flow with `x` spans, each with some `i` below: of each x by its own size, of z by the number of y."""
    contract = compile_contract(
        Contract(
            "case",
            "1.0.0",
            span="top",
            children={
                "x": Entry("x", count="0..", children={"i": Entry("i", count={"same_as": "x.size"})}),
                "y": Entry("y", count="0.."),
                "z": Entry("z", count={"same_as": "y"}),
            },
        )
    )
    spans = [Span("", f"{1:016x}", "top", end_ns=1)]
    expected = []
    for name, below in children:
        own = f"{len(spans) + 1:016x}"
        size = below if said is None else said
        spans.append(Span("", own, name, spans[0].span_id, end_ns=1, attributes={"size": size}))
        spans += [Span("", f"{len(spans) + 1 + i:016x}", "i", own, end_ns=1) for i in range(below)]
        if name == "x" and size != below:
            expected.append("i/span-missing" if below < size else "i/span-surplus")
    number = {name: sum(each == name for each, _ in children) for name in "yz"}
    if number["y"] != number["z"]:
        expected.append("z/span-missing" if number["z"] < number["y"] else "z/span-surplus")
    report = verify([contract], Reading(SourceInfo("made"), [Trace("1" * 32, spans)]))
    assert sorted(finding.key for finding in report.findings) == sorted(expected)


def test_aggregates_in_python() -> None:
    rules = {"r": Rule("x", sum={"n": {"at_most": 3}}, distinct={"k": 1}, repeats={"a + b": "0..2"})}
    (rule,) = compile_contract(Contract("case", "1.0.0", span="top", aliases={"b": ["c"]}, every=rules)).rules
    assert [(each.path, each.names, each.within) for each in rule.aggregates] == [
        ("sum.n", (("n",),), Matcher(at_most=3)),
        ("distinct.k", (("k",),), Count(1, 1)),
        ("repeats.a + b", (("a",), ("b", "c")), Count(0, 2)),
    ]


@pytest.mark.parametrize("without", [(), ("value_types",), ("number_types",)])
@pytest.mark.parametrize(
    ("aggregates", "attributes"),
    [
        ({"sum": {"n": {"at_most": 3}}}, [{"n": 2}, {"n": 2.0}]),
        ({"distinct": {"n": 1}}, [{"n": 2}, {"n": 3}]),
        ({"repeats": {"n": "0..1"}}, [{"n": "[1]"}, {"n": "[1]"}]),
    ],
)
def test_sources_that_show_less_of_a_type_decide_too(
    aggregates: Mapping[str, Mapping[str, object]], attributes: Sequence[dict[str, Value]], without: Sequence[str]
) -> None:
    contract = compile_contract(Contract("case", "1.0.0", span="top", every={"r": {"span": "x", **aggregates}}))
    spans = [Span("", "1" * 16, "top", end_ns=1)]
    spans += [Span("", str(i) * 16, "x", "1" * 16, end_ns=1, attributes=each) for i, each in enumerate(attributes, 2)]
    source = SourceInfo("made", frozenset(each for each in ALL_CAPABILITIES if each not in without))
    assert verify([contract], Reading(source, [Trace("1" * 32, spans)])).verdict == "broken"
