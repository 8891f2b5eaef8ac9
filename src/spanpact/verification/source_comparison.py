"""One run seen from two vantage points: what a second source lost or altered of what a first one holds.

Span by span, by trace and span id. The first source says which traces are spoken of: what another holds beside them
is not looked at. Only what both can carry is compared, and times as finely as the coarser of the two knows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from spanpact.engine.checks.shown import shown, shown_ns
from spanpact.engine.masking import abridged
from spanpact.engine.verdict import verdict_of
from spanpact.findings import ContractResult, Coverage, Finding, NotChecked, Report
from spanpact.privacy import mask
from spanpact.trace.clocks import two_source_allowance_ns
from spanpact.trace.equality import equal_across_sources
from spanpact.trace.model import Attributes, Capability, Event, Link, Reading, SourceInfo, Span, Trace
from spanpact.trace.topology import Topology

ENTRY: Final = "comparison"
"""The id under which findings of a comparison stand."""

_COMPARED: Final[tuple[Capability, ...]] = (
    "events", "links", "status_message", "scope", "resource", "remote", "number_types", "value_types", "bytes",
    "trace_state", "dropped_counts",
)  # fmt: skip
_NAMED: Final = 20  # spans whose ids one finding lists


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that two spans do not share: its name (`attributes.key`), and what either holds."""

    field: str
    expected: str
    observed: str


def compare(
    first: Reading,
    *others: Reading,
    complete: bool = True,
    strict: bool = False,
    header: Sequence[tuple[str, str]] = (),
) -> Report:
    """Every span of the first reading sought in each of the others.

    Without `complete`, spans that another lacks may still come: they are not checked (`incomplete`). The report has
    one result for each of the others; its reading holds the spans of all. `strict` makes fields that one of the
    sources cannot carry count.
    """
    results = tuple(_compared(first, other, complete) for other in others)
    return Report(results, (), _union(first, others), strict, header=header)


def _compared(first: Reading, second: Reading, complete: bool) -> ContractResult:
    common = first.source.capabilities & second.source.capabilities
    ruler = _Ruler(common, max(first.source.resolution_ns, second.source.resolution_ns), second.source.name)
    theirs = {trace.trace_id: trace for trace in second.traces}
    findings: list[Finding] = []
    late = compared = 0
    for trace in first.traces:
        pair = _Pair(Topology(trace), Topology(theirs.get(trace.trace_id, Trace(trace.trace_id, ()))))
        late += 0 if complete else len(pair.lost)
        compared += len(pair.shared)
        findings += _findings(pair, ruler, complete)
    not_checked = list(_gaps(first.source, second.source))
    if late:
        not_checked.append(NotChecked(ENTRY, "span", "incomplete", "spans may still arrive", late))
    if not first.traces:
        not_checked.append(NotChecked(ENTRY, "span", "unseen", f"{first.source.name} holds no trace"))
    coverage = (Coverage(ENTRY, "span", "exercised" if compared else "unseen", compared),)
    verdict = verdict_of(findings, not_checked, coverage)
    flows = tuple((trace.trace_id, "") for trace in first.traces)
    name = f"{first.source.name} = {second.source.name}"
    return ContractResult(name, "", "", verdict, len(flows), tuple(findings), tuple(not_checked), coverage, flows)


def _gaps(first: SourceInfo, second: SourceInfo) -> Iterator[NotChecked]:
    """What cannot be compared, as one of the two cannot carry it."""
    for capability in _COMPARED:
        lacking = [info.name for info in (first, second) if capability not in info.capabilities]
        if lacking:
            what = f"{' and '.join(lacking)} carries no {capability.replace('_', ' ')}"
            yield NotChecked(ENTRY, capability, "capability", what)


def _union(first: Reading, others: Sequence[Reading]) -> Reading:
    """The first reading, with the spans that only others hold: what a report draws."""
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


class _Pair:
    """One trace as either source holds it."""

    def __init__(self, first: Topology, second: Topology) -> None:
        self.first, self.second = first, second
        mine, theirs = first.by_id.keys(), second.by_id.keys()
        self.shared = [span for span in first.spans if span.span_id in theirs]
        self.lost = [span for span in first.spans if span.span_id not in theirs]
        self.added = [span for span in second.spans if span.span_id not in mine]


def _findings(pair: _Pair, ruler: _Ruler, complete: bool) -> Iterator[Finding]:
    if complete and pair.lost:
        yield from _lost(pair, ruler)
    for span in pair.added:
        message = f"{ruler.second} holds a span that the first source lacks"
        yield _finding("span-lost", message, pair.second, span, "span", "no such span", "a span")
    for span in pair.shared:
        other = pair.second.spans[pair.second.by_id[span.span_id]]
        for difference in ruler.differences(span, other):
            message = f"{_safe(difference.field)} is another in {ruler.second}"
            yield _finding(
                "span-altered", message, pair.first, span, difference.field, difference.expected, difference.observed
            )
    yield from _doubled(pair, ruler)


def _lost(pair: _Pair, ruler: _Ruler) -> Iterator[Finding]:
    """What is lost: one finding for a whole trace, else one a span; and one for each span that lost its parent."""
    if not pair.shared:
        ids = tuple(span.span_id for span in pair.lost[:_NAMED])
        wanted = f"{len(pair.lost)} spans"
        message = f"{ruler.second} holds nothing of the trace"
        yield _finding("span-lost", message, pair.first, pair.lost[0], "trace", wanted, "none", ids)
        return
    gone = {span.span_id for span in pair.lost}
    for span in pair.lost:
        yield _finding(
            "span-lost", f"{_safe(span.name)} is not in {ruler.second}", pair.first, span, "span", "a span", "none"
        )
    for span in pair.shared:
        if span.parent_id in gone:
            message = f"{_safe(span.name)} is an orphan in {ruler.second}"
            yield _finding("span-orphan", message, pair.first, span, "parent", "a parent in the trace", "it is lost")


def _doubled(pair: _Pair, ruler: _Ruler) -> Iterator[Finding]:
    """Spans that the second source holds more often than the first."""
    mine, theirs = _copies(pair.first), _copies(pair.second)
    for span_id, number in theirs.items():
        if number > mine.get(span_id, 1):
            span = pair.second.spans[pair.second.by_id[span_id]]
            message = f"{_safe(span.name)} is more than once in {ruler.second}"
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
    span: Span,
    keyword: str,
    expected: str,
    observed: str,
    spans: tuple[str, ...] = (),
) -> Finding:
    """The finding; `message` is masked already, as it names a source, whose address is no secret."""
    return Finding(
        id, ENTRY, message, keyword=_safe(keyword), trace_id=_safe(span.trace_id), span_id=_safe(span.span_id),
        path=tuple(map(_safe, topology.names(topology.by_id[span.span_id]))),
        expected=_safe(expected), observed=_safe(observed), spans=tuple(map(_safe, spans)),
    )  # fmt: skip


def _safe(text: str) -> str:
    return abridged(mask(text))


class _Ruler:
    """Compares two spans in what both sources can carry."""

    def __init__(self, common: frozenset[Capability], resolution_ns: int, second: str) -> None:
        self.common = common
        self.second = second
        self.resolution_ns = resolution_ns
        self.allowance_ns = two_source_allowance_ns(resolution_ns)

    def differences(self, one: Span, other: Span) -> Iterator[Difference]:
        """The fields that differ, in the order of the model."""
        for field, mine, theirs in self._texts(one, other):
            if mine != theirs:
                yield Difference(field, mine or "none", theirs or "none")
        for field, began, begins in (("start", one.start_ns, other.start_ns), ("end", one.end_ns, other.end_ns)):
            if abs(began - begins) > self.allowance_ns:
                yield Difference(field, "the same time", f"{shown_ns(begins - began)} later")
        yield from self._attributes("attributes", one.attributes, other.attributes)
        if "resource" in self.common and one.resource is not other.resource:
            yield from self._attributes("resource", one.resource.attributes, other.resource.attributes)
        if "events" in self.common:
            yield from self._events(one.events, other.events)
        if "links" in self.common:
            yield from self._links(one.links, other.links)

    def _texts(self, one: Span, other: Span) -> Iterator[tuple[str, str, str]]:
        common = self.common
        yield "name", one.name, other.name
        yield "parent", one.parent_id, other.parent_id
        yield "kind", one.kind, other.kind
        yield "status", one.status, other.status
        if "status_message" in common:
            yield "status_message", one.status_message, other.status_message
        if "scope" in common:
            yield "scope", f"{one.scope.name} {one.scope.version}", f"{other.scope.name} {other.scope.version}"
        if "trace_state" in common:
            yield "trace_state", one.trace_state, other.trace_state
        if "remote" in common and None not in (one.parent_remote, other.parent_remote):
            yield "remote", str(one.parent_remote).lower(), str(other.parent_remote).lower()
        if "dropped_counts" in common:
            yield "dropped", _dropped(one), _dropped(other)

    def _attributes(self, where: str, one: Attributes, other: Attributes) -> Iterator[Difference]:
        for name in sorted(one.keys() | other.keys()):
            if name not in one:
                yield Difference(f"{where}.{name}", "absent", shown(other[name]))
            elif name not in other:
                yield Difference(f"{where}.{name}", shown(one[name]), "absent")
            elif not equal_across_sources(one[name], other[name], self.common):
                yield Difference(f"{where}.{name}", shown(one[name]), shown(other[name]))

    def _events(self, one: Sequence[Event], other: Sequence[Event]) -> Iterator[Difference]:
        """Events by time and name: sources put them in an order of their own."""
        one, other = sorted(one, key=self._when), sorted(other, key=self._when)
        if [event.name for event in one] != [event.name for event in other]:
            yield Difference("events", _names(one), _names(other))
            return
        for mine, theirs in zip(one, other, strict=True):
            if abs(mine.time_ns - theirs.time_ns) > self.allowance_ns:
                later = shown_ns(theirs.time_ns - mine.time_ns)
                yield Difference(f"events.{mine.name}", "the same time", f"{later} later")
            yield from self._attributes(f"events.{mine.name}", mine.attributes, theirs.attributes)

    def _when(self, event: Event) -> tuple[int, str]:
        return event.time_ns // self.resolution_ns, event.name

    def _links(self, one: Sequence[Link], other: Sequence[Link]) -> Iterator[Difference]:
        mine, theirs = sorted(one, key=_target), sorted(other, key=_target)
        if list(map(_target, mine)) != list(map(_target, theirs)):
            yield Difference("links", f"{len(mine)}: {_targets(mine)}", f"{len(theirs)}: {_targets(theirs)}")
            return
        for link, same in zip(mine, theirs, strict=True):
            yield from self._attributes(f"links.{link.span_id}", link.attributes, same.attributes)


def _dropped(span: Span) -> str:
    counts = (span.dropped_attributes, span.dropped_events, span.dropped_links)
    return "{} attributes, {} events, {} links".format(*counts)


def _names(events: Sequence[Event]) -> str:
    return f"{len(events)}: {', '.join(event.name for event in events)}" if events else "none"


def _target(link: Link) -> tuple[str, str]:
    return link.trace_id, link.span_id


def _targets(links: Sequence[Link]) -> str:
    return ", ".join(f"{link.trace_id}/{link.span_id}" for link in links) or "none"
