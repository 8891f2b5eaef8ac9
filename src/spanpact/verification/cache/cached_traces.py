"""What is known of traces that are judged without the engine: what those of one shape add, and what one has added."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

from spanpact.engine.results.mentions import MentionCounter, UnmentionedNames
from spanpact.findings import ScannedLogs
from spanpact.trace.topology import TOP
from spanpact.verification.shapes import RecordSummary, SpanSummary, TraceShape
from spanpact.verification.split_keys import Addition, FoundParts, RecordedRun


@dataclass(slots=True)
class CachedTrace:
    """What a trace adds, and the number of traces of its shape whose counts are not added yet.

    `unmentioned` is None where contracts mention all of it. `roots` are the index and the name of each root that the
    index of roots wants. Of its `logs` records, `without_span` belong to no span. Those of `own_names`, by their place
    in the shape, are mentioned by none, and have another name in each trace.
    """

    additions: Sequence[Addition]
    unmentioned: UnmentionedNames | None
    roots: Sequence[tuple[int, str]]
    logs: int
    without_span: ScannedLogs
    own_names: Sequence[int]
    times: int = 0
    with_flows: Sequence[Addition] = field(init=False)
    with_sums: Sequence[Addition] = field(init=False)
    appended: Sequence[tuple[Callable[[str, str], None], Sequence[int]]] = field(init=False)
    """For each contract with flows the function that appends one, and the index of the span of each, TOP for none."""
    recorded: Sequence[Addition] = field(init=False)

    def __post_init__(self) -> None:
        self.with_flows = [each for each in self.additions if each.flows]
        self.appended = [(each.run.flows.append_well_formed, each.flows) for each in self.with_flows]
        self.recorded = [each for each in self.with_flows if each.recorded]
        self.with_sums = [each for each in self.additions if each.sums]

    def add_flows(self, trace_id: str, summaries: Sequence[SpanSummary]) -> None:
        """Add the flows of another trace of the shape, and what `across` wants of its spans."""
        for append, flows in self.appended:
            for i in flows:
                append(trace_id, summaries[i][1] if i != TOP else "")
        for addition in self.recorded:
            addition.add_recorded(trace_id, summaries)

    def applied_to(self, summaries: Sequence[SpanSummary]) -> AppliedTrace:
        """Return what is added for another trace of the shape."""
        logs = len(self.own_names) + (len(self.unmentioned.logs) if self.unmentioned else 0)
        return AppliedTrace.of(summaries, self.additions, self.unmentioned, logs)

    def flush(self, mentions: MentionCounter) -> None:
        """Add the counts of all traces of the shape."""
        if not self.times:
            return
        for addition in self.additions:
            addition.add_counts(self.times)
            addition.flush()
        if self.unmentioned:
            mentions.add(self.unmentioned, self.times)
        if self.logs:
            mentions.count_logs(self.logs, self.without_span, self.times)
        self.times = 0


@dataclass(slots=True)
class Candidate:
    """A trace that the engine is about to judge.

    `found` is what is known of it part by part. Else all that contracts add is `recorded`, so that it may be cached as
    a whole; neither is set before its shapes are known.
    """

    shape: TraceShape
    trace_id: str
    scenario: str
    records: Sequence[RecordSummary]
    found: FoundParts | None = None
    recorded: Sequence[RecordedRun] = ()


class SeenKeys:
    """Remembers keys of traces that were seen once, by their hashes: most of varied traffic never come again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: set[int] = set()

    def comes_again(self, key: Hashable) -> bool:
        """Return whether a key was seen before."""
        seen = hash(key)
        if seen in self._seen:
            return True
        if len(self._seen) >= self._most:
            self._seen.clear()
        self._seen.add(seen)
        return False


@dataclass(frozen=True, slots=True)
class AppliedTrace:
    """What was added for a trace that was judged without the engine.

    `unmentioned`: the name of the trace and those of spans that no contract mentions, of spans without a place, and the
    number of log records, as `UnmentionedNames` has them.
    """

    summaries: Sequence[SpanSummary]
    additions: Sequence[Addition]
    unmentioned: tuple[str | None, Sequence[str], Sequence[str], int]

    @classmethod
    def of(
        cls,
        summaries: Sequence[SpanSummary],
        additions: Sequence[Addition],
        names: UnmentionedNames | None,
        logs: int,
    ) -> AppliedTrace:
        """Return it by the names that no contract mentions, and the number of log records that none mentions."""
        of_spans = (names.trace, list(names.spans), list(names.unplaced)) if names else (None, [], [])
        return cls(summaries, additions, (*of_spans, logs))


def own_log_names(
    unmentioned: UnmentionedNames, named: Sequence[bool], order: Sequence[int]
) -> tuple[Sequence[int], UnmentionedNames | None]:
    """Return the places in a shape of unmentioned log records whose name it does not hold, and all other names.

    `named` says of which log records it holds the name, `order` are their indexes in the order of the shape.
    """
    own = {i for i in unmentioned.log_indexes if not named[i]}
    shared = [name for i, name in zip(unmentioned.log_indexes, unmentioned.logs, strict=True) if i not in own]
    others = replace(unmentioned, logs=shared, log_indexes=())
    return [place for place, i in enumerate(order) if i in own], None if others.empty else others
