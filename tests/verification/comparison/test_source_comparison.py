"""Two sources of one run: what is lost, orphaned, altered, duplicated; and what may differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from spanpact.findings import Report
from spanpact.reporting import TextOptions, parse_json, render_json, render_text
from spanpact.trace import Event, Link, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace, Value
from spanpact.trace.model import ALL_CAPABILITIES, Attributes, Capability
from spanpact.verification.comparison.source_comparison import compare
from tests.properties import examples
from tests.sources.readings import readings

TRACE, OTHER = "0" * 31 + "1", "0" * 31 + "2"
SECRET = "bob@example.com"


def span(number: int = 1, parent: int = 0, **fields: Any) -> Span:
    made: dict[str, Any] = {"name": f"s{number}", "start_ns": 1_000_000 + number, "end_ns": 2_000_000}
    parent_id = f"{parent:016x}" if parent else ""
    return Span(fields.pop("trace_id", TRACE), f"{number:016x}", parent_id=parent_id, **{**made, **fields})


def reading(*spans: Span, name: str = "memory", without: Sequence[Capability] = (), resolution_ns: int = 1) -> Reading:
    by_trace: dict[str, list[Span]] = {}
    for each in spans:
        by_trace.setdefault(each.trace_id, []).append(each)
    info = SourceInfo(name, ALL_CAPABILITIES - set(without), resolution_ns)
    return Reading(info, [Trace(trace_id, found) for trace_id, found in by_trace.items()])


def found(report: Report) -> list[tuple[str, str, str]]:
    return [(finding.id, finding.keyword, finding.span_id[-1:]) for finding in report.findings]


def altered(mine: Span, **changes: Any) -> list[tuple[str, str, str]]:
    """Return the differences that are found in a span of which these fields were altered."""
    report = compare(reading(mine), reading(msgspec.structs.replace(mine, **changes), name="Jaeger"))
    assert {finding.id for finding in report.findings} <= {"span-altered"}
    return [(finding.keyword, finding.expected, finding.observed) for finding in report.findings]


class TestSpans:
    def test_the_same_spans_in_another_order_are_kept(self) -> None:
        report = compare(reading(span(), span(2, 1)), reading(span(2, 1), span(), name="Jaeger"))
        assert (report.verdict, report.exit_code, report.findings) == ("kept", 0, ())
        assert report.results[0].contract == "memory = Jaeger"

    def test_a_lost_span_is_a_finding_and_so_is_each_orphan_it_leaves(self) -> None:
        report = compare(reading(span(), span(2, 1), span(3, 2)), reading(span(), span(3, 2), name="Jaeger"))
        assert found(report) == [("span-lost", "span", "2"), ("span-orphan", "parent", "3")]
        assert report.findings[0].path == ("s1", "s2")
        assert report.exit_code == 1

    def test_a_lost_trace_is_one_finding(self) -> None:
        report = compare(
            reading(span(), span(2, 1), span(5, trace_id=OTHER)), reading(span(5, trace_id=OTHER), name="Jaeger")
        )
        assert [(f.keyword, f.expected, f.observed, len(f.spans)) for f in report.findings] == [
            ("trace", "2 spans", "none", 2)
        ]

    def test_a_span_that_only_the_second_source_holds_is_lost_in_the_first(self) -> None:
        report = compare(reading(span()), reading(span(), span(2, 1), name="Jaeger"))
        assert found(report) == [("span-lost", "span", "2")]
        assert "Jaeger holds a span that the first source lacks" in report.findings[0].message

    def test_traces_that_the_first_source_lacks_are_ignored(self) -> None:
        assert compare(reading(span()), reading(span(), span(5, trace_id=OTHER))).verdict == "kept"

    def test_a_span_that_was_stored_twice_is_a_duplicate(self) -> None:
        report = compare(reading(span()), reading(span(), span(), name="Jaeger"))
        assert found(report) == [("span-duplicate", "span", "1")]
        assert compare(reading(span(), span()), reading(span(), span())).verdict == "kept"

    def test_a_client_and_a_server_with_one_id_are_compared_with_their_own_kind(self) -> None:
        client = span(kind="client", resource=Resource({"service.name": "a"}))
        server = span(name="serve", kind="server", resource=Resource({"service.name": "b"}))
        assert compare(reading(client, server), reading(server, client)).verdict == "kept"
        report = compare(reading(client, server), reading(server, name="Jaeger"))
        assert [(each.id, each.message) for each in report.findings] == [("span-lost", "s1 is not in Jaeger")]

    def test_nothing_in_the_first_source_is_never_a_pass(self) -> None:
        report = compare(reading(), reading(span()))
        assert (report.verdict, report.exit_code) == ("not checked", 3)

    def test_spans_that_may_still_come_are_not_lost_yet(self) -> None:
        report = compare(reading(span(), span(2, 1)), reading(span()), complete=False)
        assert report.verdict == "not checked"
        assert [(each.reason, each.count) for each in report.results[0].not_checked] == [("incomplete", 1)]

    def test_what_is_altered_is_so_while_others_may_still_come(self) -> None:
        report = compare(reading(span(), span(2, 1)), reading(span(kind="client")), complete=False)
        assert found(report) == [("span-altered", "kind", "1")]

    def test_each_of_several_sources_is_compared_with_the_first(self) -> None:
        report = compare(reading(span()), reading(span(), name="file"), reading(span(name="x"), name="Jaeger"))
        assert [result.verdict for result in report.results] == ["kept", "broken"]


class TestFields:
    def test_every_field_that_differs_is_named_with_both_sides(self) -> None:
        assert altered(span(2), name="x", kind="client", status="error", parent_id="0" * 15 + "9") == [
            ("name", "s2", "x"),
            ("parent", "none", "0000000000000009"),
            ("kind", "internal", "client"),
            ("status", "unset", "error"),
        ]

    def test_texts_that_few_sources_carry(self) -> None:
        changes = {
            "status_message": "m", "scope": Scope("lib", "2"), "trace_state": "a=b", "parent_remote": True,
            "dropped_events": 2,
        }  # fmt: skip
        assert [field for field, _, _ in altered(span(parent_remote=False), **changes)] == [
            "status_message", "scope", "trace_state", "remote", "dropped",
        ]  # fmt: skip

    def test_a_flag_that_one_span_lacks_says_nothing(self) -> None:
        assert altered(span(parent_remote=True), parent_remote=None) == []

    def test_times(self) -> None:
        assert altered(span(), start_ns=1_000_002, end_ns=1_500_000) == [
            ("start", "the same time", "1ns later"), ("end", "the same time", "-500us later"),
        ]  # fmt: skip

    def test_attributes(self) -> None:
        mine: Attributes = {"gone": 1, "other": "a", "same": [1, {"a": b"x"}], "typed": 1}
        theirs: Attributes = {"new": True, "other": "b", "same": [1, {"a": b"x"}], "typed": 1.0}
        assert altered(span(attributes=mine), attributes=theirs) == [
            ("attributes.gone", "1", "absent"),
            ("attributes.new", "absent", "true"),
            ("attributes.other", '"a"', '"b"'),
            ("attributes.typed", "1", "1.0"),
        ]

    def test_resource_attributes(self) -> None:
        changed = altered(span(resource=Resource({"service.name": "a"})), resource=Resource({"service.name": "b"}))
        assert changed == [("resource.service.name", '"a"', '"b"')]

    @pytest.mark.parametrize(
        ("mine", "theirs"),
        [(True, 1), (0, False), ("1", 1), ([1], [1, 2]), ([1], 1), ({"a": 1}, {"b": 1}), (b"a", "a"), (None, "")],
    )
    def test_values_that_are_not_the_same(self, mine: Any, theirs: Any) -> None:
        assert len(altered(span(attributes={"k": mine}), attributes={"k": theirs})) == 1

    def test_here_nan_is_nan(self) -> None:
        assert altered(span(attributes={"k": float("nan")}), attributes={"k": float("nan")}) == []

    def test_events_by_time_and_name(self) -> None:
        mine = [Event("a", 5, {"k": 1}), Event("b", 3)]
        assert altered(span(events=mine), events=[mine[1], mine[0]]) == []
        assert altered(span(events=mine), events=[mine[0]]) == [("events", "2: b, a", "1: a")]
        assert altered(span(events=mine), events=[Event("b", 4), Event("a", 5, {"k": 2})]) == [
            ("events.b", "the same time", "1ns later"), ("events.a.k", "1", "2"),
        ]  # fmt: skip
        assert altered(span(events=mine), events=()) == [("events", "2: b, a", "none")]

    def test_links_by_their_target(self) -> None:
        one, two = Link(OTHER, "0" * 15 + "1", {"k": 1}), Link(OTHER, "0" * 15 + "2")
        assert altered(span(links=[one, two]), links=[two, one]) == []
        assert altered(span(links=[one]), links=[msgspec.structs.replace(one, attributes={})]) == [
            ("links.0000000000000001.k", "1", "absent")
        ]
        assert [field for field, _, _ in altered(span(links=[one]), links=())] == ["links"]

    def test_fields_of_the_resource_and_the_scope(self) -> None:
        mine = span(resource=Resource({"a": 1}, "https://s/1"), scope=Scope("lib", "1", {"k": 1}))
        theirs = {"resource": Resource({"a": 1}, "https://s/2", 3), "scope": Scope("lib", "1", {}, "https://s/3", 4)}
        assert altered(mine, **theirs) == [
            ("resource schema URL", "https://s/1", "https://s/2"),
            ("scope schema URL", "none", "https://s/3"),
            ("resource dropped", "0 attributes", "3 attributes"),
            ("scope dropped", "0 attributes", "4 attributes"),
            ("scope.k", "1", "absent"),
        ]

    def test_fields_of_events_and_links(self) -> None:
        event, link = Event("e", 5), Link(OTHER, "0" * 15 + "1")
        mine = span(events=[event], links=[link])
        assert altered(mine, events=[Event("e", 5, {}, 3)]) == [("events.e dropped", "0 attributes", "3 attributes")]
        assert altered(mine, links=[Link(OTHER, "0" * 15 + "1", {}, "a=b", 2)]) == [
            ("links.0000000000000001 dropped", "0 attributes", "2 attributes"),
            ("links.0000000000000001 trace_state", "none", "a=b"),
        ]

    def test_what_is_shown_is_masked(self) -> None:
        report = compare(
            reading(span(name=SECRET, attributes={SECRET: 1, "k": SECRET})), reading(span(name="x", parent=2))
        )
        assert len(report.findings) == 4
        assert SECRET not in f"{report.findings}"


class TestLogs:
    RECORD = LogRecord(TRACE, f"{1:016x}", "e", "body", "INFO", 5, {"k": 1}, severity_number=9, trace_flags=1)

    def compared(self, mine: Sequence[LogRecord], theirs: Sequence[LogRecord], **options: Any) -> Report:
        def with_logs(logs: Sequence[LogRecord], name: str, **fields: Any) -> Reading:
            return msgspec.structs.replace(reading(span(), name=name, **fields), traces=[Trace(TRACE, [span()], logs)])

        return compare(with_logs(mine, "file"), with_logs(theirs, "archive", **options))

    @pytest.mark.parametrize(
        ("changes", "keyword"),
        [
            ({"event_name": "x"}, "logs.event_name"),
            ({"severity": "WARN"}, "logs.severity"),
            ({"severity_number": 10}, "logs.severity_number"),
            ({"trace_flags": 3}, "logs.trace_flags"),
            ({"time_ns": 6}, "logs.time"),
            ({"body": None}, "logs.body"),
            ({"attributes": {"k": 2}}, "logs.k"),
            ({"dropped_attributes": 1}, "logs dropped"),
        ],
    )
    def test_every_field_of_a_record_is_compared(self, changes: dict[str, Any], keyword: str) -> None:
        report = self.compared([self.RECORD], [msgspec.structs.replace(self.RECORD, **changes)])
        assert found(report) == [("span-altered", keyword, "1")]

    def test_records_in_another_order_are_the_same(self) -> None:
        other = msgspec.structs.replace(self.RECORD, time_ns=6)
        assert self.compared([self.RECORD, other], [other, self.RECORD]).verdict == "kept"

    def test_a_lost_record_is_a_difference_of_its_span_or_of_its_trace(self) -> None:
        assert found(self.compared([self.RECORD], [])) == [("span-altered", "logs", "1")]
        assert found(self.compared([LogRecord(TRACE)], [])) == [("span-altered", "logs", "")]

    def test_a_source_without_logs_is_said_only_where_there_are_some(self) -> None:
        report = self.compared([self.RECORD], [], without=["logs"])
        assert (report.verdict, [each.keyword for each in report.results[0].not_checked]) == ("kept", ["logs"])
        assert self.compared([], [], without=["logs"]).results[0].not_checked == ()


class TestWhatSourcesCannotCarry:
    CHANGES: tuple[tuple[Capability, dict[str, Any]], ...] = (
        ("events", {"events": [Event("e")]}),
        ("links", {"links": [Link(OTHER, "0" * 15 + "1")]}),
        ("status_message", {"status_message": "m"}),
        ("scope", {"scope": Scope("lib")}),
        ("resource", {"resource": Resource({"a": 1})}),
        ("remote", {"parent_remote": True}),
        ("number_types", {"attributes": {"n": 1.0, "list": [2.0]}}),
        ("value_types", {"attributes": {"n": 1, "list": "[2]"}}),
        ("bytes", {"attributes": {"n": 1, "list": [2]}, "resource": Resource({"b": "eA=="})}),
        ("trace_state", {"trace_state": "a=b"}),
        ("schema_urls", {"scope": Scope("", "", {}, "https://s/2")}),
        ("dropped_counts", {"dropped_links": 1}),
    )

    @pytest.mark.parametrize(("capability", "changes"), CHANGES, ids=[name for name, _ in CHANGES])
    def test_is_reported_as_not_compared(self, capability: Capability, changes: dict[str, Any]) -> None:
        attributes: Attributes = {"n": 1, "list": [2]}
        mine = span(
            attributes=attributes, parent_remote=False, resource=Resource({"b": b"x"} if "b" in capability else {}),
            scope=Scope("", "", {}, "https://s/1" if capability == "schema_urls" else ""),
        )  # fmt: skip
        theirs = msgspec.structs.replace(mine, **changes)
        assert compare(reading(mine), reading(theirs)).verdict == "broken"
        report = compare(reading(mine), reading(theirs, name="Jaeger", without=[capability]))
        assert report.verdict == "kept"
        assert [(each.keyword, each.reason) for each in report.results[0].not_checked] == [(capability, "capability")]
        assert compare(reading(mine), reading(theirs, without=[capability]), strict=True).verdict == "not checked"

    @pytest.mark.parametrize(
        ("mine", "theirs", "same"),
        [([1], "[1]", True), ({"a": 1}, '{"a":1}', True), (None, "", True), ([math.nan], "", True), ("", None, True),
         ([1], "1", False), (None, "x", False), ("[1]", "[2]", False), ("", "x", False), (1, "", False),
         (1, "[1]", False)],
    )  # fmt: skip
    def test_a_text_may_be_a_list_or_a_map_or_nothing(self, mine: Value, theirs: Value, same: bool) -> None:
        first, second = reading(span(attributes={"k": mine})), span(attributes={"k": theirs})
        assert compare(first, reading(second)).verdict == "broken"
        assert (compare(first, reading(second, without=["value_types"])).verdict == "kept") is same

    def test_times_are_as_fine_as_the_coarser_source_knows_them(self) -> None:
        mine = span(start_ns=1_999_999, end_ns=5_999_999, events=[Event("b", 2_999_998), Event("a", 2_999_999)])
        cut = span(start_ns=1_999_000, end_ns=5_998_000, events=[Event("a", 2_999_000), Event("b", 2_999_000)])
        assert compare(reading(mine), reading(cut, resolution_ns=1000)).verdict == "kept"
        assert compare(reading(mine), reading(cut)).verdict == "broken"
        late = span(start_ns=1_999_000, end_ns=5_997_000)
        assert compare(reading(mine), reading(late, resolution_ns=1000)).verdict == "broken"


class TestReport:
    def report(self) -> Report:
        spans = [span(), span(2, 1, attributes={"k": 1}), span(3, 2)]
        return compare(reading(*spans), reading(span(), span(2, 1), name="Jaeger", without=["remote"]))

    def test_as_text(self) -> None:
        text = render_text(self.report(), TextOptions())
        assert "comparison/span-lost" in text
        assert "comparison/span-altered  (attributes.k)" in text

    def test_as_json(self) -> None:
        report = parse_json(render_json(self.report()))
        assert found(report) == [("span-lost", "span", "3"), ("span-altered", "attributes.k", "2")]


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
@given(readings)
def test_whatever_is_read_equals_itself(made: Reading) -> None:
    report = compare(made, made)
    assert report.findings == ()
    assert report.verdict == ("kept" if made.traces else "not checked")
