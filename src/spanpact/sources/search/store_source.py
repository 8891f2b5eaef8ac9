"""The base class of sources that read from a store: traces by their ids, or those of a service in a time window.

A trace counts as complete some time after its last span ended, as no store reports whether one is.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, TypedDict

import msgspec

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources.http_client import DEFAULT_LIMITS, HttpClient, HttpLimits, ResponseTooLarge
from spanpact.sources.search.paging import Pages
from spanpact.sources.search.query import SECOND_NS, Search, TraceQuery
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions
from spanpact.sources.trace_source import SourceBase, full_trace_id
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Capability, Reading, SourceInfo, Span, Trace

COMPLETE_AFTER_SECONDS: Final = 60.0
"""A trace counts as complete this long after its last span ended, unless waiting has settled before."""
SEARCH_SECONDS: Final = 600.0
"""How long reading all parts of a time window may take."""

_MOST_SPANS: Final = 2_000_000  # of one reading, which is held in memory


class Description(Protocol):
    """What the spans that were read show of the store. More spans may change it."""

    def add(self, spans: Iterable[Span]) -> None:
        """Add some spans."""


class FixedDescription:
    """The description of a store whose capabilities do not depend on its spans."""

    def add(self, spans: Iterable[Span]) -> None:
        """Do nothing."""


class StoreArguments(TypedDict, total=False):
    """The keyword arguments of every store's source."""

    trace_ids: Sequence[str]
    query: TraceQuery | None
    headers: Mapping[str, str] | None
    tls: TlsOptions
    scenarios: Mapping[str, str] | None
    offered: int | None
    limits: HttpLimits
    complete_after_seconds: float
    search_seconds: float
    now_ns: Callable[[], int]


class StoreSource(SourceBase):
    """The traces that a store holds: those of `trace_ids` if any are given, else those that `query` finds.

    A trace id that the store does not know gives no trace. `headers` (credentials) are sent with every request and
    never shown. A trace counts as complete when its last span ended `complete_after_seconds` ago. `limits.seconds` is
    the deadline of one question, `search_seconds` that of all questions of one search. `now_ns` is the wall clock.

    Raise UsageError for invalid arguments. `read` raises SourceError where the store cannot be read, SourceUnavailable
    where a later read may succeed.
    """

    store: ClassVar[str]
    """The store's name in messages."""

    def __init__(
        self,
        url: str,
        *,
        trace_ids: Sequence[str] = (),
        query: TraceQuery | None = None,
        headers: Mapping[str, str] | None = None,
        tls: TlsOptions = NO_TLS_OPTIONS,
        scenarios: Mapping[str, str] | None = None,
        offered: int | None = None,
        limits: HttpLimits = DEFAULT_LIMITS,
        complete_after_seconds: float = COMPLETE_AFTER_SECONDS,
        search_seconds: float = SEARCH_SECONDS,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        if not trace_ids and query is None:
            what = f"{self.store}: neither traces nor a service is given"
            raise UsageError(what, hint="give trace ids, or a service")
        if query:
            query.check(self.store)
            query.window(now_ns(), self.store)
        self.trace_ids = tuple(dict.fromkeys(full_trace_id(each) for each in trace_ids))
        self.query = query
        self.scenarios = scenarios if scenarios is not None else {}
        self.offered = offered
        self._client = HttpClient(url, name=self.store, headers=headers, tls=tls, limits=limits)
        self._complete_after_seconds = complete_after_seconds
        self._search_seconds = search_seconds
        self._now_ns = now_ns
        self._all_by = float("inf")  # until when the search under way must have read everything

    @abstractmethod
    def info_of(self, description: Any) -> SourceInfo:
        """Return the address and the version, with what the store can carry by this description."""

    @abstractmethod
    def _by_id(self, trace_id: str, deadline: float) -> list[Span]:
        """Return the spans of one trace; none where the store does not know it."""

    @abstractmethod
    def _search(self, search: Search, deadline: float) -> list[Span]:
        """Return all spans of the traces found."""

    @property
    def info(self) -> SourceInfo:
        """Return the address, with what the store is known to carry. A reading may be more precise."""
        return self.info_of(self.new_description())

    @property
    def _declared(self) -> frozenset[Capability]:
        """Return what the caller, and not the store, makes known: the number of requests, if it was given."""
        return frozenset() if self.offered is None else frozenset(["offered"])

    @property
    def is_search(self) -> bool:
        """Return whether traces are found by a query, so that those that still grow may be left out."""
        return not self.trace_ids

    @property
    def growing(self) -> str:
        """Return what makes a trace of a search incomplete, in words that follow `traces`."""
        return f"whose last span ended less than {_duration(self._complete_after_seconds)} ago"

    def new_description(self) -> Description:
        """Return the description of a store of which nothing was read."""
        return FixedDescription()

    def read(self) -> Reading:
        """Return the traces that the store has now, all in memory; `pages` gives those of a search in parts."""
        description, found = self.new_description(), dict[str, Trace]()
        if self.trace_ids:
            all_by = self._client.deadline(self._search_seconds)
            spans = [span for each in self.trace_ids for span in self._by_id(each, self._question(all_by))]
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
        None for all; with `exact` no part has more than that where the store knows limits. All spans read are added to
        `description`.
        """
        assert self.query is not None
        query, all_by = self.query, self._client.deadline(self._search_seconds)
        self._all_by = all_by
        begun_ns = self._now_ns()
        start, end = query.window(begun_ns, self.store)

        by: float | None = None  # of a question, which may take several requests until one is answered

        def ask(start_ns: int, end_ns: int, limit: int) -> list[Span]:
            nonlocal by
            search = Search(query.service, start_ns, end_ns, limit, query.operation)
            deadline = by = by or self._question(all_by)
            try:
                spans = self._search(search, deadline)
            except ResponseTooLarge:
                by = None
                raise
            by = None
            return spans

        for spans in Pages(ask, (max(start, since_ns), end), wanted=wanted, exact=exact):
            yield tuple(filter(query.selects, self._traces(spans, begun_ns, description)))
            begun_ns = self._now_ns()

    def _question(self, all_by: float) -> float:
        """Return the deadline of one question. Raise SourceUnavailable if the time for all of them is over."""
        if all_by <= self._client.deadline(0):
            raise SourceUnavailable(
                f"{self._server}: not everything was read within {self._search_seconds:g} s",
                hint="shorten the window, or raise deadline=",
            )
        return min(all_by, self._client.deadline())

    def _restored(self, spans: Iterable[Span]) -> Iterable[Span]:
        """Return the spans as they were sent, where the store is known to change them."""
        return spans

    def _traces(self, spans: Iterable[Span], asked_ns: int, description: Description) -> Iterator[Trace]:
        """Yield the traces as they were sent, each with whether it was complete when the store was asked."""
        assembler = TraceAssembler()
        assembler.add(self._restored(spans))
        complete_before = asked_ns - round(self._complete_after_seconds * SECOND_NS)
        for trace in assembler.traces(complete=False, scenarios=self.scenarios):
            description.add(trace.spans)
            last = max(max(span.start_ns, span.end_ns) for span in trace.spans)
            yield msgspec.structs.replace(trace, complete=True) if last <= complete_before else trace

    @property
    def _server(self) -> str:
        return f"{self.store} at {self._client.url}"

    def _error(self, what: str, hint: str) -> SourceError:
        return SourceError(f"{self._server}: {what}", hint=hint)

    def __repr__(self) -> str:
        what = f"{len(self.trace_ids)} traces" if self.trace_ids else f"service {self.query and self.query.service}"
        return f"<{type(self).__name__} {self._client.url}, {what}>"


def _duration(seconds: float) -> str:
    """Return a duration as the parameters of the source have it: `1min`, `90s`."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds and not seconds % unit:
            return f"{seconds / unit:g}{name}"
    return f"{seconds:g}s"
