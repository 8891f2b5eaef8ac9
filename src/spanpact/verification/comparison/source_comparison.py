"""Compare two sources of one run: find what the second lost or altered of what the first holds.

Spans are paired by trace id and span id. The first source decides which traces are compared: further traces of the
others are ignored. Only what both sources can carry is compared, and times at the coarser of their resolutions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from spanpact.engine.results.masking import abridged
from spanpact.engine.results.verdict import verdict_of
from spanpact.findings import ContractResult, Coverage, Finding, NotChecked, Report
from spanpact.privacy import mask
from spanpact.trace.model import Capability, LogRecord, Reading, SourceInfo, Span, Trace
from spanpact.trace.topology import Topology
from spanpact.verification.comparison.span_comparison import SpanComparer

ENTRY: Final = "comparison"
"""The entry id of all findings of a comparison."""

_COMPARED: Final[tuple[Capability, ...]] = (
    "events",
    "links",
    "status_message",
    "scope",
    "resource",
    "remote",
    "number_types",
    "value_types",
    "scalar_types",
    "status_ok",
    "bytes",
    "trace_state",
    "dropped_counts",
)
_COMPARED_WHERE_PRESENT: Final[tuple[Capability, ...]] = ("schema_urls", "logs")  # fmt: skip
_NAMED: Final = 20  # spans whose ids one finding lists


def compare(
    first: Reading,
    *others: Reading,
    complete: bool = True,
    strict: bool = False,
    header: Sequence[tuple[str, str]] = (),
) -> Report:
    """Look up every span of the first reading in each of the others, and report what is lost or differs.

    Unless `complete`, spans that another source lacks may still come: they are not checked (`incomplete`). The report
    has one result for each of the others; its reading holds the spans of all. With `strict`, fields that a source
    cannot carry leave the result not checked.
    """
    results = tuple(_compared(first, other, complete) for other in others)
    return Report(results, (), _union(first, others), strict, header=header)


def _compared(first: Reading, second: Reading, complete: bool) -> ContractResult:
    common = first.source.capabilities & second.source.capabilities
    comparer = SpanComparer(common, max(first.source.resolution_ns, second.source.resolution_ns))
    in_second = {trace.trace_id: trace for trace in second.traces}
    findings: list[Finding] = []
    late = compared = 0
    for trace in first.traces:
        pair = _TracePair(
            Topology(trace), Topology(in_second.get(trace.trace_id, Trace(trace.trace_id, ()))), second.source.name
        )
        late += 0 if complete else len(pair.lost)
        compared += len(pair.shared)
        findings += _findings(pair, comparer, complete)
    not_checked = list(_gaps(first, second.source))
    if late:
        not_checked.append(NotChecked(ENTRY, "span", "incomplete", "spans may still arrive", late))
    if not first.traces:
        not_checked.append(NotChecked(ENTRY, "span", "unseen", f"{first.source.name} holds no trace"))
    coverage = (Coverage(ENTRY, "span", "exercised" if compared else "unseen", compared),)
    verdict = verdict_of(findings, not_checked, coverage)
    flows = tuple((trace.trace_id, "") for trace in first.traces)
    name = f"{first.source.name} = {second.source.name}"
    return ContractResult(name, "", "", verdict, len(flows), tuple(findings), tuple(not_checked), coverage, flows)


def _gaps(first: Reading, second: SourceInfo) -> Iterator[NotChecked]:
    """Yield what cannot be compared because one of the two sources cannot carry it."""
    for capability in (*_COMPARED, *(each for each in _COMPARED_WHERE_PRESENT if _holds(first, each))):
        lacking = [info.name for info in (first.source, second) if capability not in info.capabilities]
        if lacking:
            what = f"{' and '.join(lacking)} carries no {capability.replace('_', ' ')}"
            yield NotChecked(ENTRY, capability, "capability", what)


def _holds(reading: Reading, capability: Capability) -> bool:
    """Return whether the reading has log records, or schema URLs."""
    if capability == "logs":
        return any(trace.logs for trace in reading.traces)
    return any(span.resource.schema_url or span.scope.schema_url for trace in reading.traces for span in trace.spans)


def _union(first: Reading, others: Sequence[Reading]) -> Reading:
    """Return the first reading with the spans that only others hold: what a report draws."""
    more: dict[str, dict[str, Span]] = {}
    for trace in (trace for other in others for trace in other.traces):
        more.setdefault(trace.trace_id, {}).update((span.span_id, span) for span in trace.spans)
    traces = []
    for trace in first.traces:
        known = {span.span_id for span in trace.spans}
        added = [span for span in more.get(trace.trace_id, {}).values() if span.span_id not in known]
        traces.append(msgspec.structs.replace(trace, spans=(*trace.spans, *added)) if added else trace)
    name = ", ".join([first.source.name, *(other.source.name for other in others)])
    return Reading(SourceInfo(name, first.source.capabilities), traces, first.offered)


class _TracePair:
    """One trace as the two sources hold it. `name` is that of the second source, for messages."""

    def __init__(self, first: Topology, second: Topology, name: str) -> None:
        self.first, self.second, self.name = first, second, name
        self.shared = [span for span in first.spans if _counterpart(first, span, second)]
        self.lost = [span for span in first.spans if not _counterpart(first, span, second)]
        self.added = [span for span in second.spans if not _counterpart(second, span, first)]


def _counterpart(topology: Topology, span: Span, other: Topology) -> Span | None:
    """Return the span that the other trace holds for this one; where two spans share an id, the one of its kind."""
    i = other.by_id.get(span.span_id)
    if i is not None and other.clients and span.kind == "client":
        i = other.clients.get(span.span_id, i)
    if i is None:
        return None
    found = other.spans[i]
    shared = span.span_id in topology.clients or span.span_id in other.clients
    return None if shared and found.kind != span.kind else found


def _findings(pair: _TracePair, comparer: SpanComparer, complete: bool) -> Iterator[Finding]:
    if complete and pair.lost:
        yield from _lost(pair)
    for span in pair.added:
        message = f"{pair.name} holds a span that the first source lacks"
        yield _finding("span-lost", message, pair.second, span, "span", "no such span", "a span")
    for span in pair.shared:
        other = _counterpart(pair.first, span, pair.second)
        assert other is not None
        for difference in comparer.differences(span, other):
            message = f"{_safe(difference.field)} differs in {pair.name}"
            yield _finding(
                "span-altered", message, pair.first, span, difference.field, difference.expected, difference.observed
            )
    if complete and "logs" in comparer.common:
        yield from _altered_logs(pair, comparer)
    yield from _duplicated(pair)


def _altered_logs(pair: _TracePair, comparer: SpanComparer) -> Iterator[Finding]:
    """Yield the differences of log records, span by span. Those of a lost span are lost with it."""
    mine, theirs = _logs_by_span(pair.first), _logs_by_span(pair.second)
    lost = {span.span_id for span in (*pair.lost, *pair.added)}
    for span_id in sorted((mine.keys() | theirs.keys()) - lost):
        span = pair.first.spans[pair.first.by_id[span_id]] if span_id in pair.first.by_id else None
        for difference in comparer.logs(mine.get(span_id, ()), theirs.get(span_id, ())):
            message = f"{_safe(difference.field)} differs in {pair.name}"
            yield _finding(
                "span-altered", message, pair.first, span, difference.field, difference.expected, difference.observed
            )


def _logs_by_span(topology: Topology) -> Mapping[str, Sequence[LogRecord]]:
    by_span: dict[str, list[LogRecord]] = {}
    for record in topology.trace.logs:
        by_span.setdefault(record.span_id, []).append(record)
    return by_span


def _lost(pair: _TracePair) -> Iterator[Finding]:
    """Yield one finding for a trace lost as a whole, else one for each lost span and each span that lost its parent."""
    if not pair.shared:
        ids = tuple(span.span_id for span in pair.lost[:_NAMED])
        wanted = f"{len(pair.lost)} spans"
        message = f"{pair.name} has no span of the trace"
        yield _finding("span-lost", message, pair.first, pair.lost[0], "trace", wanted, "none", ids)
        return
    gone = {span.span_id for span in pair.lost}
    for span in pair.lost:
        yield _finding(
            "span-lost", f"{_safe(span.name)} is not in {pair.name}", pair.first, span, "span", "a span", "none"
        )
    for span in pair.shared:
        if span.parent_id in gone:
            message = f"{_safe(span.name)} is an orphan in {pair.name}"
            yield _finding("span-orphan", message, pair.first, span, "parent", "a parent in the trace", "it is lost")


def _duplicated(pair: _TracePair) -> Iterator[Finding]:
    """Yield a finding for each span that the second source holds more often than the first."""
    mine, theirs = _copies(pair.first), _copies(pair.second)
    for span_id, number in theirs.items():
        if number > mine.get(span_id, 1):
            span = pair.second.spans[pair.second.by_id[span_id]]
            message = f"{_safe(span.name)} occurs more than once in {pair.name}"
            yield _finding(
                "span-duplicate", message, pair.second, span, "span", f"{mine.get(span_id, 1)} of it", f"{number} of it"
            )


def _copies(topology: Topology) -> Mapping[str, int]:
    copies: dict[str, int] = {}
    for span in topology.duplicates:
        copies[span.span_id] = copies.get(span.span_id, 1) + 1
    return copies


def _finding(
    id: str,
    message: str,
    topology: Topology,
    span: Span | None,
    keyword: str,
    expected: str,
    observed: str,
    spans: tuple[str, ...] = (),
) -> Finding:
    """Return the finding, at the trace where `span` is None.

    `message` must be masked: it names a source, whose address must not be masked.
    """
    return Finding(
        id, ENTRY, message, keyword=_safe(keyword), trace_id=_safe(topology.trace.trace_id),
        span_id=_safe(span.span_id) if span else "",
        path=tuple(map(_safe, topology.names(topology.index_of(span)))) if span else (),
        expected=_safe(expected), observed=_safe(observed), spans=tuple(map(_safe, spans)),
    )  # fmt: skip


def _safe(text: str) -> str:
    return abridged(mask(text))
