"""The Jaeger source: traces by their ids, or those of a service in a time window.

The stable API, `/api/v3`, is tried first, the old one only where the server lacks it. Tests should read traces by id:
right after an export, a search may not find all traces.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import methodcaller
from typing import Any, Final, Literal, TypeAlias

import msgspec

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources.http_client import DEFAULT_LIMITS, HttpClient, HttpLimits, ResponseTooLarge
from spanpact.sources.jaeger.alterations import Restorer
from spanpact.sources.jaeger.api import ApiMissing, JaegerApi, Search
from spanpact.sources.jaeger.description import Description
from spanpact.sources.jaeger.legacy_api import JaegerLegacy
from spanpact.sources.jaeger.paging import Pages
from spanpact.sources.jaeger.query import SECOND_NS, JaegerQuery
from spanpact.sources.jaeger.v3_api import JaegerV3
from spanpact.sources.jaeger.version import detect_version, marks_formats, names_spans
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions
from spanpact.sources.trace_source import SourceBase, full_trace_id
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Reading, SourceInfo, Span, Trace

Api: TypeAlias = Literal["auto", "v3", "legacy"]

COMPLETE_AFTER_SECONDS: Final = 60.0
"""A trace counts as complete this long after its last span ended, unless waiting has settled before."""
SEARCH_SECONDS: Final = 600.0
"""How long reading all parts of a time window may take."""

_APIS: Final[Mapping[Api, tuple[type[JaegerApi], ...]]] = {
    "auto": (JaegerV3, JaegerLegacy),
    "v3": (JaegerV3,),
    "legacy": (JaegerLegacy,),
}
_MOST_SPANS: Final = 2_000_000  # of one reading, which is held in memory


class JaegerSource(SourceBase):
    """The traces that a Jaeger holds: those of `trace_ids` if any are given, else those that `query` finds.

    `url` is the base URL of Jaeger's API and UI. A trace id that Jaeger does not know gives no trace. `headers`
    (credentials) are sent with every request and never shown. Jaeger does not report whether a trace is complete: one
    counts as complete when its last span ended `complete_after_seconds` ago. `limits.seconds` is the deadline of one
    question, `search_seconds` that of all questions of one search. `now_ns` is the wall clock.

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
        search_seconds: float = SEARCH_SECONDS,
        api: Api = "auto",
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        if not trace_ids and query is None:
            raise UsageError("Jaeger: neither traces nor a service is given", hint="give trace ids, or a service")
        if query:
            query.check()
            query.window(now_ns())
        self.trace_ids = tuple(dict.fromkeys(full_trace_id(each) for each in trace_ids))
        self.query = query
        self.scenarios = scenarios if scenarios is not None else {}
        self.offered = offered
        self._client = HttpClient(url, name="Jaeger", headers=headers, tls=tls, limits=limits)
        self._complete_after_seconds = complete_after_seconds
        self._search_seconds = search_seconds
        self._apis = [create(self._client) for create in _APIS[api]]
        self._version: str | None = None
        self._restorer = Restorer()
        self._now_ns = now_ns

    @property
    def info(self) -> SourceInfo:
        """Return the address, with what the API can carry. A reading is more precise."""
        return self.info_of(Description())

    @property
    def is_search(self) -> bool:
        """Return whether traces are found by a query, so that those that still grow may be left out."""
        return not self.trace_ids

    @property
    def growing(self) -> str:
        """Return what makes a trace of a search incomplete, in words that follow `traces`."""
        return f"whose last span ended less than {_duration(self._complete_after_seconds)} ago"

    def read(self) -> Reading:
        """Return the traces that Jaeger has now. All are kept in memory; `pages` gives those of a search in parts."""
        description, found = Description(), dict[str, Trace]()
        if self.trace_ids:
            all_by = self._client.deadline(self._search_seconds)
            spans = [span for trace_id in self.trace_ids for span in self._by_id(trace_id, self._question(all_by))]
            found = {trace.trace_id: trace for trace in self._traces(spans, self._now_ns(), description)}
        else:
            limit, held = self.query.limit if self.query else None, 0
            exact = not (self.query and self.query.attributes)
            for page in self.pages(description, lambda: None if limit is None else limit - len(found), exact=exact):
                for trace in page:
                    held += len(trace.spans) - len(found[trace.trace_id].spans if trace.trace_id in found else ())
                    found[trace.trace_id] = trace
                if held > _MOST_SPANS:
                    raise self._error(f"holds more than {_MOST_SPANS:,} matching spans", "shorten the window")
            found = dict(list(found.items())[:limit])
        traces = tuple(found.values())
        growing = self.growing if self.is_search else ""
        return Reading(self.info_of(description), traces, self.offered, growing=growing)

    def pages(
        self,
        description: Description,
        wanted: Callable[[], int | None] = lambda: None,
        *,
        exact: bool = False,
        since_ns: int = 0,
    ) -> Iterator[Sequence[Trace]]:
        """Yield the traces of a search that began at `since_ns` or later in parts, the newest first.

        A trace may be given twice, with more spans the second time. `wanted` returns how many more traces are enough,
        None for all; with `exact` no part has more than that where Jaeger knows limits. All spans read are added to
        `description`.
        """
        assert self.query is not None
        query, all_by = self.query, self._client.deadline(self._search_seconds)
        begun_ns = self._now_ns()
        start, end = query.window(begun_ns)

        by: float | None = None  # of a question, which may take several requests until one is answered

        def ask(start_ns: int, end_ns: int, limit: int) -> list[Span]:
            nonlocal by
            search = Search(query.service, start_ns, end_ns, limit, query.operation)
            deadline = by = by or self._question(all_by)
            try:
                spans = self._request(methodcaller("search", search, deadline), deadline)
            except ResponseTooLarge:
                by = None
                raise
            by = None
            return spans

        for spans in Pages(ask, (max(start, since_ns), end), wanted=wanted, exact=exact):
            yield tuple(filter(query.selects, self._traces(spans, begun_ns, description)))
            begun_ns = self._now_ns()

    def info_of(self, description: Description) -> SourceInfo:
        """Return the address and the version, with what the API and the storage can carry."""
        capabilities = frozenset.intersection(*(api.capabilities for api in self._apis))
        if self.offered is not None:
            capabilities |= {"offered"}
        resolution = max(description.resolution_ns, *(api.resolution_ns for api in self._apis))
        version = "" if self._version is None else f"Jaeger {self._version or 'of unknown version'}"
        name = f"Jaeger {self._client.url}"
        return SourceInfo(name, description.capabilities(capabilities), resolution, version)

    def _question(self, all_by: float) -> float:
        """Return the deadline of one question. Raise SourceUnavailable if the time for all of them is over."""
        if all_by <= self._client.deadline(0):
            raise SourceUnavailable(
                f"Jaeger at {self._client.url}: not everything was read within {self._search_seconds:g} s",
                hint="shorten the window, or raise deadline=",
            )
        return min(all_by, self._client.deadline())

    def _by_id(self, trace_id: str, deadline: float) -> list[Span]:
        return self._request(methodcaller("trace", trace_id, deadline), deadline)

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

    def _traces(self, spans: Iterable[Span], asked_ns: int, description: Description) -> Iterator[Trace]:
        """Yield the traces as they were sent, each with whether it was complete when Jaeger was asked."""
        assembler = TraceAssembler()
        assembler.add(map(self._restorer.span, spans))
        complete_before = asked_ns - round(self._complete_after_seconds * SECOND_NS)
        for trace in assembler.traces(complete=False, scenarios=self.scenarios):
            description.add(trace.spans)
            last = max(max(span.start_ns, span.end_ns) for span in trace.spans)
            yield msgspec.structs.replace(trace, complete=True) if last <= complete_before else trace

    def _error(self, what: str, hint: str) -> SourceError:
        return SourceError(f"Jaeger at {self._client.url}: {what}", hint=hint)

    def __repr__(self) -> str:
        what = f"{len(self.trace_ids)} traces" if self.trace_ids else f"service {self.query and self.query.service}"
        return f"<JaegerSource {self._client.url}, {what}>"


def _duration(seconds: float) -> str:
    """Return a duration as the parameters of the source have it: `1min`, `90s`."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds and not seconds % unit:
            return f"{seconds / unit:g}{name}"
    return f"{seconds:g}s"
