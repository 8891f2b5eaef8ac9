"""A recorded contract says what all flows kept and often enough, and nothing of one request, machine or person."""

from __future__ import annotations

from typing import Any

import pytest

from spanpact.contract.loader import load_text
from spanpact.contract.yaml_reader import from_yaml
from spanpact.errors import SourceError
from spanpact.recording import Recorded, RecordedContract, record
from spanpact.trace.model import Attributes, Event, LogRecord, Resource, Trace
from spanpact.verification.examples.contract_examples import verify_examples
from spanpact.verification.verifying import verify
from tests.recording.recorded_traces import MS, Flow, reading_of, recorded_from


def document(contract: RecordedContract) -> Any:
    """Return the contract as plain data."""
    return plain(from_yaml(contract.text, file="recorded"))


def plain(node: Any) -> Any:
    if hasattr(node, "items") and isinstance(node.items, dict):
        return {key: plain(item) for key, item in node.items.items()}
    return [plain(item) for item in node.items] if hasattr(node, "items") else node.value


def attributes_recorded(name: str, *values: Any, times: int = 20) -> Any:
    """Return the matcher for an attribute that has these values in turn; None leaves it out."""

    def make(flow: Flow, number: int) -> None:
        value = values[number % len(values)]
        flow.span("work", attributes={} if value is None else {name: value})

    return document(recorded_from(make, times=times)).get("attributes", {}).get(name)


@pytest.mark.parametrize(
    ("name", "values", "matcher"),
    [
        ("db.system", ["redis"], "redis"),
        ("http.response.status_code", [200], 200),
        ("cache.hit", [True], True),
        ("cache.hit", [True, False], {"type": "boolean"}),
        ("tier", ["free", "paid"], {"one_of": ["free", "paid"]}),
        ("tier", ["free", None], {"equals": "free", "optional": True}),
        ("word", ["absent"], {"equals": "absent"}),
        ("word", ["no"], "no"),
        ("word", ["it's: #1\u2028"], {"type": "string"}),
        ("word", ["it's: # one"], "it's: # one"),
        ("key", ["session:*"], {"equals": "session:*"}),
        ("user.id", ["u-1"], {"type": "string"}),
        ("order_id", [7], {"type": "int", "at_least": 0}),
        ("request.size", [10], {"type": "int", "at_least": 0}),
        ("delta", [-5, 9, 1, 2, 3, 4, 8], {"type": "int"}),
        ("latency_ms", [0.5, 1.5], {"type": "number", "at_least": 0}),
        ("load", [1, 1.5], {"type": "number", "at_least": 0}),
        ("server.address", ["db-7"], {"type": "string"}),
        ("contact", ["ada@example.com"], {"type": "string"}),
        ("ref", ["8f14e45fceea167a5a36dedd4bea2543"], {"type": "string", "matches": "[0-9a-f]{32}"}),
        ("mixed", ["a", 1], "present"),
        ("mixed", ["a", 1, None], None),
    ],
)
def test_a_value_is_demanded_only_where_it_is_of_the_service(name: str, values: list[Any], matcher: Any) -> None:
    assert attributes_recorded(name, *values) == matcher


def test_values_of_which_some_were_seen_too_seldom_are_typed_only() -> None:
    assert attributes_recorded("tier", *(["free"] * 18), "paid", "gold") == {"type": "string"}


def test_an_attribute_that_few_spans_have_is_optional_and_typed() -> None:
    assert attributes_recorded("note", *([None] * 19), "x") == {"type": "string", "optional": True}


def test_names_with_ids_in_them_are_one_kind_of_span() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span(f"GET /users/{number}")
        flow.span(f"load {'abcdefghijklmnopqrst'[number]}x", root)
        flow.span("render a*b", root)

    made = document(recorded_from(make))
    assert made["span"] == "GET /users/*"
    assert [entry["span"] for entry in made["children"].values()] == ["load *", r"render a\*b"]


def test_a_name_with_private_data_is_not_written_down() -> None:
    text = recorded_from(lambda flow, number: (flow.span("mail ada@example.com"), None)[1]).text
    assert "ada@example" not in text.replace("note: 'ada@example.com'", "")


def test_counts_become_ranges_whose_ends_were_seen_often_enough() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work")
        for name, count in (("one", 1), ("maybe", number % 2), ("several", 2 + number % 3), ("growing", 1 + number)):
            for _ in range(count):
                flow.span(name, root)

    children = document(recorded_from(make))["children"]
    counts = {id: entry.get("count", 1) for id, entry in children.items()}
    assert counts == {"one": 1, "maybe": "0..1", "several": "2..4", "growing": "1.."}


def test_order_is_demanded_only_where_every_flow_kept_it() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work")
        flow.span("first", root)
        for name in ("left", "right") if number % 2 else ("right", "left"):
            flow.span(name, root)
        flow.span("last", root)

    order = document(recorded_from(make))["order"]
    assert (order[0], order[-1], len(order)) == ("first", "last", 3)


def test_spans_that_overlap_have_no_order() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work")
        flow.span("a", root, at=flow.now)
        flow.span("b", root, at=flow.now - MS // 2)

    assert "order" not in document(recorded_from(make))


def test_children_are_closed_unless_one_was_so_seldom_that_others_are_to_be_expected() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work")
        flow.span("always", root)
        if number == 7:
            flow.span("once", root)

    made = document(recorded_from(make))
    assert made["closed"] == ["events"]
    assert "once" not in made["children"]
    assert made["children"]["always"]["closed"] == ["children", "events"]


def test_of_spans_that_were_seen_too_seldom_nothing_is_demanded() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work")
        if number < 5:
            stock = Resource({"service.name": "stock"})
            flow.span("refill", root, kind="client", resource=stock, attributes={"tier": "free"})

    assert document(recorded_from(make))["children"]["refill"] == {
        "span": "refill",
        "count": "0..1",
        "attributes": {"tier": {"type": "string", "optional": True}},
    }


def test_what_all_spans_of_a_request_share_is_compared_with_its_first_span() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work", attributes={"request": f"r{number}"})
        flow.span("step", root, attributes={"request": f"r{number}"})

    rules = document(recorded_from(make))["every"]
    assert rules["correlated"]["attributes"] == {"request": {"type": "string", "same_as": "top.request"}}


def test_spans_that_occur_in_several_places_are_described_once() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work")
        for step in ("a", "b"):
            flow.span("redis.get", flow.span(step, root), kind="client", attributes={"db.system": "redis", "of": step})

    made = document(recorded_from(make))
    assert made["every"]["each_redis_get"]["kind"] == "client"
    (first,) = made["children"]["a"]["children"].values()
    assert (first.get("kind"), first["attributes"]) == (None, {"of": "a"})


def test_events_and_log_records_with_names_are_demanded() -> None:
    def make(flow: Flow, number: int) -> None:
        flow.span("work", events=[Event("begun", flow.now, {"part": "a"})])

    reading = reading_of(make)
    traces = [
        Trace(t.trace_id, t.spans, [LogRecord(t.trace_id, t.spans[0].span_id, "done", "all of it")])
        for t in reading.traces
    ]
    made = document(record(Recorded(type(reading)(reading.source, traces)), "work"))
    assert made["events"] == {
        "done": {"event": "done", "via": "log"},
        "begun": {"event": "begun", "attributes": {"part": "a"}},
    }


def test_the_resource_is_demanded_where_it_is_the_same_on_every_machine() -> None:
    def make(flow: Flow, number: int) -> None:
        shop: Attributes = {"service.name": "shop", "service.version": "1.2", "host.name": f"h{number}"}
        root = flow.span("work", kind="client", resource=Resource(shop))
        flow.span("served", root, kind="server", resource=Resource({"service.name": "stock", "service.version": "3"}))

    made = document(recorded_from(make))
    assert made["every"]["identified"]["resource"] == {
        "service.name": {"one_of": ["shop", "stock"]},
        "service.version": {"type": "string"},
    }
    assert made["children"]["served"]["resource"]["service.name"] == "stock"


def test_classes_that_occurred_are_named_and_all_others_forbidden() -> None:
    def make(flow: Flow, number: int) -> None:
        flow.span("work", attributes={"note": "from 192.0.2.7"})

    contract = recorded_from(make)
    forbidden = document(contract)["every"]["private"]["forbid"]
    assert ("email" in forbidden, "ip" in forbidden) == (True, False)
    assert "seen: ip (20 times)" in contract.text
    assert "192.0.2.7" not in contract.text


def test_faults_of_the_traces_become_information() -> None:
    def make(flow: Flow, number: int) -> None:
        flow.span("work")
        flow.spans.append(type(flow.spans[0])(flow.trace_id, "f" * 16, "lost", "e" * 16, start_ns=1, end_ns=2))

    contract = recorded_from(make, span="work")
    assert document(contract)["levels"] == {"span-orphan": "information"}
    assert verify([contract.plan], reading_of(make)).results[0].verdict == "kept"


def test_every_clause_says_how_often_it_was_seen() -> None:
    text = recorded_from(lambda flow, number: (flow.span("a", attributes={"b": "c"}), None)[1]).text
    assert next(line for line in text.splitlines() if line.startswith("  b: c ")).endswith("# 20 of 20")
    assert "about: Recorded from 20 flows in 20 traces" in text


def test_examples_hold_and_have_nothing_of_a_request() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work", attributes={"user.id": f"secret-{number}", "cost": 17.25, "tier": "free"})
        flow.span("step", root, attributes={"token": f"t-{number}"})

    contract = recorded_from(make)
    assert verify_examples([load_text(contract.text)]).verdict == "kept"
    examples = document(contract)["examples"]
    assert examples["usual"]["trace"][0]["attributes"] == {"cost": 0.5, "tier": "free", "user.id": "text"}
    assert not any(text in contract.text for text in ("secret-", "17.25", "t-1"))
    assert sum("findings" in example for example in examples.values()) >= 5


def test_flows_with_very_many_places_are_described_down_to_a_depth_that_can_be_read() -> None:
    def make(flow: Flow, number: int) -> None:
        root = flow.span("work")
        for step in "abcdefghij":
            for part in "klmnopqrst":
                flow.span(part, flow.span(step, root))

    made = document(recorded_from(make))
    assert list(made["children"]) == list("abcdefghij")
    assert not any("children" in (*entry, *entry["closed"]) for entry in made["children"].values())


def test_the_usual_example_is_a_flow_without_errors_if_there_is_one() -> None:
    contract = recorded_from(lambda flow, number: (flow.span("a", status="unset" if number else "error"), None)[1])
    assert "status" not in document(contract)["examples"]["usual"]["trace"][0]


def test_too_few_flows_are_refused() -> None:
    recorded = Recorded(reading_of(lambda flow, number: (flow.span("a"), None)[1], times=3))
    with pytest.raises(SourceError, match=r"3 flows of `a`: at least 10 are needed .*set --flows"):
        record(recorded, "a")
    assert record(recorded, "a", enough=3).flows == 3
