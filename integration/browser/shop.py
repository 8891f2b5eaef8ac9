"""Traces of a shop with four services, some of which break its contracts: what the report's pictures and tests show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from spanpact.contract.loader import load_text
from spanpact.findings import Report
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Event, Reading, Resource, SourceInfo, Span, SpanKind, StatusCode, Trace
from spanpact.verification.verifying import verify

CHECKOUT: Final = """\
spanpact: 1
contract: checkout
version: 2.1.0
span: POST /checkout
kind: server
status: {one_of: [unset, ok]}
duration: 400ms
attributes:
  http.request.method: POST
  order.id: {type: string}
children:
  cart: {span: cart.load, kind: client}
  stock: {span: stock.reserve, kind: client}
  pay:
    span: payment.charge
    kind: client
    attributes: {payment.provider: {one_of: [stripe, adyen]}}
  notify: {span: mail.send, count: 0..1}
order: [cart, stock, pay]
conditions:
  paid:
    when: {pay: {status: unset}}
    then: {notify: present}
every:
  private: {span: '*', forbid: [email]}
"""
CART: Final = """\
spanpact: 1
contract: cart-load
version: 1.0.3
span: GET /cart
kind: server
children:
  lookup: {span: redis.get, kind: client, attributes: {key: cart:*}}
"""
REFUND: Final = """\
spanpact: 1
contract: refund
version: 0.4.0
span: POST /refund
children:
  pay: {span: payment.refund}
"""
CONTRACTS: Final = {
    f"contracts/{name}.contract.yaml": text
    for name, text in (("checkout", CHECKOUT), ("cart-load", CART), ("refund", REFUND))
}
_START: Final = 1_790_000_000_000_000_000
_MS: Final = 1_000_000


@dataclass(slots=True)
class TraceBuilder:
    """The spans of one trace so far; times are in milliseconds since its start."""

    number: int
    spans: list[Span] = field(default_factory=list)

    def add(
        self,
        service: str,
        name: str,
        parent: Span | None,
        start: float,
        took: float,
        *,
        kind: SpanKind = "internal",
        status: StatusCode = "unset",
        events: tuple[Event, ...] = (),
        **attributes: Any,
    ) -> Span:
        """Add a span, and return it. Underscores in names of attributes are dots."""
        begin = _START + self.number * 1_700 * _MS + round(start * _MS)
        span = Span(
            trace_id=f"{0x5B8EFFF798038103D269B633813FC60C + self.number * 0x9E3779B97F4A7C15:032x}",
            span_id=f"{0xA2FB4A1D1A96D312 - self.number * 0x1_0001 - len(self.spans):016x}",
            name=name,
            parent_id=parent.span_id if parent else "",
            kind=kind,
            start_ns=begin,
            end_ns=begin + round(took * _MS),
            status=status,
            events=events,
            attributes={key.replace("_", "."): value for key, value in attributes.items()},
            resource=Resource({"service.name": service, "host.name": f"{service}-1", "service.version": "3.4.0"}),
        )
        self.spans.append(span)
        return span

    def trace(self) -> Trace:
        """Return the trace."""
        return Trace(self.spans[0].trace_id, self.spans)


def checkout_trace(number: int, *, flaw: str = "", lines: int = 3) -> Trace:
    """Return a checkout with this many order lines. `flaw` is what is wrong with it, "" for nothing."""
    made = TraceBuilder(number)
    slow = 380 if flaw == "slow" else 0
    root = made.add(
        "web", "POST /checkout", None, 0, 212 + slow, kind="server",
        http_request_method="POST", order_id=f"o-{1000 + number}", http_route="/checkout", user_tier="gold",
    )  # fmt: skip
    late = 60 if flaw == "order" else 0
    load = made.add("web", "cart.load", root, 4 + late * 1.5, 31, kind="client", server_address="cart")
    get = made.add("cart", "GET /cart", load, 8 + late * 1.5, 24, kind="server", http_route="/cart")
    key = "cart:*" if flaw != "leak" else f"cart:anna.{number}@example.com"
    made.add("cart", "redis.get", get, 11 + late * 1.5, 2.4, kind="client", key=key, cache_hit=True)
    stock = made.add("web", "stock.reserve", root, 38, 64, kind="client", server_address="stock")
    reserve = made.add("stock", "POST /reserve", stock, 42, 57, kind="server")
    for line in range(lines):
        start = 44 + 50 * line / lines
        made.add("stock", "db.query", reserve, start, 40 / lines, kind="client", db_system="postgresql", line=line)
    if flaw != "unpaid":
        provider = "paypal" if flaw == "provider" else "stripe"
        failed = Event("exception", root.start_ns + 171 * _MS, {"exception.type": "CardDeclined"})
        declined = flaw == "declined"
        name = "payment.Charge" if flaw == "misnamed" else "payment.charge"
        made.add(
            "web", name, root, 106 + slow / 2, 78, kind="client", status="error" if declined else "unset",
            events=(failed,) if declined else (), payment_provider=provider, amount_cents=4990 + number,
        )  # fmt: skip
    for again in (150, 170) if flaw == "repeated" else ():
        made.add("web", "payment.charge", root, again, 15, kind="client", payment_provider="stripe")
    if flaw not in ("mail", "declined"):
        made.add("web", "mail.send", root, 190 + slow, 17, messaging_system="ses")
    return made.trace()


def shop_traces() -> Iterator[Trace]:
    """Yield the traces of a test run: most are as they should be."""
    flaws = ["", "mail", "", "provider", "", "", "unpaid", "slow", "leak", "", "provider", "declined", "order", "", ""]
    for number, flaw in enumerate(flaws, 1):
        yield checkout_trace(number, flaw=flaw)


def judged_shop(*traces: Trace) -> Report:
    """Return the report on traces by the shop's contracts."""
    plans = [load_text(text, file=file) for file, text in CONTRACTS.items()]
    reading = Reading(SourceInfo("traces.json"), traces or tuple(shop_traces()), clocks=Clocks())
    return verify(plans, reading)
