"""The Jaeger source: traces by their ids, or those of a service in a time range.

The stable API, `/api/v3`, is tried first, the old one only where the server lacks it. Tests should read traces by id:
right after an export, a search may not find all traces, and the order of its results is arbitrary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any, Final, Literal, TypeAlias

import msgspec

from spanpact.errors import SourceError, UsageError
from spanpact.sources.http_client import DEFAULT_LIMITS, HttpClient, HttpLimits
from spanpact.sources.jaeger.alterations import Restorer
from spanpact.sources.jaeger.api import ApiMissing, JaegerApi, Search
from spanpact.sources.jaeger.legacy_api import JaegerLegacy
from spanpact.sources.jaeger.v3_api import JaegerV3
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions
from spanpact.sources.trace_source import SourceBase, full_trace_id
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Attributes, Capability, Reading, SourceInfo, Span, Trace, Value

Api: TypeAlias = Literal["auto", "v3", "legacy"]

COMPLETE_AFTER_SECONDS: Final = 60.0
"""A trace counts as complete this long after its last span ended, unless waiting has settled before."""

_APIS: Final[Mapping[Api, tuple[type[JaegerApi], ...]]] = {
    "auto": (JaegerV3, JaegerLegacy),
    "v3": (JaegerV3,),
    "legacy": (JaegerLegacy,),
}
_REFERENCE: Final = "opentracing.ref_type"
"""The only attribute of links in storages with the model of Jaeger 1."""

_SECOND: Final = 1_000_000_000
_AHEAD: Final = 60 * _SECOND  # by how much another machine's clock may be ahead of ours
_MOST_TRACES: Final = 1500  # the largest limit in Jaeger's own UI


@dataclass(frozen=True, slots=True)
class JaegerQuery:
    """A query for traces in which a span of the service started within the last `lookback_seconds`.

    `operation` is a span's name. Some span of the trace must have all `attributes`, compared as text (`true`, `5`).
    `limit` is the number of traces that are enough. Without it, reading raises SourceError where there are more traces
    than one request returns.
    """

    service: str
    operation: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    lookback_seconds: float = 3600.0
    limit: int | None = None


class JaegerSource(SourceBase):
    """The traces that a Jaeger holds: those of `trace_ids` if any are given, else those that `query` finds.

    `url` is the base URL of Jaeger's API and UI. A trace id that Jaeger does not know gives no trace. `headers`
    (credentials) are sent with every request and never shown. Jaeger does not report whether a trace is complete: one
    counts as complete when its last span ended `complete_after_seconds` ago. `now_ns` is the wall clock.

    Capabilities: events, status message, scope, resource, number types and bytes; links with the stable API only.
    `remote`, `trace_state`, `schema_urls`, `dropped_counts` and `value_types` (lists, maps, the empty value) depend on
    the storage: a reading declares those that it has. It does not declare links where the storage kept only a type of
    reference. Where all times are whole microseconds, the resolution is 1 us.

    Raise UsageError for invalid arguments. `read` raises SourceError where Jaeger cannot be read, SourceUnavailable
    where a later read may succeed.
    """

    def __init__(
        self,
        url: str,
        *,
        trace_ids: Sequence[str] = (),
        query: JaegerQuery | None = None,
        headers: Mapping[str, str] | None = None,
        tls: TlsOptions = NO_TLS_OPTIONS,
        scenarios: Mapping[str, str] | None = None,
        offered: int | None = None,
        limits: HttpLimits = DEFAULT_LIMITS,
        complete_after_seconds: float = COMPLETE_AFTER_SECONDS,
        api: Api = "auto",
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        if not trace_ids and query is None:
            raise UsageError("Jaeger: neither traces nor a service is given", hint="give trace ids, or a service")
        if query and (
            not query.service or not query.lookback_seconds > 0 or (query.limit is not None and query.limit < 1)
        ):
            raise UsageError("Jaeger: a query needs a service, a positive lookback and a positive limit")
        self.trace_ids = tuple(dict.fromkeys(full_trace_id(each) for each in trace_ids))
        self.query = query
        self.scenarios = scenarios if scenarios is not None else {}
        self.offered = offered
        self._client = HttpClient(url, name="Jaeger", headers=headers, tls=tls, limits=limits)
        self._complete_after_ns = round(complete_after_seconds * _SECOND)
        self._apis = [create(self._client) for create in _APIS[api]]
        self._now_ns = now_ns

    @property
    def info(self) -> SourceInfo:
        """Return the address, with what the API can carry. A reading is more precise."""
        return SourceInfo(f"Jaeger {self._client.url}", self._capabilities())

    def read(self) -> Reading:
        """Return the traces that Jaeger has now."""
        if self.trace_ids:
            spans = [span for trace_id in self.trace_ids for span in self._request(methodcaller("trace", trace_id))]
        else:
            spans = self._search()
        assembler = TraceAssembler()
        assembler.add(map(Restorer().span, spans))
        traces = tuple(map(self._with_completeness, assembler.traces(complete=False, scenarios=self.scenarios)))
        return Reading(self._describe(traces), self._matching(traces), self.offered)

    def _request(self, request: Callable[[Any], list[Span]]) -> list[Span]:
        """Return the spans from the first API that the server has. Later requests use that API only."""
        for api in self._apis:
            try:
                spans = request(api)
            except ApiMissing:
                continue
            self._apis = [api]
            return spans
        tried = " or ".join(api.name for api in self._apis)
        message = f"Jaeger at {self._client.url}: the server does not have {tried}"
        hint = "give the address of Jaeger's API and UI (port 16686 by default), with its base path if it has one"
        raise SourceError(message, hint=hint)

    def _search(self) -> list[Span]:
        query, now = self.query, self._now_ns()
        assert query is not None
        limit = query.limit or _MOST_TRACES
        start = max(0, now - round(query.lookback_seconds * _SECOND))
        attributes = tuple(query.attributes.items())
        search = Search(query.service, start, now + _AHEAD, limit, query.operation, attributes)
        spans = self._request(methodcaller("search", search))
        if query.limit is None and len({span.trace_id for span in spans}) >= limit:
            message = f"Jaeger at {self._client.url}: holds {limit} or more matching traces"
            raise SourceError(message, hint="shorten the lookback, or set limit=N to the number that is enough")
        return spans

    def _matching(self, traces: Sequence[Trace]) -> Sequence[Trace]:
        """Return the traces in which some span has all attributes of the query, which `/api/v3` ignores."""
        wanted = {} if self.trace_ids or self.query is None else self.query.attributes
        if not wanted:
            return traces
        return tuple(trace for trace in traces if any(_has(span.attributes, wanted) for span in trace.spans))

    def _with_completeness(self, trace: Trace) -> Trace:
        last = max(max(span.start_ns, span.end_ns) for span in trace.spans)
        if last + self._complete_after_ns > self._now_ns():
            return trace
        return msgspec.structs.replace(trace, complete=True)

    def _capabilities(self) -> frozenset[Capability]:
        capabilities = frozenset.intersection(*(api.capabilities for api in self._apis))
        return capabilities if self.offered is None else capabilities | {"offered"}

    def _describe(self, traces: Sequence[Trace]) -> SourceInfo:
        spans = [span for trace in traces for span in trace.spans]
        more: set[Capability] = set()
        if any(span.parent_remote is not None for span in spans):
            more.add("remote")
        if any(span.trace_state for span in spans):
            more.add("trace_state")
        if any(span.resource.schema_url or span.scope.schema_url or span.scope.attributes for span in spans):
            more.add("schema_urls")
        if any(map(_has_dropped_counts, spans)):
            more.add("dropped_counts")
        if any(map(_has_structure, spans)):
            more.add("value_types")
        resolution = max(_resolution_ns(spans), *(api.resolution_ns for api in self._apis))
        capabilities = self._capabilities() | more
        if any(_REFERENCE in link.attributes for span in spans for link in span.links):
            capabilities -= {"links"}
        return SourceInfo(self.info.name, capabilities, resolution)

    def __repr__(self) -> str:
        what = f"{len(self.trace_ids)} traces" if self.trace_ids else f"service {self.query and self.query.service}"
        return f"<JaegerSource {self._client.url}, {what}>"


def _has_dropped_counts(span: Span) -> bool:
    """Return whether the span, or something that it carries, has a dropped count."""
    counts = [span.dropped_attributes, span.dropped_events, span.dropped_links]
    counts += [span.resource.dropped_attributes, span.scope.dropped_attributes]
    counts += [event.dropped_attributes for event in span.events]
    counts += [link.dropped_attributes for link in span.links]
    return any(counts)


def _has_structure(span: Span) -> bool:
    """Return whether the span has a list, a map or the empty value, which storages of Jaeger 1 keep as text."""
    attribute_sets = [span.attributes, span.resource.attributes, span.scope.attributes]
    attribute_sets += [event.attributes for event in span.events]
    attribute_sets += [link.attributes for link in span.links]
    return any(isinstance(value, list | dict | None) for attributes in attribute_sets for value in attributes.values())


def _resolution_ns(spans: Iterable[Span]) -> int:
    """Return 1000 (ns) where all times are whole microseconds, as most storages of Jaeger keep them; else 1."""
    times = (time for span in spans for time in (span.start_ns, span.end_ns, *(e.time_ns for e in span.events)))
    return 1 if any(time % 1000 for time in times) else 1000


def _has(attributes: Attributes, wanted: Mapping[str, str]) -> bool:
    return all(name in attributes and _as_text(attributes[name]) == text for name, text in wanted.items())


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
