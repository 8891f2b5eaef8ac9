"""Which spans of a trace come from one process."""

from __future__ import annotations

from typing import Any

import pytest

from spanpact.trace.model import ALL_CAPABILITIES, NO_RESOURCE, Resource, Span, SpanKind, Trace, Value
from spanpact.trace.process import one_process, processes_of, same_resource
from spanpact.trace.topology import Topology

ONE, EQUAL, OTHER = Resource({"service.name": "a"}), Resource({"service.name": "a"}), Resource({"service.name": "b"})
ERLANG = Resource({"service.name": "a", "service.instance.id": 1, "telemetry.sdk.language": "erlang"})
DENO = Resource({"service.name": "a", "telemetry.sdk.name": "deno-opentelemetry"})


def span(
    number: int,
    parent: int = 0,
    remote: bool | None = None,
    kind: SpanKind = "internal",
    resource: Resource = NO_RESOURCE,
) -> Span:
    parent_id = f"{parent:016x}" if parent else ""
    return Span("t", f"{number:016x}", "a", parent_id, kind, number, 100, parent_remote=remote, resource=resource)


def topology(*spans: Span, complete: bool = True) -> Topology:
    return Topology(Trace("t", spans, complete=complete))


def numbers(*spans: Span, complete: bool = True, without: Any = ()) -> list[int]:
    """Return the process number of each span, counted from 0 in the order of first use."""
    processes = processes_of(topology(*spans, complete=complete), ALL_CAPABILITIES - set(without))
    known: dict[int, int] = {}
    return [known.setdefault(processes[i], len(known)) for i in range(len(spans))]


def remote(i: int, *spans: Span, complete: bool = True) -> bool | None:
    return processes_of(topology(*spans, complete=complete), ALL_CAPABILITIES).remote(i)


class TestResources:
    def test_equal_ones_are_of_one_process(self) -> None:
        assert numbers(span(1, resource=ONE), span(2, 1, resource=EQUAL)) == [0, 0]
        assert numbers(span(1, resource=ONE), span(2, 1, resource=OTHER)) == [0, 1]
        assert numbers(span(1, resource=ONE), span(2, resource=EQUAL)) == [0, 0]

    def test_without_resources_no_two_spans_are_known_to_be_of_one_process(self) -> None:
        assert numbers(span(1), span(2, 1), without=["resource"]) == [0, 1]

    def test_the_schema_url_does_not_matter(self) -> None:
        assert same_resource(ONE, Resource({"service.name": "a"}, "https://example.com/schema"))

    def test_one_process_between_two_others(self) -> None:
        assert numbers(span(1, resource=ONE), span(2, 1, resource=OTHER), span(3, 1, resource=ONE)) == [0, 1, 0]

    def test_of_very_many_only_equal_ones_are_of_one_process(self) -> None:
        several = [span(n, 1, resource=Resource({"container.id": "c", "n": n})) for n in range(2, 80)]
        assert numbers(span(1), *several) == list(range(79))


class TestIds:
    @pytest.mark.parametrize(
        ("one", "other", "wanted"),
        [
            ({"service.instance.id": "i"}, {"service.instance.id": "i", "k8s.cluster.name": "c"}, True),
            ({"service.instance.id": "i", "host.name": "a"}, {"service.instance.id": "i", "host.name": "b"}, True),
            ({"service.instance.id": "i"}, {"service.instance.id": "j"}, False),
            ({"service.instance.id": "1", "service.name": "a"}, {"service.instance.id": "1"}, None),
            ({"host.name": "a", "x": 1}, {"host.name": "b", "x": 1}, False),
            ({"host.name": "a"}, {"host.name": "a", "x": 1}, None),
            ({"host.name": "a", "process.pid": 7}, {"host.name": "a", "process.pid": 7, "x": 1}, True),
            ({"host.id": "a", "process.pid": 7}, {"host.id": "a", "process.pid": 8}, False),
            ({"host.id": "a", "host.name": "p"}, {"host.id": "a", "host.name": "q", "x": 1}, False),
            ({"process.pid": 1}, {"process.pid": 1, "x": 1}, None),
            ({"container.id": "c"}, {"container.id": "c", "x": 1}, True),
            ({"container.id": "c"}, {"container.id": "d"}, False),
            ({"container.id": "c", "process.pid": 1}, {"container.id": "c", "process.pid": 2}, False),
            ({"k8s.pod.uid": "p"}, {"k8s.pod.uid": "q"}, False),
            ({"x": 1}, {"x": 2}, None),
        ],
    )  # fmt: skip
    def test_what_they_show(self, one: dict[str, Value], other: dict[str, Value], wanted: bool | None) -> None:
        assert one_process(Resource(one), Resource(other)) is wanted
        assert one_process(Resource(other), Resource(one)) is wanted

    def test_one_process_whose_batches_were_enriched_differently(self) -> None:
        ids: dict[str, Value] = {"service.instance.id": "i"}
        plain, enriched = Resource(ids), Resource({**ids, "k8s.node.name": "n"})
        assert numbers(span(1, resource=plain), span(2, 1, resource=enriched), span(3, resource=enriched)) == [0, 0, 0]
        assert numbers(span(1, resource=plain), span(2, resource=enriched)) == [0, 0]

    def test_different_ids_outweigh_a_local_flag(self) -> None:
        one, other = (Resource({"service.instance.id": each}) for each in "ij")
        assert numbers(span(1, resource=one), span(2, 1, False, resource=other)) == [0, 1]


class TestFlagsAndKinds:
    def test_two_hosts_with_equal_resources(self) -> None:
        assert numbers(span(1, resource=ONE), span(2, 1, False, resource=ONE), span(3, 2, True, resource=ONE)) == [
            0,
            0,
            1,
        ]

    def test_all_below_a_remote_child_is_of_its_process(self) -> None:
        assert numbers(span(1), span(2, 1, True), span(3, 2, False), span(4, 3)) == [0, 1, 1, 1]

    def test_where_equal_resources_are_of_two_processes_they_show_nothing(self) -> None:
        assert numbers(span(1), span(2, 1, True), span(3, 1, True), span(4)) == [0, 1, 2, 3]

    @pytest.mark.parametrize(("caller", "called"), [("client", "server"), ("producer", "consumer")])
    def test_the_kinds_show_a_call_without_flags(self, caller: SpanKind, called: SpanKind) -> None:
        assert numbers(span(1, kind=caller), span(2, 1, kind=called)) == [0, 1]
        assert numbers(span(1, kind=caller), span(2, 1, False, called), without=["remote"]) == [0, 1]

    def test_a_server_below_an_internal_span_is_in_its_process(self) -> None:
        assert numbers(span(1), span(2, 1, kind="server")) == [0, 0]

    def test_a_library_with_its_own_resource(self) -> None:
        assert numbers(span(1, resource=ONE), span(2, 1, False, "client", OTHER), span(3, 1, resource=ONE)) == [0, 0, 0]

    def test_while_spans_arrive_only_local_parents_show_one_process(self) -> None:
        assert numbers(span(1), span(2, 1), span(3), complete=False) == [0, 0, 1]


class TestFlagsThatAreInherited:
    """The SDK for Erlang flags every span below a remote child as remote."""

    @pytest.mark.parametrize(
        ("child", "wanted"),
        [
            (span(2, 1, True, resource=ERLANG), False),
            (span(2, 1, True, "client", ERLANG), False),
            (span(2, 1, True, resource=Resource({**ERLANG.attributes})), False),
            (span(2, 1, True, resource=Resource({**ERLANG.attributes, "service.instance.id": 2})), True),
            (span(2, 1, True, resource=ONE), True),
            (span(2, 1, False, resource=ERLANG), False),
            (span(2, 1, None, resource=ERLANG), None),
        ],
    )
    def test_below_a_server_of_a_remote_client(self, child: Span, wanted: bool | None) -> None:
        spans = [span(1, 9, True, "server", ERLANG), child]
        assert remote(1, *spans) is wanted
        assert numbers(*spans) == [0, 1 if wanted else 0]

    def test_a_server_of_ones_own_client_is_called(self) -> None:
        spans = [
            span(1, 9, True, "server", ERLANG),
            span(2, 1, True, "client", ERLANG),
            span(3, 2, True, "server", ERLANG),
        ]
        assert (remote(1, *spans), remote(2, *spans)) == (False, True)
        assert numbers(*spans) == [0, 0, 1]

    def test_not_below_a_span_that_is_not_flagged_remote(self) -> None:
        assert remote(1, span(1, resource=ERLANG), span(2, 1, True, resource=ERLANG)) is True
        assert remote(1, span(1, 9, False, resource=ERLANG), span(2, 1, True, resource=ERLANG)) is True

    def test_not_by_another_sdk(self) -> None:
        assert remote(1, span(1, 9, True, "server", ONE), span(2, 1, True, resource=ONE)) is True

    def test_a_parent_that_is_not_there_is_remote_unless_it_may_come(self) -> None:
        assert remote(0, span(1, 9, True, resource=ERLANG)) is True
        assert remote(0, span(1, 9, True, resource=ERLANG), complete=False) is None


class TestFlagsThatAreIgnored:
    def test_of_an_sdk_that_never_sets_remote(self) -> None:
        assert remote(0, span(1, 9, False, "server", DENO)) is None
        assert remote(1, span(1, resource=DENO), span(2, 1, False, resource=DENO)) is None
        assert remote(0, span(1, 9, True, "server", DENO)) is True

    def test_of_a_process_that_calls_the_client_of_another_service_local(self) -> None:
        spans = [span(1, kind="client", resource=OTHER), span(2, 1, False, "server", ONE)]
        assert remote(1, *spans) is None
        assert numbers(*spans) == [0, 1]

    def test_not_of_a_server_below_a_client_of_its_own_process(self) -> None:
        spans = [span(1, kind="client", resource=ONE), span(2, 1, False, "server", ONE)]
        assert remote(1, *spans) is False
        assert numbers(*spans) == [0, 0]

    def test_of_a_server_whose_parent_is_not_next_to_it(self) -> None:
        spans = [span(1, 9, False, "server", ONE), span(2, 1, False, resource=ONE)]
        assert remote(0, *spans) is None
        assert remote(0, *spans, complete=False) is False
        assert remote(0, spans[0]) is False

    def test_not_of_a_process_that_flags_another_span_as_remote(self) -> None:
        spans = [span(1, 9, False, "server", ONE), span(2, 1, False, resource=ONE), span(3, 9, True, "server", ONE)]
        assert remote(0, *spans) is False
