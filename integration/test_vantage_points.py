"""One run from two vantage points, the memory of the services and Jaeger: the verdict is the same.

A span that is lost, moved or changed between the two is a finding, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.breakages import Breakage, changed
from demo.flows import every_flow
from demo.flows.breaker import SCENARIO
from demo.flows.sessions import session_flows
from integration.support.jaeger_trees import DEADLINE
from integration.support.studio_in_process import observed_studio
from integration.support.verdicts import judge_reading
from integration.support.waiting import wait_until
from reference_impl import vocabulary as v
from spanpact.cli import main
from spanpact.findings import Report
from spanpact.reporting import render_text
from spanpact.sources import JaegerSource, MemorySource, encode_traces_json
from spanpact.trace.model import Reading
from spanpact.verification.comparison.source_comparison import compare


@dataclass(frozen=True, slots=True)
class Run:
    """Both readings of one run, once Jaeger has every span that was sent; trace ids by flow."""

    memory: Reading
    jaeger: Reading
    traces: dict[str, str]


@pytest.fixture(scope="module")
def run(redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend) -> Run:
    """Drive every flow of the demo and read both sources."""
    with observed_studio(redis_server, postgres, jaeger) as services:
        traces = {flow.name: flow.trace_id for flow in every_flow(services.deployment, services.audit)}
    scenarios = {traces["breaker: probe, recovered"]: SCENARIO}
    memory = MemorySource(services.memory, scenarios=scenarios).read()
    return Run(memory, wait_for_spans(jaeger, memory, scenarios=scenarios), traces)


def wait_for_spans(
    jaeger: JaegerBackend, memory: Reading, *, but: Collection[str] = (), scenarios: dict[str, str] | None = None
) -> Reading:
    """Wait until Jaeger has every span of these traces except those with the ids `but`. Return its reading."""
    trace_ids = [trace.trace_id for trace in memory.traces]
    source = JaegerSource(jaeger.url, trace_ids=trace_ids, scenarios=scenarios, complete_after_seconds=0)
    sent = span_ids(memory) - set(but)

    def all_there() -> Reading | None:
        reading = source.read()
        return reading if sent <= span_ids(reading) else None

    reading = wait_until(all_there, within=DEADLINE)
    assert reading is not None
    return reading


def span_ids(reading: Reading) -> set[str]:
    return {span.span_id for trace in reading.traces for span in trace.spans}


class TestOneRun:
    def test_it_is_kept_from_both(self, run: Run, redis_server: RedisBackend) -> None:
        for reading in (run.memory, run.jaeger):
            report = judge_reading(reading, allow_unseen=redis_server.process is None)
            assert report.verdict == "kept", render_text(report)

    def test_both_verdicts_say_the_same_of_every_expectation(self, run: Run) -> None:
        assert report_content(run.memory) == report_content(run.jaeger)

    def test_nothing_is_lost_orphaned_or_altered(self, run: Run) -> None:
        report = compare(run.memory, run.jaeger)
        assert (report.verdict, report.findings) == ("kept", ()), render_text(report)
        assert {each.keyword for each in report.results[0].not_checked} <= {
            "trace_state",
            "dropped_counts",
            "value_types",
        }


def report_content(reading: Reading) -> dict[str, object]:
    """Return a report's content without the name of the source."""
    return {
        result.contract: (
            result.verdict,
            result.flows,
            [(finding.key, finding.trace_id, finding.span_id) for finding in result.findings],
            [(each.entry, each.keyword, each.reason, each.detail, each.count) for each in result.not_checked],
            [(each.entry, each.keyword, each.state, each.exercised) for each in result.coverage],
        )
        for result in judge_reading(reading).results
    }


@dataclass(slots=True)
class Tamperer:
    """Loses, moves and changes spans of a cache miss on their way to Jaeger; `lost` has the ids of lost spans."""

    lost: list[str] = field(default_factory=list)
    reads: dict[int, SpanContext] = field(default_factory=dict)

    def tamper(self, span: ReadableSpan) -> Sequence[ReadableSpan]:
        attributes, context = span.attributes or {}, span.context
        assert context is not None
        if span.name == v.REDIS_GET and attributes.get(v.CACHE_MISS):
            self.reads[context.trace_id] = context
        elif span.name == v.EXECUTE_WITH_CIRCUIT_BREAKER and attributes[v.OPERATION] == "SELECT":
            self.lost.append(format(context.span_id, "016x"))
            return ()
        elif span.name == v.REDIS_SET and context.trace_id in self.reads:
            return (changed(span, parent=self.reads[context.trace_id]),)
        elif span.name == v.SESSION_VALIDATE and attributes[v.SESSION_SOURCE] == "database":
            return (changed(span, attributes={**attributes, v.SESSION_SOURCE: "cache"}),)
        return (span,)


@pytest.fixture(scope="module")
def tampered(redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend) -> Run:
    """Drive the first flows of the demo, up to the one that is tampered with."""
    tamperer, traces = Tamperer(), {}
    breakage = Breakage("tamperer", "loses, moves and changes spans of a cache miss", tamperer.tamper)
    with observed_studio(redis_server, postgres, jaeger, on_the_way=breakage) as services:
        for flow in session_flows(services.deployment):
            traces[flow.name] = flow.trace_id
            if flow.name == "validate: miss":
                break
    memory = MemorySource(services.memory).read()
    return Run(memory, wait_for_spans(jaeger, memory, but=tamperer.lost), traces)


class TestTamperingOnTheWay:
    def test_what_it_did_is_found_and_nothing_else(self, tampered: Run) -> None:
        report = compare(tampered.memory, tampered.jaeger)
        assert found(report) == {
            ("span-lost", "span", "GET /session / session.validate / execute_with_circuit_breaker"),
            ("span-orphan", "parent", "GET /session / session.validate / execute_with_circuit_breaker / db.query"),
            ("span-altered", "parent", "GET /session / session.validate / redis.set"),
            ("span-altered", "attributes.session.source", "GET /session / session.validate"),
        }
        assert len(report.findings) == 4, render_text(report)
        assert {finding.trace_id for finding in report.findings} == {tampered.traces["validate: miss"]}

    def test_an_altered_value_is_shown_as_it_was_and_as_it_is(self, tampered: Run) -> None:
        values = {f.keyword: (f.expected, f.observed) for f in compare(tampered.memory, tampered.jaeger).findings}
        assert values["attributes.session.source"] == ('"database"', '"cache"')
        (read,) = [s for t in tampered.memory.traces for s in t.spans if s.attributes.get(v.CACHE_MISS) is True]
        assert values["parent"][1] == read.span_id

    def test_the_contracts_are_kept_in_memory_and_broken_in_jaeger(self, tampered: Run) -> None:
        assert not judge_reading(tampered.memory).findings
        report = judge_reading(tampered.jaeger)
        assert {finding.key for finding in report.findings if finding.breaks} == {
            "load/span-missing",  # of session-validate: a miss that asks no database
            "top/span-extra",  # of redis-command: nothing is below a command
            "integrity/span-orphan",
        }, render_text(report)

    @pytest.mark.parametrize(("flow", "code"), [("validate: hit", 0), ("validate: miss", 1)])
    def test_the_command_line_says_so_by_its_exit_code(
        self,
        flow: str,
        code: int,
        tampered: Run,
        jaeger: JaegerBackend,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        file = tmp_path / "memory.json"
        file.write_bytes(encode_traces_json(tampered.memory))
        arguments = ["compare", "--from", str(file), "--from", f"jaeger:{jaeger.url}", "--trace", tampered.traces[flow]]
        assert main([*arguments, "--wait", "1"]) == code
        output = capsys.readouterr().out
        found = {id for id in ("span-lost", "span-orphan", "span-altered") if f"comparison/{id}" in output}
        assert found == ({"span-lost", "span-orphan", "span-altered"} if code else set()), output


def found(report: Report) -> set[tuple[str, str, str]]:
    return {(finding.id, finding.keyword, " / ".join(finding.path)) for finding in report.findings}
