"""What both APIs of Jaeger share: the client's methods, and the responses that are errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import msgspec

from spanpact.errors import SourceError, SourceUnavailable
from spanpact.privacy import mask
from spanpact.sources.http_client import HttpClient, HttpResponse
from spanpact.sources.search.query import Search
from spanpact.trace.model import Capability, Span

_UNKNOWN_PATH: Final = (200, 404, 405, 501)  # with a body that is no JSON: responses to a path that a server lacks
_LONGEST_MESSAGE: Final = 200  # characters of a server's message


class ApiMissing(Exception):
    """The server does not have this API. Raised and caught within this package."""


class JaegerApi(ABC):
    """A client of one API. Its methods raise ApiMissing where the server lacks it, SourceError where it fails."""

    name: ClassVar[str]
    traces_path: ClassVar[str]
    raw_parameter: ClassVar[str]
    """The name of the query parameter that asks for spans as they were sent."""
    resolution_ns: ClassVar[int]
    capabilities: ClassVar[frozenset[Capability]]

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def trace(self, trace_id: str, deadline: float) -> list[Span]:
        """Return the spans of one trace; none where Jaeger does not know it. `deadline` is that of `HttpClient.get`."""
        return self._get(f"{self.traces_path}/{trace_id}", [(self.raw_parameter, "true")], deadline)

    @abstractmethod
    def search(self, search: Search, deadline: float) -> list[Span]:
        """Return all spans of the traces found."""

    @abstractmethod
    def _decode(self, body: bytes) -> list[Span]:
        """Decode the spans of a response's body."""

    def _get(self, path: str, query: Sequence[tuple[str, str]], deadline: float) -> list[Span]:
        """Return the spans of a response; none where Jaeger does not know the trace."""
        body = checked(self._client.get(path, query, deadline=deadline), self._client)
        return [] if body is None else self._decode(body)

    def _not_understood(self, error: Exception) -> SourceError:
        """Return the error for a body that is no response of this API."""
        reason = self._client.redacted(mask(str(error)))
        return SourceError(f"Jaeger at {self._client.url}: not a response of {self.name}: {reason}")


def checked(response: HttpResponse, client: HttpClient) -> bytes | None:
    """Return the body of a successful response; None for a 404 of the API.

    Raise ApiMissing where the response comes from a server without this API, SourceUnavailable where a later request
    may succeed (the server is overloaded or starting, its storage is down), SourceError for other failures.
    """
    server = f"Jaeger at {client.url}"
    if response.status in (401, 403, 407):
        hint = "set SPANPACT_JAEGER_TOKEN, or SPANPACT_JAEGER_HEADERS such as authorization=Basic%20…"
        message = f"{server}: rejects the credentials, or there are none ({response.status})"
        raise SourceError(message, hint=hint, status=response.status)
    if not response.is_json and response.status in _UNKNOWN_PATH:
        raise ApiMissing
    if response.status == 404:
        return None
    if response.status == 200:
        return response.body
    failure = f"{server}: responded {response.status}{client.redacted(_message(response))}"
    if response.status >= 500 or response.status in (408, 425, 429):
        raise SourceUnavailable(failure, status=response.status)
    hint = "check that this is the address of Jaeger's API and UI, port 16686 by default"
    raise SourceError(failure, hint=hint, status=response.status)


def _message(response: HttpResponse) -> str:
    """Return the server's error message, from either API. It is masked, as it may repeat parts of the request."""
    try:
        document: Any = msgspec.json.decode(response.body)
        message = document["error"]["message"] if "error" in document else document["errors"][0]["msg"]
        text = " ".join(mask(str(message)).split())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
        return ""
    return f": {text[:_LONGEST_MESSAGE]}"
