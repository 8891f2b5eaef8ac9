"""Jaeger's stable API, `/api/v3`: OTLP in JSON, wrapped in `result`.

Its quirks, as measured with Jaeger 2.13: a search needs both time bounds and `query.num_traces`, in snake case; an
empty search and a missing trace are 404; an unknown path answers 200 with the UI's page. `raw_traces` asks for spans as
they were stored: without it clocks are adjusted, equal spans are merged, and warnings are put among the attributes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from spanpact.errors import SourceError, SourceUnavailable
from spanpact.otlp import Origin, SharedValues, decode_json
from spanpact.privacy import mask
from spanpact.sources.http_client import HttpAnswer, HttpClient
from spanpact.trace.model import Capability, Span

HEADERS_VARIABLE: Final = "SPANPACT_JAEGER_HEADERS"
"""Names the variable that holds further headers of requests to Jaeger, such as `authorization`."""

_NOT_HERE: Final = (200, 404, 405, 501)  # what servers say of a path that they do not know
_SHOWN: Final = 200  # characters of a server's own message


@dataclass(frozen=True, slots=True)
class Search:
    """One search: spans of a service (and operation) that started in a time range (ns since the epoch).

    `attributes` are texts; `limit` is the most traces that are wanted.
    """

    service: str
    start_ns: int
    end_ns: int
    limit: int
    operation: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class NotSpoken(Exception):
    """The server does not know this API. Never leaves this package."""


class _Wrapper(msgspec.Struct):
    result: msgspec.Raw


class JaegerV3:
    """Asks `/api/v3`. Both methods raise NotSpoken where it is not there, SourceError where it fails."""

    name = "/api/v3"
    resolution_ns = 1
    capabilities: frozenset[Capability] = frozenset(
        ["events", "links", "status_message", "scope", "resource", "number_types", "bytes"]
    )

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of one trace, none where it is not known."""
        return self._spans(self._client.get(f"/api/v3/traces/{trace_id}", [("raw_traces", "true")]))

    def search(self, search: Search) -> list[Span]:
        """All spans of the traces found. Attributes are not asked for: this API ignores them."""
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

    def _spans(self, answer: HttpAnswer) -> list[Span]:
        body = checked(answer, self._client)
        if body is None:
            return []
        try:
            result = msgspec.json.decode(body, type=_Wrapper).result
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            why = f"not an answer of /api/v3: {mask(str(error))}"
            raise SourceError(f"Jaeger at {self._client.url}: {why}") from None
        origin = Origin(f"Jaeger at {self._client.url}")
        return decode_json(bytes(result), origin=origin, shared=SharedValues(), duplicate_keys=False).spans


def checked(answer: HttpAnswer, client: HttpClient) -> bytes | None:
    """The body of a good answer, None for 404. Raises NotSpoken for a page, SourceError for whatever else went wrong.

    SourceUnavailable where asking again may help: the server is overloaded, starting, or its storage is down.
    """
    who = f"Jaeger at {client.url}"
    if answer.status in (401, 403, 407):
        hint = f"set {HEADERS_VARIABLE}, such as authorization=Bearer%20TOKEN"
        raise SourceError(f"{who}: refuses to answer without the right credentials ({answer.status})", hint=hint)
    if not answer.is_json and answer.status in _NOT_HERE:
        raise NotSpoken
    if answer.status == 404:
        return None
    if answer.status == 200:
        return answer.body
    said = f"answers {answer.status}{_message(answer)}"
    if "search depth" in said:
        raise SourceError(f"{who}: {said}", hint="it cannot be asked for so many traces: say limit=N")
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise SourceUnavailable(f"{who}: {said}")
    raise SourceError(f"{who}: {said}", hint="is this the address of Jaeger's API and UI, port 16686 by default?")


def _message(answer: HttpAnswer) -> str:
    """What the server says itself, in the form of either API; masked, as it may repeat what it was asked."""
    try:
        document: Any = msgspec.json.decode(answer.body)
        said = document["error"]["message"] if "error" in document else document["errors"][0]["msg"]
        text = " ".join(mask(str(said)).split())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
        return ""
    return f": {text[:_SHOWN]}"


def timestamp(time_ns: int) -> str:
    """RFC 3339 in UTC with nanoseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
