"""Jaeger's stable API, `/api/v3`: OTLP JSON wrapped in `result`.

As measured with Jaeger 2.13: a search needs both time bounds and `query.num_traces`, in snake case. An empty search and
a missing trace respond 404, an unknown path responds 200 with the UI's page. `raw_traces` asks for spans as they were
stored: without it Jaeger adjusts clocks, merges equal spans and adds warnings to the attributes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from spanpact.errors import SourceError, SourceUnavailable
from spanpact.otlp import Origin, SharedValues, decode_json
from spanpact.privacy import mask
from spanpact.sources.http_client import HttpClient, HttpResponse
from spanpact.trace.model import Capability, Span

HEADERS_VARIABLE: Final = "SPANPACT_JAEGER_HEADERS"
"""The environment variable with further headers of requests to Jaeger, such as `authorization`."""

_UNKNOWN_PATH: Final = (200, 404, 405, 501)  # with a body that is no JSON: responses to a path that a server lacks
_LONGEST_MESSAGE: Final = 200  # characters of a server's message


@dataclass(frozen=True, slots=True)
class Search:
    """A search for spans of a service (and operation) that started in a time range (ns since the Unix epoch).

    The values of `attributes` are texts. `limit` is the largest number of traces to return.
    """

    service: str
    start_ns: int
    end_ns: int
    limit: int
    operation: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class ApiMissing(Exception):
    """The server does not have this API. Raised and caught within this package."""


class _Wrapper(msgspec.Struct):
    result: msgspec.Raw


class JaegerV3:
    """A client of `/api/v3`. Its methods raise ApiMissing where the server lacks it, SourceError where it fails."""

    name = "/api/v3"
    resolution_ns = 1
    capabilities: frozenset[Capability] = frozenset(
        ["events", "links", "status_message", "scope", "resource", "number_types", "bytes"]
    )

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def trace(self, trace_id: str) -> list[Span]:
        """Return the spans of one trace; none where Jaeger does not know it."""
        return self._spans(self._client.get(f"/api/v3/traces/{trace_id}", [("raw_traces", "true")]))

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
        return self._spans(self._client.get("/api/v3/traces", query))

    def _spans(self, response: HttpResponse) -> list[Span]:
        body = checked(response, self._client)
        if body is None:
            return []
        try:
            result = msgspec.json.decode(body, type=_Wrapper).result
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            reason = f"not a response of /api/v3: {mask(str(error))}"
            raise SourceError(f"Jaeger at {self._client.url}: {reason}") from None
        origin = Origin(f"Jaeger at {self._client.url}")
        return decode_json(bytes(result), origin=origin, shared=SharedValues(), duplicate_keys=False).spans


def checked(response: HttpResponse, client: HttpClient) -> bytes | None:
    """Return the body of a successful response; None for a 404 of the API.

    Raise ApiMissing where the response comes from a server without this API, SourceUnavailable where a later request
    may succeed (the server is overloaded or starting, its storage is down), SourceError for other failures.
    """
    server = f"Jaeger at {client.url}"
    if response.status in (401, 403, 407):
        hint = f"set {HEADERS_VARIABLE}, such as authorization=Bearer%20TOKEN"
        raise SourceError(f"{server}: rejects the credentials, or there are none ({response.status})", hint=hint)
    if not response.is_json and response.status in _UNKNOWN_PATH:
        raise ApiMissing
    if response.status == 404:
        return None
    if response.status == 200:
        return response.body
    failure = f"responded {response.status}{_message(response)}"
    if "search depth" in failure:
        raise SourceError(f"{server}: {failure}", hint="it cannot return so many traces: set a lower limit=N")
    if response.status >= 500 or response.status in (408, 425, 429):
        raise SourceUnavailable(f"{server}: {failure}")
    hint = "check that this is the address of Jaeger's API and UI, port 16686 by default"
    raise SourceError(f"{server}: {failure}", hint=hint)


def _message(response: HttpResponse) -> str:
    """Return the server's error message, from either API. It is masked, as it may repeat parts of the request."""
    try:
        document: Any = msgspec.json.decode(response.body)
        message = document["error"]["message"] if "error" in document else document["errors"][0]["msg"]
        text = " ".join(mask(str(message)).split())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
        return ""
    return f": {text[:_LONGEST_MESSAGE]}"


def timestamp(time_ns: int) -> str:
    """Format a time (ns since the Unix epoch) as RFC 3339, in UTC with nanoseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
