"""Ids of flows in little memory: a sequence of pairs that returns what was added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spanpact.engine.flows.flow_spans import FlowSpans

hexadecimal = st.text("0123456789abcdefABCDEF", min_size=16, max_size=48) | st.sampled_from(["0" * 16, "0" * 32])
ids = hexadecimal | st.text(max_size=3)


@given(st.lists(st.tuples(ids, ids)))
def test_whatever_the_ids_are(pairs: list[tuple[str, str]]) -> None:
    flows = FlowSpans()
    for pair in pairs:
        flows.append(*pair)
    assert list(flows) == pairs
    assert flows == tuple(pairs)
    assert [flows[i] for i in range(-len(pairs), 0)] == pairs
    assert flows[1:3] == pairs[1:3]


def test_well_formed_ids_and_whole_traces_need_no_look() -> None:
    pairs = [("ab" * 16, "cd" * 8), ("ab" * 16, "")]
    known, unknown = FlowSpans(), FlowSpans()
    for pair in pairs:
        known.append_well_formed(*pair)
        unknown.append(*pair)
    assert list(known) == list(unknown) == pairs


def test_two_that_differ() -> None:
    one, other = FlowSpans(), FlowSpans()
    one.append("ab" * 16, "cd" * 8)
    assert one != other
    other.append("ab" * 16, "")
    assert one != other
    assert one != [("ab" * 16, "")]
    assert repr(one) == "<FlowSpans: 1>"
