"""The measured side of `paired_builds`: a process that verifies what its standard input asks for, again and again.

Each line of standard input is a JSON object with `way`, `source` and `contracts` (`seven`, or a folder). The answer is
a line with what it took. Before that, the way `receiver` prints a line with its URL, and reads a line when all is sent.

This module imports nothing of spanpact, because two builds of it are measured: by `verifying` and `verifying_earlier`.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, set_span_in_context

SEVEN: Final = """
spanpact: 1
contract: seven-rules
version: 1.0.0
aliases: {operation: [db.operation.name], db_type: [db.system.name], error: [error.type]}
span: session.*
children:
  lookup: {span: redis.get, count: 0..1, attributes: {operation: GET, key: session:*}}
  store: {span: redis.set, count: 0..1, attributes: {operation: SET}}
order: [lookup, store]
every:
  correlated: {span: '*', attributes: {correlation.id: {type: string, same_as: top.correlation.id}}}
  redis: {span: redis.*, kind: client, attributes: {db_type: redis, latency_ms: {type: number, at_least: 0}}}
  read: {span: redis.get, where: {status: unset}, exactly_one_true: [cache_hit, cache_miss]}
  failed: {span: redis.*, where: {status: error}, attributes: {error: {type: string}}}
  fine: {span: redis.*, where: {status: unset}, attributes: {error: absent}}
  queried: {span: db.query, kind: client, attributes: {operation: {type: string}}}
  private: {span: '*', forbid: [email, jwt, bearer]}
"""
"""One contract of seven rules."""


class Outcome(NamedTuple):
    """What a verification says of itself; `by_engine` traces were judged by the engine, at least in part.

    The seconds are those of one of `times` verifications.
    """

    spans: int
    traces: int
    by_engine: int
    verdict: str
    times: int = 1


Run: TypeAlias = Callable[[], Outcome]
Prepare: TypeAlias = Callable[[str, Sequence[Any]], Run]
"""Prepares a verification of a source by contracts. What it returns is measured."""


def serve(ways: Mapping[str, Prepare], load: Callable[[str], Sequence[Any]]) -> None:
    """Answer every line of standard input, or do once what the command line names: WAY SOURCE CONTRACTS.

    `load` returns the contracts of a name; they are loaded once.
    """
    load_once = cache(load)
    if sys.argv[1:]:
        way, source, contracts = sys.argv[1:]
        _measure(ways[way], source, load_once(contracts))
        return
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        _measure(ways[asked["way"]], asked["source"], load_once(asked["contracts"]))


def _measure(prepare: Prepare, source: str, contracts: Sequence[Any]) -> None:
    run = prepare(source, contracts)
    gc.collect()  # what the run before has left
    began = time.process_time()
    outcome = run()
    seconds = (time.process_time() - began) / outcome.times
    print(json.dumps({"seconds": seconds, "mib": peak_memory_mib(), **outcome._asdict()}), flush=True)


def peak_memory_mib() -> float:
    """Return the peak memory of this process; `ru_maxrss` would include the process that started it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def wait_until_sent(url: str) -> None:
    """Tell the URL of a receiver, and return when everything was sent to it."""
    print(json.dumps({"url": url}), flush=True)
    sys.stdin.readline()


def recorded(request: str) -> InMemorySpanExporter:
    """Return an exporter that holds the spans of a JSON request, recorded by the SDK as in the test of a service."""
    exporter = InMemorySpanExporter()
    found = []
    for group in json.loads(request)["resourceSpans"]:
        provider = TracerProvider(resource=Resource(_attributes(group["resource"])))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        for scope in group["scopeSpans"]:
            found += [(span, provider.get_tracer(scope["scope"]["name"])) for span in scope["spans"]]
    begun: dict[str, Span] = {}
    for span, tracer in sorted(found, key=lambda each: int(each[0]["startTimeUnixNano"])):
        parent = begun.get(span.get("parentSpanId", ""))
        begun[span["spanId"]] = tracer.start_span(
            span["name"], _as_parent(parent, remote=bool(span["flags"] & _IS_REMOTE)), SpanKind(span["kind"] - 1),
            _attributes(span), start_time=int(span["startTimeUnixNano"]),
        )  # fmt: skip
    for span, _ in sorted(found, key=lambda each: int(each[0]["endTimeUnixNano"])):
        begun[span["spanId"]].end(int(span["endTimeUnixNano"]))
    return exporter


_IS_REMOTE: Final = 0x200


def _as_parent(span: Span | None, *, remote: bool) -> Context:
    if span is None:
        return Context()
    context = span.get_span_context()
    same = SpanContext(context.trace_id, context.span_id, remote, context.trace_flags, context.trace_state)
    return set_span_in_context(NonRecordingSpan(same), Context())


def _attributes(written: Mapping[str, Any]) -> dict[str, Any]:
    return {pair["key"]: _READ[kind](value) for pair in written["attributes"] for kind, value in pair["value"].items()}


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "stringValue": str, "intValue": int, "doubleValue": float, "boolValue": bool,
}  # fmt: skip
