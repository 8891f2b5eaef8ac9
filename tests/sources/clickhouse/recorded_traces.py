"""A trace that was exported to ClickHouse, and what ClickHouse 26.9 answered to the source: `record.py` made it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from spanpact.trace.model import Event, Link, Reading, Resource, Scope, SourceInfo, Span, Trace, Value

RECORDINGS = Path(__file__).parent / "recordings"
RECORDED = "d4f5407f5019681dfa56a6073e20e1f4"
"""The id of the trace in the recordings."""


def everything(trace_id: str, service: str = "shop", start: int = 1_767_225_600_000_000_001) -> Reading:
    """Return a trace with one of everything that both kinds of tables carry."""
    attributes: dict[str, Value] = {"text": "a\tb\\c'\u2028\0", "http.route": "/x", "empty": ""}
    resource, scope = Resource({"service.name": service}), Scope("demo", "1")
    top = Span(
        trace_id, "a66133cefd8dc723", "GET /cart 'x'", "", "server", start, start + 8_999_999, "error", "bad",
        attributes,
        events=[Event("tried", start + 5, {"why": "late"}), Event("again", start + 6)],
        links=[Link("e" * 32, "a66133cefd8dc724", {"of": "batch"}, "a=b"), Link("f" * 32, "a66133cefd8dc725")],
        trace_state="k=v",
    )  # fmt: skip
    never = Span(trace_id, "9117f95508a341af", "load", top.span_id, "unspecified", start + 7, 0)
    before = Span(trace_id, "9117f95508a341ae", "", top.span_id, "client", start + 7, start, "ok")
    spans = [msgspec.structs.replace(span, resource=resource, scope=scope) for span in (top, never, before)]
    return Reading(SourceInfo("made"), [Trace(trace_id, spans)])


def recorded_answer(head: str, name: str) -> bytes:
    """Return the body that was recorded for the statement in the head of a request."""
    (statement,) = parse_qs(urlsplit(head.split()[1]).query)["query"]
    return (RECORDINGS / f"{name}-{'columns' if 'system.columns' in statement else 'spans'}.jsonl").read_bytes()
