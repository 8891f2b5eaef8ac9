"""The tree that a trace forms, whatever its spans say: held against plain definitions."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.trace.model import Span, Trace
from spanpact.trace.name_patterns import NamePattern
from spanpact.trace.topology import TOP, Topology

TRACE = "0" * 31 + "1"
IDS = [f"{i:016x}" for i in range(1, 9)]


def span(id: str, parent: str = "", *, name: str = "s", start: int = 0) -> Span:
    return Span(TRACE, id, name, parent, start_ns=start, end_ns=start + 1)


def topology(*spans: Span) -> Topology:
    return Topology(Trace(TRACE, spans))


spans_of_any_shape = st.lists(
    st.builds(
        span,
        st.sampled_from(IDS),
        st.sampled_from(["", "ffffffffffffffff", *IDS]),
        name=st.sampled_from(["a", "a.b", "b"]),
        start=st.integers(0, 3),
    ),
    max_size=12,
)


class TestTopology:
    def test_children_are_sorted_by_start_and_then_by_id(self) -> None:
        tree = topology(
            span("3", "1", start=2), span("1"), span("4", "1", start=1), span("2", "1", start=2), span("5", "4")
        )
        assert [tree.spans[i].span_id for i in tree.children(tree.by_id["1"])] == ["4", "2", "3"]
        assert [tree.spans[i].span_id for i in tree.below(TOP)] == ["1", "4", "5", "2", "3"]

    def test_of_spans_with_one_id_the_earliest_is_kept_and_the_others_are_duplicates(self) -> None:
        tree = topology(span("1", start=5, name="late"), span("1", start=1, name="early"), span("2", "1"))
        assert [each.name for each in tree.spans] == ["s", "early"]
        assert [each.name for each in tree.duplicates] == ["late"]

    def test_a_cycle_is_cut_at_its_earliest_span(self) -> None:
        tree = topology(span("1", "3", start=3), span("2", "1", start=1), span("3", "2", start=2), span("4", "3"))
        assert [[tree.spans[i].span_id for i in cycle] for cycle in tree.cycles] == [["2", "3", "1"]]
        assert [tree.spans[i].span_id for i in tree.children(TOP)] == ["2"]
        assert [tree.spans[i].span_id for i in tree.path(tree.by_id["4"])] == ["2", "3", "4"]

    def test_a_span_can_be_its_own_parent(self) -> None:
        tree = topology(span("1", "1"))
        assert (tree.cycles, tree.parent) == ([[0]], [TOP])

    def test_two_cycles_are_found_separately(self) -> None:
        assert len(topology(span("1", "2"), span("2", "1"), span("3", "4"), span("4", "3")).cycles) == 2

    @pytest.mark.expensive
    def test_a_chain_of_a_hundred_thousand_is_walked_without_recursion(self) -> None:
        number = 100_000
        chain = [span(f"{i:016x}", f"{i - 1:016x}" if i > 1 else "", start=i) for i in range(1, number + 1)]
        random.Random(1).shuffle(chain)
        tree = topology(*chain)
        deepest = tree.by_id[f"{number:016x}"]
        assert len(tree.below(0)) == number - 1
        assert tree.is_below(deepest, 0)
        assert sum(1 for _ in tree.path(deepest)) == number
        assert tree.names(deepest) == ("…", *["s"] * 100)

    def test_a_short_path_of_names_is_complete(self) -> None:
        chain = [span(f"{i:016x}", f"{i - 1:016x}" if i > 1 else "", start=i) for i in range(1, 101)]
        assert topology(*chain).names(99) == ("s",) * 100

    @given(spans_of_any_shape)
    def test_every_span_occurs_once_in_preorder_after_its_parent(self, spans: list[Span]) -> None:
        tree = topology(*spans)
        assert sorted(tree.preorder) == list(range(len(tree.spans)))
        assert len(tree.spans) + len(tree.duplicates) == len(spans)
        for i in range(len(tree.spans)):
            line = list(tree.path(i))
            assert line[-1] == i
            assert all(tree.is_below(i, above) == (above in line[:-1]) for above in range(len(tree.spans)))
            assert set(tree.below(i)) == {j for j in range(len(tree.spans)) if i in list(tree.path(j))[:-1]}

    @given(spans_of_any_shape, st.sampled_from(["a", "a*", "*", "x", "*b"]))
    def test_a_search_by_name_finds_the_matching_spans_below(self, spans: list[Span], text: str) -> None:
        tree, pattern = topology(*spans), NamePattern((text,))
        for holder in (TOP, *range(len(tree.spans))):
            expected = sorted(i for i in tree.below(holder) if pattern.fits(tree.spans[i].name))
            assert tree.named_below(holder, pattern) == expected

    @given(spans_of_any_shape, st.randoms(use_true_random=False))
    def test_the_order_of_reading_changes_nothing(self, spans: list[Span], order: random.Random) -> None:
        other = list(spans)
        order.shuffle(other)
        one, two = topology(*spans), topology(*other)
        assert (one.spans, one.parent, one.cycles, one.preorder) == (two.spans, two.parent, two.cycles, two.preorder)
