"""A contract, flows that keep or break it, and the reports on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from spanpact.contract.loader import load_text
from spanpact.findings import Report
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

CONTRACT = """\
spanpact: 1
contract: session-validate
version: 1.0.0
span: session.validate
status: unset
attributes: {session.valid: {type: boolean}}
children:
  lookup: {span: redis.get, kind: client, attributes: {key: session:*}}
  load: {span: db.query, count: 0..1}
  store: {span: redis.set, count: 0..1}
closed: [children]
order: [lookup, load, store]
conditions:
  miss:
    when: {lookup: {attributes: {cache_hit: false}}}
    then: {load: present}
every:
  private: {span: '*', forbid: [email]}
"""
MS = 1_000_000


def span(number: int, name: str, parent: int = 0, *, start: float = 0, takes: float = 1, **fields: Any) -> Span:
    """Return span `number` of trace 1 below span `parent` (0: a root); times in milliseconds."""
    given: dict[str, Any] = {"trace_id": f"{1:032x}", "kind": "client" if name.startswith("redis") else "internal"}
    begin = 10**18 + round(start * MS)
    given |= {"parent_id": f"{parent:016x}" if parent else "", "start_ns": begin, "end_ns": begin + round(takes * MS)}
    return Span(**(given | {"span_id": f"{number:016x}", "name": name} | fields))


def kept_flow() -> list[Span]:
    """Return the spans of a cache hit: the lookup alone."""
    return [
        span(1, "GET /session", kind="server", takes=6),
        span(2, "session.validate", 1, start=1, takes=4, attributes={"session.valid": True}),
        span(3, "redis.get", 2, start=2, takes=0.4, attributes={"key": "session:*", "cache_hit": True}),
    ]


def changed(spans: Sequence[Span], name: str, /, **fields: Any) -> list[Span]:
    """Return the spans, with other fields on those with the name."""
    return [msgspec.structs.replace(each, **fields) if each.name == name else each for each in spans]


def in_trace(spans: Sequence[Span], number: int, **fields: Any) -> Trace:
    """Return the spans as trace `number`."""
    trace_id = f"{number:032x}"
    moved = [msgspec.structs.replace(each, trace_id=trace_id) for each in spans]
    return Trace(trace_id, moved, **fields)


def judged(*traces: Trace, contract: str = CONTRACT, **options: Any) -> Report:
    """Return the report on the traces."""
    plan = load_text(contract, file="contracts/session-validate.contract.yaml")
    return verify([plan], Reading(SourceInfo("traces.json"), traces, clocks=Clocks()), VerificationOptions(**options))


NEAR = judged(in_trace(changed(kept_flow(), "redis.get", name="redis.gte"), 1))
"""The lookup is missing, and a span with a similar name is there."""
LOST = judged(in_trace(kept_flow()[:2], 1), in_trace([span(9, "redis.get", start=3)], 2))
"""The lookup is missing, and is the root of another trace."""
