"""A client and a server that share one id (B3, ADR 0018) are two spans in every tree."""

from __future__ import annotations

from spanpact.contract.loader import load_text
from spanpact.reporting import render_text, render_traces
from spanpact.trace.model import Reading, Resource, SourceInfo, Span, Trace
from spanpact.verification.verifying import verify

TRACE = "0af7651916cd43dd8448eb211c80319c"
SHOP, STOCK = (Resource({"service.name": name}) for name in ("shop", "stock"))
MS = 1_000_000


def span(number: int, name: str, parent: int, start: int, end: int, **fields: object) -> Span:
    ids = {"parent_id": f"{parent:016x}" if parent else "", "start_ns": start * MS, "end_ns": end * MS}
    return Span(TRACE, f"{number:016x}", name, **ids, **fields)  # type: ignore[arg-type]


def pair(*more: Span, server_parent: int = 1) -> Reading:
    """Return a trace in which the call of another service and its answer have one id."""
    spans = [
        span(1, "GET /cart", 0, 0, 9, kind="server", resource=SHOP),
        span(2, "call stock", 1, 1, 8, kind="client", resource=SHOP, attributes={"peer": "stock"}),
        span(2, "GET /stock", server_parent, 2, 7, kind="server", resource=STOCK, attributes={"items": 3}),
        span(3, "db.query", 2, 3, 6, resource=STOCK),
        *more,
    ]
    return Reading(SourceInfo("made"), [Trace(TRACE, spans)])


def report_text(body: str, reading: Reading) -> str:
    contract = load_text(f"spanpact: 1\ncontract: cart\nversion: 1.0.0\n{body}\n", file="cart.contract.yaml")
    return render_text(verify([contract], reading))


def test_the_tree_of_a_trace_has_both_and_children_below_the_server() -> None:
    assert (
        render_traces(pair())
        == f"""\
trace {TRACE}  4 spans
  GET /cart  9ms  server  [shop]
  └─ call stock  7ms  client  peer="stock"
     └─ GET /stock  5ms  server  [stock]  items=3
        └─ db.query  3ms

made: 1 trace, 4 spans
"""
    )


def test_the_details_of_each_are_below_its_own_line() -> None:
    text = render_traces(pair(server_parent=2), attributes=True)
    assert (
        """\
  └─ call stock  7ms  client
     │  peer = "stock"
     └─ GET /stock  5ms  server  [stock]
        │  items = 3
        └─ db.query  3ms
"""
        in text
    )


def test_the_note_of_a_lost_parent_is_below_the_client_alone() -> None:
    lost = [each for each in pair().traces[0].spans if each.name != "GET /cart"]
    text = render_traces(Reading(SourceInfo("made"), [Trace(TRACE, lost)]))
    assert text.count("its parent 0000000000000001 is not in the trace") == 1
    assert text.index("its parent") < text.index("GET /stock")


def test_a_copy_is_noted_below_the_span_that_it_is_a_copy_of() -> None:
    copy = span(2, "call stock", 1, 1, 8, kind="client", resource=SHOP, attributes={"peer": "stock"})
    text = render_traces(pair(copy))
    assert text.count("×2  call stock, in equal copies") == 1
    assert text.index("in equal copies") < text.index("GET /stock")


def test_a_finding_on_the_client_is_drawn_below_the_client() -> None:
    text = report_text("span: GET /cart\nchildren: {call: {span: call stock, attributes: {peer: other}}}", pair())
    client, finding, server = (text.index(each) for each in ("call stock", "✗ call/attribute-value", "GET /stock"))
    assert client < finding < server


def test_a_finding_on_the_server_is_drawn_below_the_server() -> None:
    text = report_text("span: GET /cart\ndescendants: {got: {span: GET /stock, attributes: {items: 4}}}", pair())
    client, server, finding = (text.index(each) for each in ("call stock", "GET /stock", "✗ got/attribute-value"))
    assert client < server < finding


def test_a_span_that_is_missing_below_the_server_is_drawn_there() -> None:
    body = "span: GET /stock\nchildren: {query: {span: db.query}, cache: {span: cache.get}}"
    text = report_text(body, pair())
    at = {
        name: line.index(name)
        for name in ("GET /stock  ", "db.query  ", "cache.get is")
        for line in text.splitlines()
        if name in line
    }
    assert at["GET /stock  "] < at["db.query  "] == at["cache.get is"]


def test_a_flow_of_the_client_is_drawn_from_the_client_on() -> None:
    text = report_text("span: call stock\nattributes: {peer: other}", pair())
    assert "call stock  7ms  client" in text
    assert text.index("call stock  7ms") < text.index("✗ top/attribute-value") < text.index("GET /stock  5ms")
