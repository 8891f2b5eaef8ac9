"""`spanpact show`: trees, no verdict."""

from __future__ import annotations

from tests.cli.commands import Desk, one_line
from tests.reporting.made import in_trace, kept_flow, span


def test_trees_of_a_source_are_shown(desk: Desk) -> None:
    answer = desk("show", desk.broken, desk.kept)
    assert answer.code == 0
    assert answer.out.count("└─ redis.get") == 2


def test_one_trace_is_found_by_the_beginning_of_its_id(desk: Desk) -> None:
    both = desk.traces("both.json", in_trace(kept_flow(), 0xA << 124), in_trace(kept_flow(), 0xB << 124))
    answer = desk("show", both, "--trace", "B0")
    assert (answer.code, answer.out.count("trace b0")) == (0, 1)
    missing = desk("show", both, "--trace", "c")
    assert (missing.code, one_line(missing.err, ["no trace c"])) == (3, True)
    assert desk("show", both, "--trace", "").code == 3


def test_options_show_attributes_and_large_traces_whole(desk: Desk) -> None:
    many = desk.traces("many.json", in_trace([span(1, "root"), *(span(9 + i, f"s{i}", 1) for i in range(99))], 1))
    assert "… 96 more" in desk("show", many).out
    assert "s98" in desk("show", many, "--all").out
    assert 'key = "session:*"' in desk("show", desk.kept, "--attributes").out


def test_wrong_usage_and_unreadable_sources_are_one_line(desk: Desk) -> None:
    assert one_line(desk("show").err, ["TRACES"])
    answer = desk("show", "nowhere.json")
    assert (answer.code, one_line(answer.err, ["nowhere.json"])) == (3, True)
