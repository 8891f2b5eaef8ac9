"""Jaeger's stable API, `/api/v3`: OTLP JSON wrapped in `result`.

As measured with Jaeger 2.13: a search needs both time bounds and `query.num_traces`, in snake case. An empty search and
a missing trace respond 404, an unknown path responds 200 with the UI's page. `raw_traces` asks for spans as they were
stored: without it Jaeger adjusts clocks, merges equal spans and adds warnings to the attributes.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from spanpact.otlp import Origin, SharedValues, decode_json
from spanpact.sources.jaeger.api import JaegerApi, Search
from spanpact.trace.model import Span


class _Wrapper(msgspec.Struct):
    result: msgspec.Raw


class JaegerV3(JaegerApi):
    """A client of `/api/v3`."""

    name = "/api/v3"
    traces_path = "/api/v3/traces"
    raw_parameter = "raw_traces"
    resolution_ns = 1
    capabilities = frozenset(["events", "links", "status_message", "scope", "resource", "number_types", "bytes"])

    def search(self, search: Search) -> list[Span]:
        """Return all spans of the traces found. The attributes are not sent, as this API ignores them."""
        query = [
            ("query.service_name", search.service),
            ("query.start_time_min", timestamp(search.start_ns)),
            ("query.start_time_max", timestamp(search.end_ns)),
            ("query.num_traces", str(search.limit)),
            ("query.raw_traces", "true"),
        ]
        if search.operation:
            query.append(("query.operation_name", search.operation))
        return self._spans(self._client.get(self.traces_path, query))

    def _decode(self, body: bytes) -> list[Span]:
        try:
            result = msgspec.json.decode(body, type=_Wrapper).result
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._not_understood(error) from None
        origin = Origin(f"Jaeger at {self._client.url}")
        return decode_json(bytes(result), origin=origin, shared=SharedValues(), duplicate_keys=False).spans


def timestamp(time_ns: int) -> str:
    """Format a time (ns since the Unix epoch) as RFC 3339, in UTC with nanoseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
