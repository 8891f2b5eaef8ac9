"""How the traffic of a kind differs from request to request, as changes of a request's template.

Each function returns the template as it is in one request. All but `fail_commands` and `exceed` keep the contracts of
`contracts/v1`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from benchmarks.verification.span_templates import HIT, MISS, SpanTemplate, managed, query, redis_command
from spanpact.trace.model import Attributes, Resource

_MOST_QUERIES: Final = 60
_READ: Final = [query("SELECT", table) for table in ("users", "roles", "sessions")]
_TOUCH: Final = redis_command("expire", "EXPIRE", "session:*")
_FAILURES: Final = ("ConnectionError", "TimeoutError", "WRONGTYPE", "BusyLoadingError")
_FAULTS: Final = (
    {"operation": "get key"},
    {"correlation.id": "of another request"},
    {"db.query.text": "GET session:ada@example.com"},
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """A kind of traffic: what varies in it.

    `fan_out`: each request makes its own number of queries and Redis commands. `overlap`: some are made at the same
    time. `logs`: each request leaves the log line that the contract `request-log` asks for. `fault_share`: the share of
    requests with one planted fault. `rough`: 20 pods, ids of each request in attributes, commands that fail, and
    fan-out and overlap also where a contract forbids them.
    """

    fan_out: bool = False
    overlap: bool = False
    logs: bool = False
    fault_share: float = 0.0
    rough: bool = False

    def of_request(self, flow: SpanTemplate, chance: Random) -> SpanTemplate:
        """Return a request of this traffic; those of traffic without variation are the flow as it is."""
        if self.rough:
            flow = exceed(fail_commands(flow, chance), chance)
        if self.fan_out:
            flow = add_fan_out(flow, chance)
        if self.overlap:
            flow = add_overlap(flow, chance)
        if self.rough:
            flow = name_request(flow, chance)
        if self.fault_share and chance.random() < self.fault_share:
            flow = plant_fault(flow, chance)
        return flow


KINDS: Final = {
    "same": Traffic(),
    "varied": Traffic(fan_out=True),
    "parallel": Traffic(overlap=True),
    "logs": Traffic(logs=True),
    "broken": Traffic(fault_share=0.02),
    "mixed": Traffic(fan_out=True, overlap=True, logs=True, fault_share=0.02, rough=True),
}
"""The kinds of traffic by name. All but `broken` and `mixed` keep the contracts of `contracts/v1`."""


def add_fan_out(flow: SpanTemplate, chance: Random) -> SpanTemplate:
    """Add commands and one or two calls with queries: many requests with few, few with many."""
    commands = [HIT if chance.random() < 0.8 else MISS for _ in range(int(chance.expovariate(0.7)))]
    calls = [
        managed("SELECT", *(chance.choice(_READ) for _ in range(_pareto(chance))))
        for _ in range(1 + (chance.random() < 0.3))
    ]
    return replace(flow, children=(*flow.children, *commands, *calls))


def add_overlap(flow: SpanTemplate, chance: Random) -> SpanTemplate:
    """Add a part of two to six commands and queries at the same time to half of the requests."""
    if chance.random() < 0.5:
        return flow
    several = [chance.choice((HIT, MISS, _TOUCH)) for _ in range(chance.randrange(1, 4))]
    call = replace(managed("SELECT", *(chance.choice(_READ) for _ in range(chance.randrange(1, 4)))), together=True)
    part = SpanTemplate("gather", "internal", flow.scope, {}, (*several, call), together=True)
    return replace(flow, children=(*flow.children, part))


def exceed(flow: SpanTemplate, chance: Random) -> SpanTemplate:
    """Add queries to the calls that the flow has, and let the parts of half of its requests overlap."""

    def more(span: SpanTemplate) -> SpanTemplate:
        if span.name == "execute_with_circuit_breaker":
            return replace(span, children=(*span.children, *(chance.choice(_READ) for _ in range(_pareto(chance) - 1))))
        return replace(span, together=span.name.startswith("session.") and chance.random() < 0.5)

    return _changed(flow, more)


def fail_commands(flow: SpanTemplate, chance: Random) -> SpanTemplate:
    """Let 1.5 % of the Redis commands fail, with an exception event."""

    def failing(span: SpanTemplate) -> SpanTemplate:
        if not span.name.startswith("redis.") or chance.random() >= 0.015:
            return span
        failure = chance.choice(_FAILURES)
        attributes = {name: value for name, value in span.attributes.items() if not name.startswith("cache_")}
        attributes |= {"error": failure, "error.type": failure}
        if failure.isupper():
            attributes["db.response.status_code"] = failure
        return replace(span, attributes=attributes, failure=f"redis.exceptions.{failure}")

    return _changed(flow, failing)


def name_request(flow: SpanTemplate, chance: Random) -> SpanTemplate:
    """Give the request four attributes of which most values never come again."""
    own: Attributes = {
        "http.request.header.x-request-id": f"{chance.getrandbits(64):016x}",
        "user_agent.original": f"Mozilla/5.0 (X11; Linux) build/{chance.randrange(300)}",
        "enduser.id": f"u-{chance.randrange(100_000)}",
        "http.request.body.size": chance.randrange(20_000),
    }
    return replace(flow, attributes={**flow.attributes, **own})


def plant_fault(flow: SpanTemplate, chance: Random) -> SpanTemplate:
    """Plant one fault into the first Redis command: a wrong operation, another request's id, or an e-mail address."""
    fault, planted = chance.choice(_FAULTS), False

    def with_fault(span: SpanTemplate) -> SpanTemplate:
        nonlocal planted
        if planted or not span.name.startswith("redis."):
            return span
        planted = True
        return replace(span, attributes={**span.attributes, **fault})

    return _changed(flow, with_fault)


def pods(resource: Resource) -> list[Resource]:
    """Return 20 pods of the service, of three versions, on seven nodes."""
    return [
        Resource(
            {
                **resource.attributes,
                "service.instance.id": f"pod-{number:04d}",
                "service.version": f"0.1.{number % 3}",
                "host.name": f"node-{number % 7}",
            }
        )
        for number in range(20)
    ]


def _pareto(chance: Random) -> int:
    return min(_MOST_QUERIES, int(chance.paretovariate(1.3)))


def _changed(span: SpanTemplate, change: Callable[[SpanTemplate], SpanTemplate]) -> SpanTemplate:
    """Return the template with a change of each of its spans, parents first."""
    changed = change(span)
    return replace(changed, children=tuple(_changed(child, change) for child in changed.children))
