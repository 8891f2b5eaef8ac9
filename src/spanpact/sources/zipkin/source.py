"""The Zipkin source: traces by their ids, or those of a service in a time window, by `/api/v2`.

As measured with Zipkin 3.5: a search compares the start of a trace's root, in milliseconds, with its window. Both a
missing trace and an unknown path are 404 with a text, so `/info`, which also gives the version, distinguishes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from spanpact.errors import SourceError
from spanpact.otlp import SharedValues
from spanpact.sources.files.formats.zipkin_json import ZIPKIN_JSON, decode_zipkin
from spanpact.sources.http_client import HttpResponse
from spanpact.sources.search.failures import failure_of, not_understood
from spanpact.sources.search.query import Search
from spanpact.sources.search.store_source import StoreSource
from spanpact.trace.model import SourceInfo, Span

_CREDENTIALS: Final = "set SPANPACT_ZIPKIN_TOKEN, or SPANPACT_ZIPKIN_HEADERS such as authorization=Basic%20…"
_ADDRESS: Final = "check that this is the address of Zipkin, port 9411 by default, with its base path if it has one"
_MILLISECOND_NS: Final = 1_000_000


class _Version(msgspec.Struct):
    version: str = ""


class _Info(msgspec.Struct):
    zipkin: _Version


class ZipkinSource(StoreSource):
    """The traces that a Zipkin holds, found as `StoreSource` tells.

    The capabilities are those of Zipkin's JSON in a file: values are texts, attributes of the resource are among those
    of the span, and names are in lower case.
    """

    store = "Zipkin"
    _version: str | None = None

    def info_of(self, description: Any) -> SourceInfo:
        """Return the address and the version, with what Zipkin's JSON can carry."""
        carried = ZIPKIN_JSON.capabilities - {"complete", "offered"} | self._declared
        version = "" if self._version is None else f"Zipkin {self._version}"
        return SourceInfo(f"Zipkin {self._client.url}", carried, ZIPKIN_JSON.resolution_ns, version)

    def _by_id(self, trace_id: str, deadline: float) -> list[Span]:
        self._know_version(deadline)
        return self._ask(f"/api/v2/trace/{trace_id}", [], deadline)

    def _search(self, search: Search, deadline: float) -> list[Span]:
        self._know_version(deadline)
        start, end = search.start_ns // _MILLISECOND_NS, -(-search.end_ns // _MILLISECOND_NS)
        query = [
            ("serviceName", search.service),
            ("endTs", str(end)),
            ("lookback", str(max(1, end - start))),
            ("limit", str(search.limit)),
        ]
        if search.operation:
            query.append(("spanName", search.operation))
        return self._ask("/api/v2/traces", query, deadline)

    def _know_version(self, deadline: float) -> None:
        """Ask for the version, once. Raise SourceError where the server is no Zipkin."""
        if self._version is not None:
            return
        response = self._client.get("/info", deadline=deadline)
        if response.status != 200:
            raise self._failure(response)
        try:
            stated = msgspec.json.decode(response.body, type=_Info).zipkin.version
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._not_understood(error) from None
        self._version = self._client.redacted(stated[:40])

    def _ask(self, path: str, query: Sequence[tuple[str, str]], deadline: float) -> list[Span]:
        response = self._client.get(path, query, deadline=deadline)
        if response.status == 404 and not query:
            return []
        if response.status != 200:
            raise self._failure(response)
        try:
            return list(decode_zipkin(response.body, SharedValues()))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise self._not_understood(error) from None

    def _failure(self, response: HttpResponse) -> SourceError:
        return failure_of(response, self._client, store=self.store, credentials=_CREDENTIALS, address=_ADDRESS)

    def _not_understood(self, error: Exception) -> SourceError:
        return not_understood(error, self._client, store=self.store, address=_ADDRESS)
