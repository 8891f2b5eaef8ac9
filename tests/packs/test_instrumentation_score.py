"""Each rule of the score: traces that meet it and traces that fail it, and the score that follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from spanpact.findings import Report
from spanpact.packs.instrumentation_score.rules import BY_ID, RULES, WEIGHTS
from spanpact.packs.instrumentation_score.scoring import ScoreKeeper
from spanpact.packs.shipped import load_packs
from spanpact.trace.model import ALL_CAPABILITIES, LogRecord, Reading, Resource, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

TRACE = "c0ffee00000000000000000000000001"
WEB = Resource({"service.name": "web", "service.instance.id": "i-1"})
MS = 1_000_000
MADE = SourceInfo("made")


def span(number: int, name: str = "work", *, resource: Resource = WEB, takes: int = 10 * MS, **fields: Any) -> Span:
    start = 1_000_000_000 + number * MS
    return Span(
        TRACE, f"{number:016x}", name, **{"start_ns": start, "end_ns": start + takes, "resource": resource, **fields}
    )


def trace(*spans: Span, logs: Sequence[LogRecord] = (), complete: bool = True) -> Trace:
    return Trace(TRACE, spans, logs, complete)


def resource(**attributes: Any) -> Resource:
    return Resource({**WEB.attributes, **{name.replace("__", "."): value for name, value in attributes.items()}})


def without(name: str) -> Resource:
    return Resource({key: value for key, value in WEB.attributes.items() if key != name})


def below(number: int, **fields: Any) -> Span:
    return span(number, parent_id=f"{1:016x}", **fields)


STOCK = resource(**{"service.name": "stock"})
HOST = resource(**{"host.name": "a"})
SERVER = span(1, "GET /", kind="server", takes=100 * MS)
POD = resource(k8s__pod__uid="u-1", k8s__pod__name="web-1", host__name="node-1")

ACCEPTED = {
    "nothing special": [trace(SERVER, below(2))],
    "a pod that moved to another host": [
        trace(span(1, kind="server", resource=POD)),
        trace(span(1, kind="server", resource=Resource({**POD.attributes, "host.name": "node-2"}))),
    ],
    "a pod that restarted": [
        trace(span(1, kind="server", resource=POD)),
        trace(span(1, kind="server", resource=resource(**{"k8s.pod.uid": "u-2", "k8s.pod.name": "web-1"}))),
    ],
    "one instance id of two services": [
        trace(span(1, kind="server", resource=resource(**{"host.name": "a"}))),
        trace(span(1, kind="server", resource=resource(**{"host.name": "b", "service.name": "stock"}))),
    ],
    "attributes at their level": [
        trace(span(1, kind="server", resource=HOST, attributes={"http.request.method": "GET"}))
    ],
    "an attribute that both levels have": [
        trace(span(1, kind="server", resource=resource(**{"process.pid": 7}), attributes={"process.pid": 7}))
    ],
    "10 internal spans of each of two services": [
        trace(
            SERVER,
            *[below(number, resource=WEB if number % 2 else STOCK) for number in range(2, 22)],
        )
    ],
    "a root that is a producer": [trace(span(1, kind="producer"))],
    "a client below a root": [trace(SERVER, below(2, kind="client"))],
    "20 short spans": [trace(SERVER, *[below(n, kind="client", takes=MS) for n in range(2, 22)])],
    "30 spans of 5 ms": [trace(SERVER, *[below(n, kind="client", takes=5 * MS) for n in range(2, 32)])],
    "a span twice": [trace(SERVER, *[below(2, kind="client", takes=MS)] * 30)],
}  # fmt: skip
REJECTED = {
    "RES-001": [trace(span(1, kind="server", resource=without("service.instance.id")))],
    "RES-002": [
        trace(span(1, kind="server", resource=resource(**{"k8s.pod.uid": "u-1", "k8s.pod.name": "web-1"}))),
        trace(span(1, kind="server", resource=resource(**{"k8s.pod.uid": "u-2", "k8s.pod.name": "web-2"}))),
    ],
    "RES-003": [trace(span(1, kind="server", resource=resource(**{"k8s.namespace.name": "shop"})))],
    "RES-004": [trace(span(1, kind="server", attributes={"service.name": "web"}))],
    "RES-005": [trace(span(1, kind="server", resource=without("service.name")))],
    "SPA-001": [trace(SERVER, *[below(number) for number in range(2, 13)])],
    "SPA-002": [trace(SERVER, span(2, parent_id="00f067aa0ba902b7"))],
    "SPA-004": [trace(span(1, kind="client"))],
    "SPA-005": [trace(SERVER, *[below(number, kind="client", takes=5 * MS - 1) for number in range(2, 23)])],
}


def judged(traces: Sequence[Trace], *, least: float | None = None, source: SourceInfo = MADE) -> Report:
    numbered = [msgspec.structs.replace(each, trace_id=f"{number:032x}") for number, each in enumerate(traces, 1)]
    packs = load_packs(["instrumentation-score"], least_score=least)
    return verify([], Reading(source, numbered), VerificationOptions(observer=packs.observer))


def failed(report: Report) -> list[str]:
    assert report.scores
    return [rule for each in report.scores.services for rule in each.failed]


@pytest.mark.parametrize("case", ACCEPTED)
def test_traces_that_meet_every_rule(case: str) -> None:
    report = judged(ACCEPTED[case])
    assert failed(report) == []
    assert report.scores
    assert {each.score for each in report.scores.services} == {100.0}
    assert report.verdict == "kept"


@pytest.mark.parametrize("rule", REJECTED)
def test_traces_that_fail_one_rule(rule: str) -> None:
    report = judged(REJECTED[rule])
    assert failed(report) == [rule]
    finding = next(each for each in report.findings if each.key == f"{BY_ID[rule].entry}/{BY_ID[rule].finding}")
    assert finding.level == ("violation" if rule == "RES-005" else "improvement")
    assert finding.message.startswith(f"{rule} (")
    assert report.verdict == ("broken" if rule == "RES-005" else "kept")


def test_every_rule_is_rejected_by_some_traces() -> None:
    assert list(REJECTED) == [rule.id for rule in RULES]


@pytest.mark.parametrize(
    ("carrier", "fails"),
    [
        (trace(span(1, kind="server", resource=resource(**{"http.request.method": "GET"}))), True),
        (trace(span(1, kind="server", resource=resource(**{"http.request.header.accept": ["*/*"]}))), True),
        (trace(span(1, kind="server", attributes={"k8s.pod.label.app": "web"})), True),
        (trace(SERVER, logs=[LogRecord(TRACE, SERVER.span_id, attributes={"host.name": "a"}, resource=WEB)]), True),
        (trace(span(1, kind="server", attributes={"service": "web", "http.request.header": "x"})), False),
    ],
)
def test_attributes_at_the_wrong_level(carrier: Trace, fails: bool) -> None:
    assert failed(judged([carrier])) == (["RES-004"] if fails else [])


def test_the_score_weighs_rules_by_their_impact() -> None:
    report = judged(REJECTED["SPA-004"] + REJECTED["RES-001"])
    assert report.scores
    whole = sum(WEIGHTS[rule.impact] for rule in RULES)
    assert [each.score for each in report.scores.services] == [round(100 * (whole - 30 - 20) / whole, 2)]
    assert [each.category for each in report.scores.services] == ["good"]


def test_each_service_has_its_own_score() -> None:
    report = judged([trace(SERVER, below(2, resource=STOCK, attributes={"host.name": "a"}))])
    assert report.scores
    assert [(each.service, each.failed) for each in report.scores.services] == [("stock", ("RES-004",)), ("web", ())]


def test_a_least_score_breaks_by_the_rules_that_the_service_fails() -> None:
    assert judged(REJECTED["SPA-004"], least=88.0).verdict == "kept"
    report = judged(REJECTED["SPA-004"], least=90.0)
    assert report.verdict == "broken"
    assert [each.key for each in report.findings if each.breaks] == ["spa_004/parent"]
    assert report.findings[0].message.endswith("; the score 88 is below the least, 90")


def test_a_source_without_resources_is_not_blamed_for_them() -> None:
    source = SourceInfo("made", ALL_CAPABILITIES - {"resource"})
    report = judged([trace(span(1, kind="server", resource=Resource()))], source=source)
    assert failed(report) == []
    assert {each.entry for each in report.results[0].coverage if each.state == "unseen"} == {
        f"res_00{n}" for n in range(1, 6)
    }
    assert {each.entry for each in report.results[0].not_checked} == {f"res_00{number}" for number in range(1, 6)}
    assert report.verdict == "kept"


def test_rules_that_a_source_cannot_show_do_not_raise_the_score() -> None:
    source = SourceInfo("made", ALL_CAPABILITIES - {"resource"})
    report = judged(REJECTED["SPA-004"], source=source, least=75.0)
    assert report.scores
    assert [(each.score, each.category) for each in report.scores.services] == [(70.0, "needs improvement")]
    assert report.scores.rules == 4
    assert "RES-001 to RES-005 are not evaluated, as the source carries no resources" in report.scores.not_evaluated
    assert report.verdict == "broken"


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({}, "no `service.name`"),
        ({"service.name": ""}, "an empty `service.name`"),
        ({"service.name": None}, "an empty `service.name`"),
        ({"service.name": 5}, "a `service.name` that is no text"),
        ({"service.name": ["web"]}, "a `service.name` that is no text"),
    ],
)
def test_what_is_wrong_with_a_service_name_is_told(given: dict[str, Any], seen: str) -> None:
    unnamed = Resource({"service.instance.id": "i-1", **given})
    report = judged([trace(span(1, kind="server", resource=unnamed))])
    assert [each.message.rpartition("a name: ")[2] for each in report.findings] == [seen]


def test_parents_may_still_come_to_an_incomplete_trace() -> None:
    report = judged([trace(span(2, parent_id="00f067aa0ba902b7"), complete=False)])
    assert failed(report) == []
    assert report.verdict == "not checked"


def test_no_trace_is_not_a_good_score() -> None:
    report = judged([])
    assert report.scores
    assert report.scores.services == ()
    assert report.exit_code == 3


def test_memory_is_held_for_services_and_not_for_traces() -> None:
    keeper = ScoreKeeper(SourceInfo("made"))
    shown = [keeper.observe(REJECTED["SPA-004"][0]) for _ in range(50)]
    assert shown == [True] + [False] * 49
    assert "and 49 more times" in keeper.result().findings[0].message


def test_a_long_service_name_is_abridged_in_a_finding() -> None:
    unnamed = Resource({"service.instance.id": "i-1", "service.name": "w" * 5000})
    report = judged([trace(span(1, kind="client", resource=unnamed))])
    assert len(report.findings[0].message) < 300


def test_values_of_privacy_classes_are_masked() -> None:
    leaking = Resource({"service.name": "ann@mail.example.org", "service.instance.id": "i"})
    report = judged([trace(span(1, kind="client", resource=leaking))])
    assert report.scores
    assert "ann@" not in repr((report.findings, report.scores))
