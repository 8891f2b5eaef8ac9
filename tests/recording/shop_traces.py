"""The traces of docs/record.md: 40 checkouts of a shop, of which three in four find their price in the cache."""

from __future__ import annotations

from spanpact.trace.model import Attributes, Resource
from tests.recording.recorded_traces import Flow, reading_of


def checkout(flow: Flow, number: int) -> None:
    """Add the spans of one checkout."""
    resource = Resource({"service.name": "shop", "service.version": "1.4.0", "host.name": f"host-{number % 3}"})
    shared: Attributes = {"request.id": f"r-{number}"}
    response: Attributes = {"http.response.status_code": 201, "order.total": 9.5 + number}
    root = flow.span("POST /checkout", kind="server", resource=resource, attributes={**shared, **response})
    hit = number % 4 > 0
    redis: Attributes = {"db.system.name": "redis", "cache.hit": hit}
    flow.span(
        f"redis.get price:{1000 + number}", root, kind="client", resource=resource, attributes={**shared, **redis}
    )
    if not hit:
        flow.span("db.query", root, kind="client", resource=resource, attributes={**shared, "db.system.name": "sqlite"})
    paid: Attributes = {"payment.method": ["card", "invoice"][number % 2], "user.id": f"u-{number}"}
    flow.span("payment.charge", root, kind="client", resource=resource, attributes={**shared, **paid})


SHOP = reading_of(checkout, 40)
