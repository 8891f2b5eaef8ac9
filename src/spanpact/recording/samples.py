"""Gather the spans of all flows by their place in the tree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from spanpact.recording.span_names import NameKinds
from spanpact.trace.model import LogRecord, Reading, Span, Trace
from spanpact.trace.name_patterns import NamePattern
from spanpact.trace.topology import TOP, Topology

DEEPEST: Final = 8
"""Levels of entries in a recorded contract; what is below is covered by rules only."""

MOST_PLACES: Final = 100
"""Entries in a recorded contract: a longer one nobody reads."""


class TraceSeen:
    """One trace: the tree of its spans, and the log records by the span that they belong to."""

    __slots__ = ("logs", "topology")

    def __init__(self, trace: Trace) -> None:
        self.topology = Topology(trace)
        self.logs: dict[str, list[LogRecord]] = defaultdict(list)
        for record in trace.logs:
            self.logs[record.span_id].append(record)


@dataclass(frozen=True, slots=True)
class SpanSeen:
    """One span in its trace."""

    trace: TraceSeen
    index: int

    @property
    def span(self) -> Span:
        """Return the span."""
        return self.trace.topology.spans[self.index]

    @property
    def logs(self) -> Sequence[LogRecord]:
        """Return the log records of the span."""
        return self.trace.logs.get(self.span.span_id, ())

    def children(self) -> list[SpanSeen]:
        """Return the direct children by start."""
        return [SpanSeen(self.trace, i) for i in self.trace.topology.children(self.index)]

    def flow(self) -> list[SpanSeen]:
        """Return the span and all spans below it."""
        return [self, *(SpanSeen(self.trace, i) for i in self.trace.topology.below(self.index))]


@dataclass(slots=True)
class Sample:
    """All spans of one place: those with names of one pattern below the spans of the place above.

    `counts` are how many there were below each of these; `together` are the groups that `counts` counts.
    `is_whole`: all children are in `children`.
    """

    pattern: str
    spans: list[SpanSeen]
    together: list[list[SpanSeen]] = field(default_factory=list)
    children: list[Sample] = field(default_factory=list)
    is_whole: bool = True

    @property
    def counts(self) -> list[int]:
        """Return how many spans there were each time."""
        return [len(group) for group in self.together]


class Recorded:
    """The complete traces that contracts are proposed from, and the kinds of their spans by name."""

    def __init__(self, reading: Reading) -> None:
        whole = [trace for trace in reading.traces if trace.complete]
        self.reading = msgspec.structs.replace(reading, traces=whole)
        self.traces = [TraceSeen(trace) for trace in whole if trace.spans]
        self.names = NameKinds(Counter(span.name for each in self.traces for span in each.topology.spans))

    def roots(self) -> Counter[str]:
        """Return the patterns of spans that have no parent in their trace, with how many there are, frequent first."""
        trees = [each.topology for each in self.traces]
        patterns = (self.names[each.spans[i].name] for each in trees for i in each.children(TOP))
        return Counter(dict(Counter(filter(None, patterns)).most_common()))

    def flows(self, pattern: str) -> Sample:
        """Return the spans that the pattern selects, at any depth, and what is below them.

        Of flows with very many places, the deeper ones are left out.
        """
        fits = NamePattern((pattern,))
        found = [SpanSeen(each, i) for each in self.traces for i in each.topology.named_below(TOP, fits)]
        deepest = DEEPEST
        sample = self._with_children(Sample(pattern, found), 1, deepest)
        while deepest > 1 and sum(1 for _ in walk(sample)) > MOST_PLACES:
            deepest -= 1
            sample = self._with_children(Sample(pattern, found), 1, deepest)
        return sample

    def _with_children(self, sample: Sample, level: int, deepest: int) -> Sample:
        if level >= deepest:
            sample.is_whole = False
            return sample
        below = [each.children() for each in sample.spans]
        patterns = list(dict.fromkeys(self.names[child.span.name] for children in below for child in children))
        sample.is_whole = "" not in patterns
        for pattern in filter(None, patterns):
            groups = [[child for child in each if self.names[child.span.name] == pattern] for each in below]
            spans = [span for group in groups for span in group]
            sample.children.append(self._with_children(Sample(pattern, spans, groups), level + 1, deepest))
        return sample


def walk(sample: Sample) -> Iterable[Sample]:
    """Yield a sample and all below it."""
    yield sample
    for child in sample.children:
        yield from walk(child)


def by_pattern(recorded: Recorded, top: Sample) -> dict[str, list[SpanSeen]]:
    """Return the spans of all flows, each once, by the pattern of their name; also those too deep for entries."""
    found: dict[str, dict[tuple[int, int], SpanSeen]] = defaultdict(dict)
    for flow in top.spans:
        for each in flow.flow():
            found[recorded.names[each.span.name]][id(each.trace), each.index] = each
    return {pattern: list(spans.values()) for pattern, spans in found.items()}
