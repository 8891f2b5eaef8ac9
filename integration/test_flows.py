"""Every flow of the demo, with both services as processes on a real Redis and PostgreSQL, as a real Jaeger shows it.

Traces are found by the ids in the services' responses. Jaeger is read twice: by spanpact, which verifies the contracts,
and by plain HTTP for the trees and the attributes of every span.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.flows import every_flow
from demo.flows.breaker import RESET_S, SCENARIO
from demo.flows.two_services import INTERLEAVED
from integration.support.expected_trees import EXPECTED, JOB, Expected
from integration.support.jaeger_trees import DEADLINE, JaegerSpan, spans_of, tree_of
from integration.support.studio import running_studio
from integration.support.verdicts import wait_for_report
from integration.support.waiting import wait_until
from reference_impl.settings import Settings
from spanpact.findings import Report
from spanpact.reporting import render_text
from spanpact.sources import JaegerSource, TraceQuery
from spanpact.trace.model import Span

BREAKER = "breaker: probe, recovered"
NEEDS_OWN_REDIS = frozenset({"validate: Redis down", "validate: Redis is back", "end all of a user"})
"""Flows that kill the Redis or show its content. A Redis that was named by its address has other content."""
GUIDE = (Path(__file__).parents[1] / "docs" / "tracing-guide.md").read_text(encoding="utf-8")
FOUND_BY_TAG = {
    "cache_miss=true": "validate: miss",
    "session.reason=expired": "validate: expired",
    "circuit_breaker.state=half_open": BREAKER,
    "error.type=CircuitOpen": BREAKER,
    "error.type=ConnectionError": "validate: Redis down",
    "http.response.status_code=503": BREAKER,
}
"""The searches of docs/tracing-guide.md, each with a flow that it must find."""
NO_LOGS = {
    ("request-log", "line", "event", "capability", "the source carries no logs"),
    ("request-log", "lines", "attributes.correlation.id", "capability", "the source carries no logs"),
    ("request-log", "lines", "forbid", "capability", "the source carries no logs"),
}
"""Everything that cannot be verified from Jaeger, which accepts no log records."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the demo: trace ids by flow, those of concurrent requests, and the report."""

    traces: Mapping[str, str]
    interleaved: Collection[str]
    report: Report

    @property
    def trace_ids(self) -> tuple[str, ...]:
        """Return every trace id once."""
        return tuple(dict.fromkeys([*self.traces.values(), *self.interleaved]))


@pytest.fixture(scope="module")
def run(redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend) -> Run:
    """Drive all flows, stop studio-api, and wait for the report on Jaeger's traces."""
    with running_studio(redis_server, postgres, jaeger) as services:
        driven = list(every_flow(services.deployment, services.audit))
        assert services.studio.stop() == 0
    traces = {flow.name: flow.trace_id for flow in driven}
    traces[JOB] = _job_of(jaeger, traces["purge in the background"])
    interleaved = [
        trace_id for flow in driven for trace_id in (flow.trace_id, *flow.other_trace_ids) if flow.other_trace_ids
    ]
    wanted = [*traces.values(), *interleaved]
    source = JaegerSource(jaeger.url, trace_ids=wanted, scenarios={traces[BREAKER]: SCENARIO})
    return Run(traces, interleaved, wait_for_report(source, allow_unseen=redis_server.process is None))


@pytest.fixture(scope="module")
def spans(run: Run, jaeger: JaegerBackend) -> Sequence[JaegerSpan]:
    """Return every span of the run, read by plain HTTP."""
    return [span for trace_id in run.trace_ids for span in spans_of(jaeger.url, trace_id)]


def _job_of(jaeger: JaegerBackend, request: str) -> str:
    """Return the trace id of the job that a request started; both have the same correlation id."""
    (request_span,) = wait_until(lambda: spans_of(jaeger.url, request), within=DEADLINE)
    shared = {"correlation.id": request_span.attributes["correlation.id"]}
    source = JaegerSource(jaeger.url, query=TraceQuery("studio-api", "session.purge", shared, since=600))
    (job,) = wait_until(lambda: source.read().traces, within=DEADLINE)
    return job.trace_id


class TestContracts:
    def test_all_are_kept(self, run: Run) -> None:
        assert run.report.verdict == "kept", render_text(run.report)
        assert run.report.findings == (), render_text(run.report)

    def test_all_were_seen(self, run: Run, redis_server: RedisBackend) -> None:
        without = {result.contract for result in run.report.results if not result.flows}
        assert without == (set() if redis_server.process else {"redis-failure"})
        unseen = {
            (r.contract, c.entry, c.keyword) for r in run.report.results for c in r.coverage if c.state == "unseen"
        }
        assert {contract for contract, _, _ in unseen} <= without

    def test_nothing_is_unchecked_but_what_jaeger_does_not_carry(self, run: Run) -> None:
        unchecked = {
            (result.contract, each.entry, each.keyword, each.reason, each.detail)
            for result in run.report.results
            for each in result.not_checked
            if each.reason != "unseen"
        }
        assert unchecked == NO_LOGS


class TestTrees:
    @pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: f"{expected.flow} ({expected.rows})")
    def test_a_flow_is_this_tree(
        self, expected: Expected, run: Run, jaeger: JaegerBackend, redis_server: RedisBackend
    ) -> None:
        if expected.flow in NEEDS_OWN_REDIS and redis_server.process is None:
            pytest.skip("this Redis was named by its address: tests must not kill it, and others may use it")
        wanted = expected.tree.strip()
        assert tree_of(jaeger.url, run.traces[expected.flow], wanted) == wanted

    def test_every_flow_of_the_demo_is_expected(self, run: Run) -> None:
        one_trace = {name for name, trace_id in run.traces.items() if trace_id == run.traces[BREAKER]} - {BREAKER}
        known = {expected.flow for expected in EXPECTED}
        assert known - NEEDS_OWN_REDIS <= run.traces.keys() - one_trace <= known

    def test_requests_at_the_same_time_do_not_mix(self, run: Run, jaeger: JaegerBackend) -> None:  # S5.4
        (wanted,) = {expected.tree.strip() for expected in EXPECTED if expected.flow.startswith("audit: reported, ")}
        assert len(set(run.interleaved)) == INTERLEAVED
        for trace_id in run.interleaved:
            assert tree_of(jaeger.url, trace_id, wanted) == wanted
        ids = {span.attributes["correlation.id"] for trace in run.interleaved for span in spans_of(jaeger.url, trace)}
        assert ids == {f"demo-{number}" for number in range(INTERLEAVED)}


class TestSearches:
    @pytest.mark.parametrize("tag", FOUND_BY_TAG)
    def test_a_tag_of_the_tracing_guide_finds_its_flow(self, tag: str, run: Run, jaeger: JaegerBackend) -> None:  # S7.1
        assert f"\n| `{tag}`" in GUIDE
        if FOUND_BY_TAG[tag] not in run.traces:
            pytest.skip("this Redis was named by its address: tests must not kill it")
        name, _, value = tag.partition("=")
        with JaegerSource(jaeger.url, query=TraceQuery("studio-api", attributes={name: value})) as source:
            assert run.traces[FOUND_BY_TAG[tag]] in {trace.trace_id for trace in source.read().traces}


class TestEverySpan:
    def test_has_its_service_in_which_version_and_environment(self, spans: Sequence[JaegerSpan]) -> None:  # S1.2
        resources = {
            tuple(span.resource.get(name) for name in ("service.name", "service.version", "deployment.environment"))
            for span in spans
        }
        version = Settings.load({}).service_version
        assert resources == {("studio-api", version, "development"), ("audit-api", version, "development")}

    def test_carries_the_correlation_id_of_its_request(self, spans: Sequence[JaegerSpan], run: Run) -> None:  # S5.2
        ids: dict[str, set[object]] = {}
        for span in spans:
            ids.setdefault(span.trace_id, set()).add(span.attributes.get("correlation.id"))
        assert {trace_id: len(each) for trace_id, each in ids.items()} == dict.fromkeys(run.trace_ids, 1)
        assert ids[run.traces[JOB]] == ids[run.traces["purge in the background"]]
        assert len({str(*each) for each in ids.values()}) == len(ids) - 1  # all others have one of their own

    def test_of_redis_has_the_attributes_of_s2_2(self, spans: Sequence[JaegerSpan], redis_server: RedisBackend) -> None:
        commands = [span for span in spans if span.name.startswith("redis.")]
        wrong = [(span.name, rule) for span in commands for rule, holds in _redis_rules(span).items() if not holds]
        assert wrong == []
        sent = {str(span.attributes["operation"]) for span in commands}
        assert sent == {"GET", "SET", "DEL", "SCAN", "HGETALL", "HDEL", "PIPELINE"}
        assert {span.status for span in commands} == ({"unset", "error"} if redis_server.process else {"unset"})

    def test_of_the_database_is_timed_below_its_call(self, spans: Sequence[JaegerSpan]) -> None:  # S4.1
        by_id = {(span.trace_id, span.span_id): span for span in spans}
        queries = [span for span in spans if span.name == "db.query" and span.service == "studio-api"]
        assert queries
        for query in queries:
            call = by_id[query.trace_id, query.parent_id]
            assert (call.name, call.attributes["operation"]) == (
                "execute_with_circuit_breaker",
                query.attributes["operation"],
            )
            assert query.attributes["db_type"] == query.attributes["db.system.name"] == "postgresql"
            assert query.attributes["latency_ms"] > 0
            assert call.start_ns <= query.start_ns <= query.end_ns <= call.end_ns

    def test_holds_nothing_that_is_private(self, spans: Sequence[JaegerSpan]) -> None:  # S2.2
        assert [span.name for span in spans if re.search(r"@example|\b[0-9a-f]{32}\.", repr(span))] == []


class TestBreaker:
    def test_changes_of_state_are_events_within_their_spans(self, run: Run, jaeger: JaegerBackend) -> None:  # S4.2
        changes = {
            name.removeprefix("circuit_breaker."): (when, attributes)
            for span in spans_of(jaeger.url, run.traces[BREAKER])
            for name, when, attributes in span.events
            if "reason" in attributes and span.start_ns <= when <= span.end_ns
        }
        assert sorted(changes, key=lambda name: changes[name][0]) == ["open", "half_open", "close"]
        assert {attributes["pool"] for _, attributes in changes.values()} == {"sessions"}
        opened, opening = changes["open"]
        assert (opening["failure_count"], opening["threshold"], opening["reset_after_s"]) == (3, 1, RESET_S)
        assert changes["half_open"][0] - opened >= RESET_S * 1e9


class TestTwoServices:
    def test_the_call_of_one_is_the_parent_of_the_other(self, run: Run, jaeger: JaegerBackend) -> None:  # S5.5
        spans = {span.name: span for span in spans_of(jaeger.url, run.traces["audit: reported"])}
        call, served = spans["POST"], spans["POST /audit/records"]
        assert (call.service, served.service) == ("studio-api", "audit-api")
        assert served.parent_id == call.span_id
        assert call.resource["service.name"] != served.resource["service.name"]
        assert {span.attributes["correlation.id"] for span in spans.values()} == {"demo-audit"}

    def test_a_job_is_linked_to_its_request_with_its_correlation_id(
        self, run: Run, jaeger: JaegerBackend
    ) -> None:  # S5.1
        (request_span,) = spans_of(jaeger.url, run.traces["purge in the background"])
        (job,) = [span for span in spans_of(jaeger.url, run.traces[JOB]) if span.name == "session.purge"]
        shared = {"correlation.id": request_span.attributes["correlation.id"]}
        assert (job.parent_id, job.links) == ("", [(request_span.trace_id, request_span.span_id, shared)])


class TestReading:
    def test_spanpact_reads_the_same_spans(self, run: Run, spans: Sequence[JaegerSpan], jaeger: JaegerBackend) -> None:
        traces = JaegerSource(jaeger.url, trace_ids=run.trace_ids).read().traces
        assert sorted(map(_comparable, (span for trace in traces for span in trace.spans))) == sorted(
            map(_comparable, spans)
        )


def _comparable(span: JaegerSpan | Span) -> tuple[str, ...]:
    """Return the parts of a span that both readings have, without Jaeger's own attributes."""
    own = {name: value for name, value in span.attributes.items() if not name.startswith("@jaeger@")}
    return span.trace_id, span.span_id, span.parent_id, span.name, span.kind, span.status, repr(sorted(own.items()))


def _redis_rules(span: JaegerSpan) -> Mapping[str, bool]:
    """Return whether a command's span keeps each rule of S2.2 and S2.3, by rule."""
    has, failed = span.attributes, span.status == "error"
    read = has["operation"] in ("GET", "HGET", "HGETALL") and not failed
    return {
        "client": span.kind == "client",
        "db_type": has["db_type"] == has["db.system.name"] == "redis",
        "latency_ms": isinstance(has["latency_ms"], int | float) and has["latency_ms"] > 0,
        "connection_pool": has["connection_pool"] == "sessions",
        "key": "*" in has["key"] or has["key"] == "[several]",
        "operation": has["operation"] == has["db.operation.name"] == str(has["operation"]).upper(),
        "server": {"server.address", "server.port"} <= has.keys(),
        "hit or miss": (has.get("cache_hit"), has.get("cache_miss"))
        in ([(True, False), (False, True)] if read else [(None, None)]),
        "error": (has.get("error") == has.get("error.type") is not None) == failed,
        "exception": [name for name, _, _ in span.events] == (["exception"] if failed else []),
    }
