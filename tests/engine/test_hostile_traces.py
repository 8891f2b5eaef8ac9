"""Whatever a trace holds, judging raises nothing, depends on no order and leaks nothing (K3, S2)."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import assignments
from spanpact.findings import Finding, Report
from spanpact.trace import Event, Link, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace, Value
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import Attributes
from spanpact.verification.verifying import verify
from tests.properties import examples

pytestmark = pytest.mark.unmeasured

TRACE = "0" * 31 + "1"
SOURCE = SourceInfo("test")

EVERYTHING = CompiledContract.of(
    load_text("""
spanpact: 1
contract: everything
version: 1.0.0
aliases: {n: [m]}
classes: {badge: 'EMP-\\d{4}'}
clock: {tolerance: 1ns, skew: 2ns}
span: [a, 'b*']
kind: internal
status: {one_of: [unset, ok]}
status_message: {optional: true, matches: '[a-z]*'}
scope: {matches: '.*'}
parent: local
attributes: {n: {type: int, at_least: 0}, s: {optional: true, matches: 'x.*'}, l: [1, 2]}
resource: {service.name: {optional: true, one_of: [one, 2]}}
exactly_one_true: [t, f]
duration: {at_least: 1ns, at_most: 1s}
forbid: [email, card, badge]
events: {e: {event: '*', via: either, count: 0..2, attributes: {n: {optional: true, same_as: top.n}}}}
links: {k: {span: 'c*', count: 0..1, attributes: {n: 1}}}
closed: [children, attributes, events, links]
order: [x, y]
children:
  x: {span: 'b*', attributes: {n: {same_as: y.n}}, count: 1..2, concurrency: 1..1}
  y: {span: [b, c], where: {attributes: {n: {at_least: 1}}}, children: {z: {span: '*', count: 0..}}}
descendants:
  d: {span: 'c*', where: {events: {w: {event: '*'}}}, count: 0..}
conditions:
  q: {when: {x: present, y: {status: error}}, then: {d: absent, x: {kind: client}}, order: [x, d]}
every:
  r: {span: '*', where: {status: unset}, attributes: {s: {optional: true, type: string}}, forbid: [email], count: 0..3}
  v: {event: '*', via: either, attributes: {n: {optional: true, type: int}}, forbid: [ip], count: 1..}
across:
  p: {of: x, duration: {p95: 1ns}, samples: 1}
  o: {error_rate: 0.1, samples: 1}
  i: {sampling: 0.5, samples: 1}
""")
)
WHOLE_TRACE = CompiledContract.of(
    load_text("""
spanpact: 1
contract: whole
version: 1.0.0
children: {x: {span: a, count: 0..1}, y: {span: '*', count: 1..}}
descendants: {z: {span: 'b*', count: 2}}
closed: [children]
order: [x, y]
conditions: {q: {when: {top: {status: error}}, then: {x: present}}}
every: {r: {span: '*', status: unset}}
""")
)
CONTRACTS = [EVERYTHING, WHOLE_TRACE]

texts = st.sampled_from(["", "a", "b", "b1", "c", "\ud800", "\x00\x1b[31m", "bob@example.com", "EMP-1234", "é" * 50])
ids = st.sampled_from(["", *(f"{i:016x}" for i in range(6)), "XYZ", "\udfff"])
numbers = st.sampled_from([0, 1, -1, 2**63, 2**300, 4111111111111111, 0.0, 1.5, float("nan"), float("inf"), 1e308])
times = st.sampled_from([0, 1, 2, 3, 5, -1, 2**64, 10**30])
values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, st.just(b"\xff\x00bob@example.com")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(st.tuples(texts, inner), max_size=2).map(attributes_of)
    ),
    max_leaves=4,
)
attribute_names = st.sampled_from(["n", "m", "s", "l", "t", "f", "service.name", "\ud800"])
attributes = st.lists(st.tuples(attribute_names, values), max_size=3).map(attributes_of)
spans = st.builds(
    Span,
    st.just(TRACE),
    ids,
    texts,
    parent_id=ids,
    kind=st.sampled_from(["internal", "server", "client"]),
    start_ns=times,
    end_ns=times,
    status=st.sampled_from(["unset", "error"]),
    status_message=texts,
    attributes=attributes,
    events=st.lists(st.builds(Event, texts, times, attributes), max_size=2),
    links=st.lists(st.builds(Link, st.just(TRACE), ids, attributes), max_size=2),
    resource=st.builds(Resource, attributes, dropped_attributes=st.integers(0, 1)),
    scope=st.builds(Scope, texts, texts, attributes, texts, st.integers(0, 1)),
    trace_state=texts,
    parent_remote=st.sampled_from([None, True, False]),
    dropped_attributes=st.integers(0, 1),
)
logs = st.builds(LogRecord, st.just(TRACE), ids, texts, body=values, attributes=attributes)
traces = st.builds(
    Trace, st.sampled_from([TRACE, "", "bob@example.com"]), st.lists(spans, max_size=9), st.lists(logs, max_size=2),
    complete=st.booleans(),
)  # fmt: skip


def judged(*given: Trace) -> Report:
    return verify(CONTRACTS, Reading(SOURCE, given, offered=3))


def texts_of(finding: Finding) -> list[str]:
    return [str(each) for each in (finding, *finding.path, *finding.spans)]


def nested(depth: int) -> Value:
    value: Value = "bob@example.com"
    for _ in range(depth):
        value = [value] if depth % 2 else {"k": value}
    return value


@given(traces)
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.fault("S2")
def test_no_trace_raises_and_no_report_leaks(trace: Trace) -> None:
    report = judged(trace)
    for finding in report.findings:
        assert not any("bob@example.com" in text for text in texts_of(finding))
        if finding.contract == "everything":
            assert not any("EMP-1234" in text for text in texts_of(finding))
    for result in report.results:
        assert not any("bob@example.com" in each.detail for each in result.not_checked)
        assert all(state.state in ("exercised", "vacuous", "unseen") for state in result.coverage)
    for plan in CONTRACTS:
        assignments(plan.plan, Reading(SOURCE, [trace]))


@given(traces, st.randoms(use_true_random=False))
@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.too_slow])
def test_the_order_in_which_spans_were_read_changes_nothing(trace: Trace, order: random.Random) -> None:
    shuffled = list(trace.spans)
    order.shuffle(shuffled)
    one, two = judged(trace), judged(msgspec.structs.replace(trace, spans=shuffled))
    assert Counter(map(repr, one.findings)) == Counter(map(repr, two.findings))
    assert [r.verdict for r in one.results] == [r.verdict for r in two.results]
    assert [r.coverage for r in one.results] == [r.coverage for r in two.results]


def test_of_spans_with_one_id_the_same_one_stays_however_they_were_read() -> None:
    plan = load_text("""
spanpact: 1
contract: c
version: 1.0.0
span: a
attributes: {n: 1}
links: {k: {span: b}}
""")
    top = Span(TRACE, f"{1:016x}", "a", start_ns=1, end_ns=2, links=[Link(TRACE, f"{2:016x}")])
    twins = [msgspec.structs.replace(top, attributes=attributes) for attributes in ({"n": 1}, {"n": [{"m": 2}]}, {})]
    linked = [Span(TRACE, f"{2:016x}", name, start_ns=1, end_ns=2) for name in ("b", "c")]
    orders = [[*twins, *linked], [*reversed(linked), *reversed(twins)], [*twins[1:], *linked, *twins[:1]]]
    reports = {
        tuple(sorted(map(repr, verify([plan], Reading(SOURCE, [Trace(TRACE, spans)])).findings))) for spans in orders
    }
    assert len(reports) == 1


@given(traces)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
def test_judging_twice_gives_the_same(trace: Trace) -> None:
    assert repr(judged(trace).findings) == repr(judged(trace).findings)


@given(traces)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
def test_each_finding_is_reported_once(trace: Trace) -> None:
    for result in judged(trace).results:
        assert not [text for text, times in Counter(map(repr, result.findings)).items() if times > 1]


class TestSize:
    @pytest.mark.parametrize("depth", [9, 3000])
    def test_values_nested_as_deep_as_you_like(self, depth: int) -> None:
        deep: Attributes = {"n": nested(depth), "l": nested(depth), "s": nested(depth)}
        spans = [
            Span(TRACE, f"{1:016x}", "a", start_ns=1, end_ns=9, attributes=deep),
            Span(TRACE, f"{2:016x}", "b", f"{1:016x}", start_ns=1, end_ns=3, attributes={"n": nested(depth)}),
            Span(TRACE, f"{3:016x}", "c", f"{1:016x}", start_ns=4, end_ns=5, attributes={"n": nested(depth)}),
        ]
        report = judged(Trace(TRACE, spans))
        assert report.verdict == "broken"
        assert not any("bob@example.com" in str(finding) for finding in report.findings)

    def test_an_integer_too_long_to_be_written_out(self) -> None:
        huge: Attributes = {"n": -(10**5000), "s": 10**5000}
        report = judged(Trace(TRACE, [Span(TRACE, f"{1:016x}", "a", start_ns=1, end_ns=2, attributes=huge)]))
        assert [f.observed for f in report.findings if f.id == "attribute-value"] == ["an integer of 16610 bits"]

    def test_ten_megabytes_of_text_are_cut_after_they_are_masked(self) -> None:
        text = "x" * 290 + " bob@example.com " + "y" * 10_000_000
        report = judged(Trace(TRACE, [Span(TRACE, f"{1:016x}", "a", start_ns=1, end_ns=2, attributes={"n": text})]))
        (finding,) = [f for f in report.findings if f.id == "attribute-type"]
        assert len(finding.observed) < 400
        assert "bob" not in finding.observed

    def test_a_long_chain_with_a_finding_on_every_span(self) -> None:
        number = 20_000
        chain = [
            Span(TRACE, f"{i:016x}", "s", f"{i - 1:016x}" if i > 1 else "", start_ns=number - i, end_ns=number * 2)
            for i in range(1, number)
        ]
        plan = load_text("{spanpact: 1, contract: c, version: 1.0.0, children: {r: {span: s}}}")
        report = verify([plan], Reading(SOURCE, [Trace(TRACE, chain)]))
        assert len(report.integrity) == number - 2
        assert max(len(finding.path) for finding in report.integrity) == 101

    @pytest.mark.expensive
    def test_a_thousand_siblings_of_one_name_in_a_trace_of_a_hundred_thousand(self) -> None:
        plan = load_text("""
spanpact: 1
contract: c
version: 1.0.0
span: top
children:
  odd: {span: work, count: 500, attributes: {odd: true}}
  even: {span: work, count: 500, attributes: {odd: false}}
descendants: {leaf: {span: 'leaf.*', count: 99000}}
""")
        spans = [Span(TRACE, "f" * 16, "top", start_ns=1, end_ns=10**9)]
        for i in range(1, 1001):
            spans.append(
                Span(TRACE, f"{i:016x}", "work", "f" * 16, start_ns=i, end_ns=10**8, attributes={"odd": i % 2 > 0})
            )
            spans += [
                Span(TRACE, f"{i * 1000 + j:016x}", f"leaf.{j % 5}", f"{i:016x}", start_ns=i + j, end_ns=10**7)
                for j in range(1, 100)
            ]
        report = verify([plan], Reading(SOURCE, [Trace(TRACE, spans)]))
        assert report.verdict == "kept"
