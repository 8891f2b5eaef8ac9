# ruff: noqa: E501 - messages are one line here as they are there
"""Examples become readings: each field of section 13 of docs/contract-format.md, and its default."""

from __future__ import annotations

from typing import Any

import pytest

from spanpact.contract.examples import Example, load_examples
from spanpact.contract.loader import load_text
from spanpact.errors import ContractError
from spanpact.trace.model import Link, Scope, Span, Trace

MS = 10**6
START = 1_767_225_600 * 10**9
HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\nscenario: s\nspan: a\nexamples:\n"
TAIL = "  bad: {trace: [x], findings: [top/status]}\n"


def examples(text: str, **options: Any) -> dict[str, Example]:
    plan = load_text(HEAD + text + TAIL, file="f")
    return {example.id: example for example in load_examples(plan, **options)}


def traces(text: str) -> list[Trace]:
    return list(examples(text)["good"].reading.traces)


def spans(text: str) -> list[Span]:
    (trace,) = traces(text)
    return list(trace.spans)


def refusal(text: str) -> str:
    with pytest.raises(ContractError) as caught:
        examples(text)
    return str(caught.value)


def times(spans: list[Span]) -> list[tuple[str, float, float]]:
    return [(s.name, (s.start_ns - START) / MS, (s.end_ns - START) / MS) for s in spans]


def test_a_trace_is_complete_labelled_and_counted() -> None:
    first, second = traces("  good: {traces: [{trace: [a, b]}, {trace: [c]}]}\n")
    assert (first.complete, first.scenario) == (True, "s")
    assert [first.trace_id, second.trace_id] == [f"{1:032x}", f"{2:032x}"]
    assert [s.span_id for t in (first, second) for s in t.spans] == [f"{n:016x}" for n in (1, 2, 3)]
    assert first.spans[0] == Span(
        trace_id=f"{1:032x}", span_id=f"{1:016x}", name="a", start_ns=START, end_ns=START + MS,
        parent_remote=False, events=[], links=[],
    )  # fmt: skip


def test_siblings_follow_one_another_and_a_parent_ends_with_its_last_child() -> None:
    found = spans("  good: {trace: [{span: a, children: [b, {span: c, takes: 4ms}, {span: d, at: 1ms}]}, e]}\n")
    assert times(found) == [("a", 0, 5), ("b", 0, 1), ("c", 1, 5), ("d", 1, 2), ("e", 5, 6)]
    assert [s.parent_id for s in found] == ["", found[0].span_id, found[0].span_id, found[0].span_id, ""]


def test_copies_follow_one_another_unless_at_is_given() -> None:
    found = spans(
        "  good: {trace: [{span: a, repeat: 2, children: [b]}, {span: c, at: 9ms, takes: 2ms, repeat: 2}, d]}\n"
    )
    assert times(found) == [
        ("a", 0, 1), ("b", 0, 1), ("a", 1, 2), ("b", 1, 2), ("c", 9, 11), ("c", 9, 11), ("d", 11, 12),
    ]  # fmt: skip


def test_a_child_may_start_before_its_parent() -> None:
    assert times(spans("  good: {trace: [{span: a, at: 5ms, children: [{span: b, at: -1ms}]}]}\n")) == [
        ("a", 5, 5),
        ("b", 4, 5),
    ]


def test_given_fields_merge_and_own_fields_override_longer_and_shorter_patterns() -> None:
    found = spans(
        "  given:\n"
        "    '*': {kind: client, attributes: {a: 1, b: 1, c: 1}, resource: {r: 1}}\n"
        "    red*: {attributes: {b: 2, c: 2}, takes: 3ms}\n"
        "    redis: {attributes: {c: 3, d: {map: {x: 1}}}}\n"
        "  good: {trace: [{span: redis, attributes: {a: absent, d: {map: {y: 2}}}}, other, {span: red, kind: absent}]}\n"
    )
    assert [s.attributes for s in found] == [
        {"b": 2, "c": 3, "d": {"y": 2}},
        {"a": 1, "b": 1, "c": 1},
        {"a": 1, "b": 2, "c": 2},
    ]
    assert [s.kind for s in found] == ["client", "client", "internal"]
    assert [s.resource.attributes for s in found] == [{"r": 1}] * 3
    assert found[0].end_ns - found[0].start_ns == 3 * MS


def test_values_are_those_of_yaml_or_one_of_three_special_forms() -> None:
    (span,) = spans(
        "  good: {trace: [{span: a, attributes: {i: 5, f: 5.0, n: null, l: [1, [x]], b: {bytes: aGk=},"
        " m: {map: {k: {bytes: ''}, d: 012}}, t: {equals: absent}, g: absent}}]}\n"
    )
    assert span.attributes == {
        "i": 5, "f": 5.0, "n": None, "l": [1, ["x"]], "b": b"hi", "m": {"k": b"", "d": 12}, "t": "absent",
    }  # fmt: skip
    assert isinstance(span.attributes["f"], float)


def test_every_field_of_a_span_can_be_given() -> None:
    (trace,) = traces(
        "  good:\n"
        "    trace:\n"
        "      - span: a\n"
        "        kind: server\n"
        "        status: error\n"
        "        status_message: broken\n"
        "        scope: {name: lib, version: '2', attributes: {x: 1}}\n"
        "        resource: {service.name: web}\n"
        "        schema_url: https://example.com/1\n"
        "        trace_state: a=b\n"
        "        dropped: {attributes: 1, events: 2, links: 3}\n"
        "        start: 2026-02-03T04:05:06.5Z\n"
        "        end: 1770091507000000000\n"
        "        trace_id: 0af7651916cd43dd8448eb211c80319c\n"
        "        span_id: b7ad6b7169203331\n"
        "        parent_id: 00f067aa0ba902b7\n"
        "        flags: 0x301\n"
        "        events: [e, {event: f, at: 2ms, attributes: {k: 1}}]\n"
        "        logs: [{event: g, at: 1ms, body: hello, severity: WARN, attributes: {k: 2}}, h, {body: {map: {z: 1}}}]\n"
        "        children: [b]\n"
    )
    span, child = trace.spans
    assert (span.kind, span.status, span.status_message) == ("server", "error", "broken")
    assert span.scope == Scope("lib", "2", {"x": 1})
    assert (span.resource.attributes, span.resource.schema_url) == ({"service.name": "web"}, "https://example.com/1")
    assert (span.trace_state, span.parent_remote) == ("a=b", True)
    assert (span.dropped_attributes, span.dropped_events, span.dropped_links) == (1, 2, 3)
    assert (span.start_ns, span.end_ns) == (1770091506500000000, 1770091507000000000)
    assert (span.trace_id, span.span_id) == (trace.trace_id, "b7ad6b7169203331")
    assert trace.trace_id == child.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert (span.parent_id, child.parent_id) == ("00f067aa0ba902b7", "b7ad6b7169203331")
    assert [(e.name, e.time_ns - span.start_ns, e.attributes) for e in span.events] == [
        ("e", 0, {}),
        ("f", 2 * MS, {"k": 1}),
    ]
    assert [(r.event_name, r.body, r.severity, r.attributes) for r in trace.logs] == [
        ("g", "hello", "WARN", {"k": 2}),
        ("h", None, "", {}),
        ("", {"z": 1}, "", {}),
    ]
    assert all((r.span_id, r.resource, r.scope) == (span.span_id, span.resource, span.scope) for r in trace.logs)


def test_a_remote_parent_may_be_in_the_trace_or_not() -> None:
    found = spans(
        "  good: {trace: [{span: a, parent: remote, children: [{span: b, parent: remote}]}, {span: c, parent: remote}]}\n"
    )
    assert [s.parent_remote for s in found] == [True] * 3
    assert found[1].parent_id == found[0].span_id
    assert found[0].parent_id == found[2].parent_id
    assert found[0].parent_id not in {"", *(s.span_id for s in found)}


def test_parents_can_be_labels_none_or_unflagged() -> None:
    found = spans(
        "  given: {c: {parent: remote}}\n"
        "  good: {trace: [{span: a, id: x, parent: y, children: [{span: b, id: y}, {span: c, parent: none},"
        " {span: c, parent: local}, {span: d, flags: 0}, {span: e, flags: 0x100}]}]}\n"
    )
    assert [s.parent_id for s in found] == [found[1].span_id, found[0].span_id, "", *[found[0].span_id] * 3]
    assert [s.parent_remote for s in found] == [False, False, False, False, None, False]


def test_links_lead_to_labels_in_their_own_trace_first_or_to_given_ids() -> None:
    one, two, three = traces(
        "  good: {traces: [{trace: [{span: a, id: x}]}, {repeat: 2, trace: [{span: b, id: y},"
        " {span: c, links: [{to: x}, {to: y, attributes: {k: 1}}, {to: {trace_id: t, span_id: s}}]}]}]}\n"
    )
    x = (one.trace_id, one.spans[0].span_id)
    for trace in (two, three):
        assert trace.spans[1].links == [
            Link(*x),
            Link(trace.trace_id, trace.spans[0].span_id, {"k": 1}),
            Link("t", "s"),
        ]


def test_spans_with_a_trace_id_of_their_own_are_another_trace() -> None:
    one, two = traces("  good: {trace: [a, {span: b, trace_id: '0', logs: [l]}]}\n")
    assert [s.name for s in two.spans] == ["b"]
    assert (two.trace_id, two.logs[0].trace_id, len(one.logs)) == ("0", "0", 0)


def test_offered_requests_and_expected_findings_are_declared() -> None:
    found = examples(
        "  good: {offered: 9, trace: [a]}\n  worse: {trace: [a], findings: [top/status, integrity/trace-roots]}\n"
    )
    assert found["good"].reading.offered == 9
    assert found["bad"].reading.offered is None
    assert (found["good"].expected, found["worse"].expected) == ((), ("integrity/trace-roots", "top/status"))
    assert str(found["good"].place) == "f:7:3"
    assert found["good"].reading.source.name == "example good"


def test_a_contract_without_examples_has_none() -> None:
    assert load_examples(load_text("spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: a\n")) == []


def test_accepted_and_rejected_examples_are_both_needed() -> None:
    for text, missing in (("  x: {trace: [a]}\n", "rejected"), (TAIL, "accepted"), ("  given: {}\n", "accepted")):
        with pytest.raises(ContractError, match=f"^f:7:3: `examples` holds no {missing} example"):
            load_examples(load_text(HEAD + text, file="f"))


WRONG = [
    (
        "  good: [a]\n",
        "7:9: the example `good` must be a mapping, not a list (accepted: trace, traces, like, but, file, findings, offered, logs)",
    ),
    (
        "  good: {trase: [a]}\n",
        "7:10: unknown keyword `trase` in the example `good` (did you mean `trace`? accepted: trace, traces, like, but, file, findings, offered, logs)",
    ),
    ("  good: {}\n", "7:3: the example `good` needs exactly one of trace, traces, like, file"),
    ("  good: {trace: [a], traces: []}\n", "7:22: the example `good` needs exactly one of trace, traces, like, file"),
    ("  good: {trace: [a], but: {top: absent}}\n", "7:22: the example `good` needs both `like` and `but`"),
    ("  good: {like: bad}\n", "7:10: the example `good` needs both `like` and `but`"),
    (
        "  good: {like: wosre, but: {}}\n  worse: {trace: [a]}\n",
        "7:16: `like` names `wosre`, which is not an example (did you mean `worse`? accepted: good, worse, bad)",
    ),
    ("  good: {like: bad, but: {}}\n", "7:16: `like` names `bad`, which expects findings (name an accepted example)"),
    ("  good: {like: good, but: {}}\n", "7:16: `like` names `good`, which has no `trace` or `traces` of its own"),
    ("  good: {trace: a}\n", "7:17: `trace` must be a list, not the text `a` (write it as [a, b])"),
    ("  good: {trace: [{name: a}]}\n", "7:19: `name` is not allowed in a span of an example (accepted: span, kind, "),
    ("  good: {trace: [{kind: client}]}\n", "7:18: a span of an example needs `span`"),
    ("  good: {trace: [5]}\n", "7:18: `span` must be text, not the number `5` (quote it)"),
    (
        "  good: {trace: [{span: a, kind: cleint}]}\n",
        "7:34: `kind` cannot be `cleint` (did you mean `client`? accepted: unspecified, internal, server, client, producer, consumer)",
    ),
    ("  good: {trace: [{span: a, status: bad}]}\n", "7:36: `status` cannot be `bad` (accepted: unset, ok, error)"),
    (
        "  good: {trace: [{span: a, attributes: {x: present}}]}\n",
        "7:44: `present` is not a value (write {equals: present})",
    ),
    ("  good: {trace: [{span: a, attributes: {x: {bytes: '!'}}}]}\n", "7:52: the bytes of `x` are not base64"),
    (
        "  good: {trace: [{span: a, attributes: {x: {}}}]}\n",
        "7:44: the value of `x` is exactly one of bytes, map, equals",
    ),
    (
        "  good: {trace: [{span: a, attributes: {x: {equals: [a]}}}]}\n",
        "7:53: `equals` of a value must be a scalar, not a list",
    ),
    ("  good: {trace: [{span: a, repeat: 0}]}\n", "7:36: `repeat` must be at least 1, not 0"),
    ("  good: {trace: [{span: a, repeat: 2, id: x}]}\n", "7:39: `id` labels one span, and this one is repeated"),
    (
        "  good: {trace: [{span: a, repeat: 1000, children: [{span: b, repeat: 1000}]}]}\n",
        "7:53: the example has more than 100,000 spans",
    ),
    ("  good: {trace: [{span: a, id: x}, {span: a, id: x}]}\n", "7:50: two spans of one trace have the label `x`"),
    ("  good: {trace: [{span: a, id: remote}]}\n", "7:32: `remote` cannot be a label: it is a value of `parent`"),
    ("  good: {trace: [{span: a, id: xy, parent: xz}]}\n", "7:44: no span has the label `xz` (accepted: xy)"),
    ("  good: {trace: [{span: a, links: [{to: x}]}]}\n", "7:41: no span has the label `x`"),
    ("  good: {trace: [{span: a, links: [{}]}]}\n", "7:36: a link of an example needs `to`"),
    ("  good: {trace: [{span: a, links: [{to: {trace_id: x}}]}]}\n", "7:41: `to` needs both `trace_id` and `span_id`"),
    ("  good: {trace: [{span: a, events: [{at: 1ms}]}]}\n", "7:37: an event of an example needs `event`"),
    ("  good: {trace: [{span: a, scope: [x]}]}\n", "7:35: `scope` must be a name or a mapping, not a list"),
    (
        "  good: {trace: [{span: a, takes: -1ms}]}\n",
        "7:35: `takes` cannot be `-1ms` (accepted: a number with ns, us, ms, s or min, such as 1.5ms)",
    ),
    (
        "  good: {trace: [{span: a, start: noon}]}\n",
        "7:35: `start` cannot be `noon` (accepted: nanoseconds since 1970, or an instant such as 2026-01-01T00:00:00.5Z)",
    ),
    (
        "  good: {trace: [{span: a, end: 2026-02-30T00:00:00Z}]}\n",
        "7:33: `end` cannot be `2026-02-30T00:00:00Z` (accepted: nanoseconds since 1970, or an instant such as 2026-01-01T00:00:00.5Z)",
    ),
    ("  good: {trace: [{span: a, span_id: 17}]}\n", "7:37: `span_id` must be text, not the number `17` (quote it)"),
    (
        "  good: {trace: [a], findings: [top/statuss]}\n",
        "7:33: `findings` names `statuss`, which is not a finding id (did you mean `status`?)",
    ),
    (
        "  good: {trace: [a], findings: [status]}\n",
        "7:33: `findings` names the finding without an id (write id/finding, such as top/status)",
    ),
    (
        "  good: {trace: [a], findings: [tops/status]}\n",
        "7:33: `findings` names `tops`, which is not an id of this contract (did you mean `top`? accepted: top, integrity)",
    ),
    ("  good: {traces: [{repeat: 2}]}\n", "7:19: each of `traces` needs `trace`"),
    ("  good: {trace: [a], offered: -1}\n", "7:31: `offered` must be at least 0, not -1"),
    (
        "  given: {a: {children: [b]}}\n  good: {trace: [a]}\n",
        "7:15: `children` is not allowed in what is given for `a`",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_example_is_an_error_with_line_and_column(text: str, message: str) -> None:
    assert refusal(text).startswith(f"f:{message}")
