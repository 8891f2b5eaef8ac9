"""Spans with one id: what is judged, what is an update, what is a duplicate; and pairs of client and server."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from spanpact.engine.checks import Context
from spanpact.trace.copies import sort_copies
from spanpact.trace.equality import differing_fields, log_key, same_span
from spanpact.trace.model import Event, Link, LogRecord, Resource, Scope, Span, Trace
from spanpact.trace.topology import TOP, Topology

TRACE, ID = "0" * 31 + "1", "0" * 15 + "a"
A, B = Resource({"service.name": "a"}), Resource({"service.name": "b"})
NAN = float("nan")


def span(**fields: Any) -> Span:
    return Span(TRACE, **{"span_id": ID, "name": "s", "start_ns": 5, "end_ns": 9, **fields})


CLIENT = span(name="call", kind="client", resource=A, end_ns=20)
SERVER = span(name="serve", kind="server", resource=B, start_ns=6)
WORK = span(span_id="0" * 15 + "b", name="work", parent_id=ID, start_ns=7, resource=B)


def names(spans: Any) -> list[str]:
    return [each.name for each in spans]


class TestUpdates:
    STARTED, ENDED = span(name="started", end_ns=0), span(name="ended")

    @pytest.mark.parametrize("order", list(itertools.permutations([STARTED, ENDED, STARTED])))
    def test_the_finished_copy_is_judged_in_any_order(self, order: tuple[Span, ...]) -> None:
        [copies] = sort_copies(order)
        assert (names(copies.judged), names(copies.unfinished), copies.duplicates) == (["ended"], ["started"] * 2, [])

    def test_an_unfinished_copy_of_another_start_is_a_duplicate(self) -> None:
        [copies] = sort_copies([msgspec.structs.replace(self.STARTED, start_ns=1), self.ENDED])
        assert (names(copies.judged), names(copies.duplicates)) == (["ended"], ["started"])

    def test_updates_of_ids_that_repeat(self) -> None:
        again = [msgspec.structs.replace(each, start_ns=7) for each in (self.STARTED, self.ENDED)]
        [copies] = sort_copies([self.STARTED, self.ENDED, *again])
        assert (len(copies.unfinished), names(copies.duplicates)) == (2, ["ended"])

    def test_none_is_finished(self) -> None:
        [copies] = sort_copies([self.STARTED, self.STARTED])
        assert (len(copies.judged), len(copies.unfinished), len(copies.duplicates)) == (1, 0, 1)


class TestClientAndServer:
    @pytest.mark.parametrize("order", list(itertools.permutations([CLIENT, SERVER, WORK])))
    def test_the_server_is_below_the_client_and_has_the_children(self, order: tuple[Span, ...]) -> None:
        tree = Topology(Trace(TRACE, order))
        assert names(tree.spans) == ["call", "serve", "work"]
        assert (tree.parent, tree.duplicates, tree.cycles) == ([TOP, 0, 1], [], [])
        assert [tree.index_of(each) for each in tree.spans] == [0, 1, 2]

    def test_the_client_keeps_its_parent(self) -> None:
        root = span(span_id="0" * 15 + "1", name="root", start_ns=1)
        both = [msgspec.structs.replace(each, parent_id=root.span_id) for each in (CLIENT, SERVER)]
        assert Topology(Trace(TRACE, [root, *both])).parent == [TOP, 0, 1]

    def test_unfinished_copies_of_both(self) -> None:
        both = [msgspec.structs.replace(each, end_ns=0) for each in (CLIENT, SERVER)]
        tree = Topology(Trace(TRACE, [*both, CLIENT, SERVER]))
        assert (names(tree.spans), len(tree.unfinished), tree.duplicates) == (["call", "serve"], 2, [])

    @pytest.mark.parametrize(
        "changes", [{"resource": A}, {"kind": "internal"}, {"kind": "client"}, {"parent_id": "0" * 15 + "9"}]
    )
    def test_others_are_duplicates(self, changes: dict[str, Any]) -> None:
        tree = Topology(Trace(TRACE, [CLIENT, msgspec.structs.replace(SERVER, **changes)]))
        assert (len(tree.spans), len(tree.duplicates)) == (1, 1)

    def test_each_has_its_own_log_records(self) -> None:
        records = [LogRecord(TRACE, ID, "of a", resource=A), LogRecord(TRACE, ID, "of b", resource=B)]
        records.append(LogRecord(TRACE, ID, "of none"))
        context = Context(Topology(Trace(TRACE, [CLIENT, SERVER], records)), find_span=lambda *_: None)
        assert [each.event_name for each in context.logs_of(CLIENT)] == ["of a"]
        assert [each.event_name for each in context.logs_of(SERVER)] == ["of b", "of none"]


class TestEquality:
    FULL = span(attributes={"n": NAN}, events=[Event("e", 1, {"n": NAN})], links=[Link(TRACE, ID, {"n": NAN})])

    def test_nan_equals_nan_in_copies(self) -> None:
        other = span(
            attributes={"n": float("nan")},
            events=[Event("e", 1, {"n": float("nan")})],
            links=[Link(TRACE, ID, {"n": float("nan")})],
        )
        assert same_span(self.FULL, other)
        assert differing_fields(self.FULL, other) == []
        assert log_key(LogRecord(TRACE, body=[NAN])) == log_key(LogRecord(TRACE, body=[float("nan")]))

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": "x"}, "name"),
            ({"kind": "client"}, "kind"),
            ({"parent_id": ID}, "parent"),
            ({"start_ns": 6}, "start"),
            ({"end_ns": 10}, "end"),
            ({"status": "error"}, "status"),
            ({"status_message": "m"}, "status message"),
            ({"attributes": {"n": NAN, "k": 1}}, "k"),
            ({"attributes": {"n": 1}}, "n"),
            ({"events": []}, "events"),
            ({"links": []}, "links"),
            ({"resource": Resource({}, "https://s/1")}, "resource"),
            ({"resource": Resource({"a": 1})}, "resource"),
            ({"resource": Resource({}, "", 1)}, "resource"),
            ({"scope": Scope("lib")}, "scope"),
            ({"scope": Scope("", "", {}, "https://s/1")}, "scope"),
            ({"scope": Scope(dropped_attributes=1)}, "scope"),
            ({"trace_state": "a=b"}, "trace state"),
            ({"parent_remote": True}, "remote flag"),
            ({"dropped_attributes": 1}, "dropped attributes"),
            ({"dropped_events": 1}, "dropped events"),
            ({"dropped_links": 1}, "dropped links"),
        ],
    )
    def test_a_difference_is_named(self, changes: dict[str, Any], field: str) -> None:
        other = msgspec.structs.replace(self.FULL, **changes)
        assert differing_fields(self.FULL, other) == [field]
        assert not same_span(self.FULL, other)

    @pytest.mark.parametrize(
        "changes",
        [{"severity_number": 9}, {"trace_flags": 1}, {"dropped_attributes": 1}, {"resource": A}, {"scope": Scope("x")}],
    )
    def test_log_records_differ_in_every_field(self, changes: dict[str, Any]) -> None:
        record = LogRecord(TRACE, ID, "e")
        assert log_key(record) != log_key(msgspec.structs.replace(record, **changes))
