"""Ids of flows in little memory: a sequence of pairs that returns what was added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spanpact.engine.flows.flow_spans import SIZE, FlowSpans
from spanpact.spool import Spool

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


def test_many_flows_of_several_contracts_in_one_spool() -> None:
    spool = Spool()
    several = [FlowSpans(spool), FlowSpans(spool)]
    pairs = [(f"{number:032x}", f"{number:016x}" if number % 3 else "") for number in range(1, 5_001)]
    pairs[2_000] = ("AB", "no id")
    for flows in several:
        for pair in pairs:
            flows.append(*pair)
    for flows in several:
        assert len(flows) == 5_000
        assert list(flows) == pairs
        assert flows == pairs
        assert [flows[i] for i in (0, 1_023, 1_024, 2_000, 4_999, -1)] == [
            pairs[i] for i in (0, 1_023, 1_024, 2_000, 4_999, -1)
        ]


def test_packed_flows_come_together() -> None:
    pairs = [(f"{number:032x}", f"{number:016x}") for number in range(1, 3_001)]
    one, together = FlowSpans(), FlowSpans()
    for pair in pairs:
        one.append(*pair)
    packed = b"".join(bytes.fromhex(trace_id + span_id) for trace_id, span_id in pairs)
    assert len(packed) == len(pairs) * SIZE
    together.extend_packed(packed[: 10 * SIZE])
    together.extend_packed(packed[10 * SIZE :])
    assert together == one == pairs


def test_flows_that_come_while_they_are_read() -> None:
    flows = FlowSpans()
    flows.append("ab" * 16, "")
    reading = iter(flows)
    next(reading)
    flows.append("cd" * 16, "")
    assert list(reading) == [("cd" * 16, "")]
