"""Answers in the forms of Tempo's API.

They are not recorded from a Tempo, which cannot be had here: the trace is the one of the public case
`tempo-and-base64`, in the form of `/api/v2/traces` of Tempo 2.7 and newer with ids in base64, as protobuf's JSON has
them; the answer of `/api/search` has the fields of the API's documentation (grafana.com/docs/tempo, HTTP API).
"""

from __future__ import annotations

import base64
import json
from typing import Any

TRACE = "d4f5407f5019681dfa56a6073e20e1f4"
START = 1_767_225_600_000_000_000


def otlp(trace_id: str = TRACE) -> dict[str, Any]:
    """Return the spans of a request."""
    top = span(trace_id, "a66133cefd8dc723", "GET /cart", "SPAN_KIND_SERVER", 0, 9)
    load = span(trace_id, "9117f95508a341af", "load", "SPAN_KIND_INTERNAL", 1, 4)
    load["parentSpanId"] = top["spanId"]
    scope = {"scope": {"name": "demo", "version": "1"}, "spans": [top, load]}
    service = {"key": "service.name", "value": {"stringValue": "shop"}}
    return {"resourceSpans": [{"resource": {"attributes": [service]}, "scopeSpans": [scope]}]}


def span(trace_id: str, span_id: str, name: str, kind: str, start_ms: int, end_ms: int) -> dict[str, Any]:
    """Return a span, with times in milliseconds after `START`."""
    return {
        "traceId": base64.b64encode(bytes.fromhex(trace_id)).decode(),
        "spanId": base64.b64encode(bytes.fromhex(span_id)).decode(),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(START + start_ms * 10**6),
        "endTimeUnixNano": str(START + end_ms * 10**6),
        "status": {},
    }


def trace_answer(trace_id: str = TRACE, **more: str) -> bytes:
    """Return an answer of `/api/v2/traces/ID`."""
    return json.dumps({"trace": otlp(trace_id), **more}).encode()


def search_answer(*trace_ids: str) -> bytes:
    """Return an answer of `/api/search`, which writes ids without leading zeros."""
    found = [
        {
            "traceID": trace_id.lstrip("0"), "rootServiceName": "shop", "rootTraceName": "GET /cart",
            "startTimeUnixNano": str(START), "durationMs": 9,
            "spanSets": [{"spans": [{"spanID": "a66133cefd8dc723", "startTimeUnixNano": str(START)}], "matched": 1}],
        }
        for trace_id in trace_ids
    ]  # fmt: skip
    return json.dumps({"traces": found, "metrics": {"inspectedBytes": "1", "completedJobs": 1}}).encode()
