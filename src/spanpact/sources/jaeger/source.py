"""The Jaeger source: traces by their ids, or those of a service in a time window.

The stable API, `/api/v3`, is tried first, the old one only where the server lacks it. Tests should read traces by id:
right after an export, a search may not find all traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import methodcaller
from typing import Any, Final, Literal, TypeAlias, Unpack

from spanpact.sources.jaeger.alterations import Restorer
from spanpact.sources.jaeger.api import ApiMissing, JaegerApi
from spanpact.sources.jaeger.description import Description
from spanpact.sources.jaeger.legacy_api import JaegerLegacy
from spanpact.sources.jaeger.v3_api import JaegerV3
from spanpact.sources.jaeger.version import detect_version, marks_formats, names_spans
from spanpact.sources.search.query import Search
from spanpact.sources.search.store_source import StoreArguments, StoreSource
from spanpact.trace.model import SourceInfo, Span

Api: TypeAlias = Literal["auto", "v3", "legacy"]

_APIS: Final[Mapping[Api, tuple[type[JaegerApi], ...]]] = {
    "auto": (JaegerV3, JaegerLegacy),
    "v3": (JaegerV3,),
    "legacy": (JaegerLegacy,),
}


class JaegerSource(StoreSource):
    """The traces that a Jaeger holds: those of `trace_ids` if any are given, else those that `query` finds.

    `url` is the base URL of Jaeger's API and UI; `StoreSource` tells the other arguments.

    Capabilities: events, status message, scope, resource, number types and bytes; links with the stable API only.
    `remote`, `trace_state`, `schema_urls`, `dropped_counts` and `value_types` (lists, maps, the empty value) depend on
    the storage: a reading declares those that it has. It does not declare links where the storage kept only a type of
    reference. Where all times are whole microseconds, the resolution is 1 us.
    """

    store = "Jaeger"

    def __init__(self, url: str, *, api: Api = "auto", **arguments: Unpack[StoreArguments]) -> None:
        super().__init__(url, **arguments)
        self._apis = [create(self._client) for create in _APIS[api]]
        self._version: str | None = None
        self._restorer = Restorer()

    def new_description(self) -> Description:
        """Return the description of a storage of which nothing was read."""
        return Description()

    def info_of(self, description: Description) -> SourceInfo:
        """Return the address and the version, with what the API and the storage can carry."""
        capabilities = frozenset.intersection(*(api.capabilities for api in self._apis)) | self._declared
        resolution = max(description.resolution_ns, *(api.resolution_ns for api in self._apis))
        version = "" if self._version is None else f"Jaeger {self._version or 'of unknown version'}"
        name = f"Jaeger {self._client.url}"
        return SourceInfo(name, description.capabilities(capabilities), resolution, version)

    def _by_id(self, trace_id: str, deadline: float) -> list[Span]:
        return self._request(methodcaller("trace", trace_id, deadline), deadline)

    def _search(self, search: Search, deadline: float) -> list[Span]:
        return self._request(methodcaller("search", search, deadline), deadline)

    def _restored(self, spans: Iterable[Span]) -> Iterable[Span]:
        return map(self._restorer.span, spans)

    def _request(self, request: Callable[[Any], list[Span]], deadline: float) -> list[Span]:
        """Return the spans from the first API that the server has. Later requests use that API only."""
        for api in self._apis:
            try:
                spans = request(api)
            except ApiMissing:
                continue
            self._apis = [api]
            self._know_version(deadline)
            return spans
        tried = " or ".join(api.name for api in self._apis)
        hint = "give the address of Jaeger's API and UI (port 16686 by default), with its base path if it has one"
        if self.is_search and isinstance(self._apis[-1], JaegerLegacy) and len(self._apis) == 1:
            tried, hint = f"a search in {tried}", f"newer Jaegers have it in {JaegerV3.name} only: leave out api=legacy"
        raise self._error(f"the server does not have {tried}", hint)

    def _know_version(self, deadline: float) -> None:
        if self._version is None:
            self._version = detect_version(self._client, deadline)
            version = self._version
            self._restorer = Restorer(names_spans=names_spans(version), marks_formats=marks_formats(version))
