"""The Tempo source: traces by their ids, or those that a TraceQL search for a service finds in a time window.

A search gives ids of traces, in seconds of time and in no certain order; each trace is then read by its id, as OTLP
JSON. `/api/v2/traces` says when an answer has a part of a trace only, which is an error; Tempos before 2.7 lack it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from spanpact.errors import SourceError
from spanpact.otlp import Origin, SharedValues, decode_json
from spanpact.sources.http_client import HttpResponse
from spanpact.sources.jaeger.description import Description
from spanpact.sources.search.failures import failure_of, not_understood
from spanpact.sources.search.query import SECOND_NS, Search
from spanpact.sources.search.store_source import StoreSource
from spanpact.trace.model import Capability, SourceInfo, Span

_CARRIED: Final[frozenset[Capability]] = frozenset(
    ["events", "links", "status_message", "status_ok", "scope", "resource", "scalar_types", "number_types", "bytes"]
)
_CREDENTIALS: Final = "set SPANPACT_TEMPO_TOKEN, or SPANPACT_TEMPO_HEADERS such as x-scope-orgid=TENANT"
_ADDRESS: Final = "check that this is the address of Tempo's API, port 3200 by default, with its prefix if it has one"
_TRACES: Final = ("/api/v2/traces", "/api/traces")
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


class _Found(msgspec.Struct):
    trace_id: str = msgspec.field(name="traceID")


class _Answer(msgspec.Struct):
    traces: list[_Found] | None = None


class TempoSource(StoreSource):
    """The traces that a Tempo holds, found as `StoreSource` tells.

    Capabilities: events, links, status message, the status ok, scope, resource, numbers and their types, bytes. Those
    that depend on the version of Tempo's blocks (remote flags, trace state, schema URLs, dropped counts, lists and
    maps) are declared by a reading that has them.
    """

    store = "Tempo"
    _path = 0

    def new_description(self) -> Description:
        """Return the description of a store of which nothing was read."""
        return Description()

    def info_of(self, description: Description) -> SourceInfo:
        """Return the address, with what the spans that were read show."""
        carried = description.capabilities(_CARRIED) | self._declared
        return SourceInfo(f"Tempo {self._client.url}", carried, description.resolution_ns)

    def _by_id(self, trace_id: str, deadline: float) -> list[Span]:
        for path in _TRACES[self._path :]:
            response = self._client.get(f"{path}/{trace_id}", deadline=deadline)
            if response.status == 200:
                self._path = _TRACES.index(path)
                return self._decoded(response.body)
            if response.status != 404:
                raise self._failure(response)
        return []

    def _search(self, search: Search, deadline: float) -> list[Span]:
        start, end = search.start_ns // SECOND_NS, -(-search.end_ns // SECOND_NS)
        query = [("q", _trace_ql(search)), ("start", str(start)), ("end", str(max(end, start + 1)))]
        query += [("limit", str(search.limit)), ("spss", "1")]
        response = self._client.get("/api/search", query, deadline=deadline)
        if response.status != 200:
            raise self._failure(response)
        try:
            found = msgspec.json.decode(response.body, type=_Answer).traces or []
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise not_understood(error, self._client, store=self.store, address=_ADDRESS) from None
        return self._each(sorted({each.trace_id.zfill(32) for each in found}))

    def _each(self, trace_ids: Sequence[str]) -> list[Span]:
        """Return the spans of these traces. Each is a question of its own."""
        return [span for each in trace_ids for span in self._by_id(each, self._question(self._all_by))]

    def _decoded(self, body: bytes) -> list[Span]:
        origin = Origin(f"Tempo at {self._client.url}")
        decoded = decode_json(body, origin=origin, shared=SharedValues(), duplicate_keys=False, wrapped=True)
        return list(decoded.spans)

    def _failure(self, response: HttpResponse) -> SourceError:
        return failure_of(response, self._client, store=self.store, credentials=_CREDENTIALS, address=_ADDRESS)


def _trace_ql(search: Search) -> str:
    """Return the query for spans of the service, and with the name of the operation."""
    named = f' && name = "{search.operation.translate(_ESCAPES)}"' if search.operation else ""
    return f'{{ resource.service.name = "{search.service.translate(_ESCAPES)}"{named} }}'
