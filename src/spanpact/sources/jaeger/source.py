"""The Jaeger source: traces by their ids, or those of a service in a time range.

`/api/v3`, the stable API, is asked first, the old one only where that is not there. What is asserted is asserted by
trace id: the order of a search's results and its limit mean nothing right after an export.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any, Final, Literal, TypeAlias

import msgspec

from spanpact.errors import SourceError, UsageError
from spanpact.sources.http_client import DEFAULT_LIMITS, NO_TLS_OPTIONS, HttpClient, HttpLimits, TlsOptions
from spanpact.sources.jaeger.alterations import Restorer
from spanpact.sources.jaeger.legacy_api import JaegerLegacy
from spanpact.sources.jaeger.v3_api import JaegerV3, NotSpoken, Search
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Attributes, Capability, Reading, SourceInfo, Span, Trace, Value

Api: TypeAlias = Literal["auto", "v3", "legacy"]

COMPLETE_AFTER_SECONDS: Final = 60.0
"""How long after its last span ended a trace counts as complete, unless waiting has settled before."""

_DIALECTS: Final[Mapping[Api, tuple[type[JaegerV3] | type[JaegerLegacy], ...]]] = {
    "auto": (JaegerV3, JaegerLegacy),
    "v3": (JaegerV3,),
    "legacy": (JaegerLegacy,),
}
_REFERENCE: Final = "opentracing.ref_type"
"""The attribute of a link in a storage that has the model of Jaeger 1, where links have no others."""

_SECOND: Final = 1_000_000_000
_AHEAD: Final = 60 * _SECOND  # how far another machine's clock may run ahead of ours
_MOST_TRACES: Final = 1500  # what Jaeger's own UI asks for at most
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class JaegerQuery:
    """Which traces to read: those in which a span of the service started within the last `lookback_seconds`.

    `operation` is a span's name; of `attributes` (compared as text, `true` and `5`) one span of the trace has all.
    `limit` is how many traces are enough; without it, more than Jaeger is asked for at once are a SourceError.
    """

    service: str
    operation: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    lookback_seconds: float = 3600.0
    limit: int | None = None


class JaegerSource(SourceBase):
    """The traces that a Jaeger holds: those of `trace_ids` if any are given, else those that `query` finds.

    `url` is the base URL of Jaeger's API and UI. A trace id that Jaeger does not know gives no trace. `headers` go
    with every request (credentials) and are never shown. Jaeger never says that a trace is complete: one counts as
    complete when its last span ended `complete_after_seconds` ago. `now_ns` is the wall clock.

    Capabilities: events, status message, scope, resource, types of numbers, bytes, and links unless the old API had
    to be asked. `remote`, `trace_state`, `dropped_counts` and `value_types` (lists, maps, the empty value) depend on
    Jaeger's storage, and are declared by a reading that has any. Links are not carried where the storage kept a type
    of reference of them and nothing else. Where all times are whole microseconds, that is the resolution.

    Raises UsageError for arguments that make no sense. `read` raises SourceError where Jaeger cannot be asked
    (SourceUnavailable where asking again may help).
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
            raise UsageError("Jaeger: which traces?", hint="name trace ids, or a service")
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
        self._dialects = [dialect(self._client) for dialect in _DIALECTS[api]]
        self._now_ns = now_ns

    @property
    def info(self) -> SourceInfo:
        """The address, with what the API can carry; a reading knows better."""
        return SourceInfo(f"Jaeger {self._client.url}", self._carried())

    def read(self) -> Reading:
        """The traces that Jaeger has now."""
        if self.trace_ids:
            spans = [span for trace_id in self.trace_ids for span in self._ask(methodcaller("trace", trace_id))]
        else:
            spans = self._found()
        assembler = TraceAssembler()
        assembler.add(map(Restorer().span, spans))
        traces = tuple(map(self._dated, assembler.traces(complete=False, scenarios=self.scenarios)))
        return Reading(self._info_of(traces), self._wanted(traces), self.offered)

    def _ask(self, question: Callable[[Any], list[Span]]) -> list[Span]:
        """The answer of the first API that is there, which is then the only one to be asked."""
        for dialect in self._dialects:
            try:
                answer = question(dialect)
            except NotSpoken:
                continue
            self._dialects = [dialect]
            return answer
        tried = " nor ".join(dialect.name for dialect in self._dialects)
        message = f"Jaeger at {self._client.url}: {'neither ' if ' nor ' in tried else 'no '}{tried} is there"
        hint = "give the address of Jaeger's API and UI (port 16686 by default), with its base path if it has one"
        raise SourceError(message, hint=hint)

    def _found(self) -> list[Span]:
        query, now = self.query, self._now_ns()
        assert query is not None
        limit = query.limit or _MOST_TRACES
        start = max(0, now - round(query.lookback_seconds * _SECOND))
        attributes = tuple(query.attributes.items())
        search = Search(query.service, start, now + _AHEAD, limit, query.operation, attributes)
        spans = self._ask(methodcaller("search", search))
        if query.limit is None and len({span.trace_id for span in spans}) >= limit:
            message = f"Jaeger at {self._client.url}: holds {limit} such traces and more"
            raise SourceError(message, hint="narrow the lookback, or say with limit=N how many are enough")
        return spans

    def _wanted(self, traces: Sequence[Trace]) -> Sequence[Trace]:
        """The traces of which one span has all the attributes: `/api/v3` does not look at them."""
        wanted = {} if self.trace_ids or self.query is None else self.query.attributes
        if not wanted:
            return traces
        return tuple(trace for trace in traces if any(_has(span.attributes, wanted) for span in trace.spans))

    def _dated(self, trace: Trace) -> Trace:
        last = max(max(span.start_ns, span.end_ns) for span in trace.spans)
        if last + self._complete_after_ns > self._now_ns():
            return trace
        return msgspec.structs.replace(trace, complete=True)

    def _carried(self) -> frozenset[Capability]:
        carried = frozenset.intersection(*(dialect.capabilities for dialect in self._dialects))
        return carried if self.offered is None else carried | {"offered"}

    def _info_of(self, traces: Sequence[Trace]) -> SourceInfo:
        spans = [span for trace in traces for span in trace.spans]
        more: set[Capability] = set()
        if any(span.parent_remote is not None for span in spans):
            more.add("remote")
        if any(span.trace_state for span in spans):
            more.add("trace_state")
        if any(map(_says_dropped, spans)):
            more.add("dropped_counts")
        if any(map(_has_structure, spans)):
            more.add("value_types")
        resolution = max(_resolution_ns(spans), *(dialect.resolution_ns for dialect in self._dialects))
        carried = self._carried() | more
        if any(_REFERENCE in link.attributes for span in spans for link in span.links):
            carried -= {"links"}
        return SourceInfo(self.info.name, carried, resolution)

    def __repr__(self) -> str:
        what = f"{len(self.trace_ids)} traces" if self.trace_ids else f"service {self.query and self.query.service}"
        return f"<JaegerSource {self._client.url}, {what}>"


def _says_dropped(span: Span) -> bool:
    """Whether anything is said to be dropped from the span, or from an event or a link of it."""
    counts = [span.dropped_attributes, span.dropped_events, span.dropped_links]
    counts += [event.dropped_attributes for event in span.events]
    counts += [link.dropped_attributes for link in span.links]
    return any(counts)


def _has_structure(span: Span) -> bool:
    """Whether there is a list, a map or the empty value in the span, which storages of Jaeger 1 have as texts."""
    carried = [span.attributes, span.resource.attributes, span.scope.attributes]
    carried += [event.attributes for event in span.events]
    carried += [link.attributes for link in span.links]
    return any(isinstance(value, list | dict | None) for attributes in carried for value in attributes.values())


def full_trace_id(text: str) -> str:
    """A trace id with all its 32 digits, in lower case; UsageError for what is none."""
    digits = text.strip().lower()
    if not digits or len(digits) > 32 or not _HEX.issuperset(digits):
        raise UsageError(f"not a trace id: {text[:64]!r}", hint="accepted: up to 32 hexadecimal digits")
    return digits.zfill(32)


def _resolution_ns(spans: Iterable[Span]) -> int:
    """1 ns, or 1 us where all times are whole microseconds: so most storages of Jaeger keep them."""
    times = (time for span in spans for time in (span.start_ns, span.end_ns, *(e.time_ns for e in span.events)))
    return 1 if any(time % 1000 for time in times) else 1000


def _has(attributes: Attributes, wanted: Mapping[str, str]) -> bool:
    return all(name in attributes and _as_text(attributes[name]) == text for name, text in wanted.items())


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
