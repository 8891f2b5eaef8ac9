"""Find what no contract mentions in a trace, and count it over all traces by name (section 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from spanpact.engine.assignment.placements import Index
from spanpact.findings.unmentioned import NamedCount, Unmentioned
from spanpact.trace.model import LogRecord
from spanpact.trace.topology import TOP, Topology

_MOST_NAMES: Final = 1000  # distinct names counted of each kind; a name may hold an id, so there may be any number
_LONGEST_NAME: Final = 200
_MOST_MASKED: Final = 4000  # characters of a name that are looked at: more than a private value has
_MOST_LISTED: Final = 20


@dataclass(slots=True)
class MentionedSpans:
    """The spans of one trace that contracts mention: those in flows, and those of them that have a place."""

    in_flows: set[Index] = field(default_factory=set)
    placed: set[Index] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class UnmentionedNames:
    """The names of what no contract mentions in one trace; `trace` is None where a contract has a flow in it."""

    trace: str | None
    spans: Sequence[str]
    logs: Sequence[str]
    unplaced: Sequence[str]

    @property
    def empty(self) -> bool:
        """Return whether everything in the trace is mentioned and has a place."""
        return self.trace is None and not (self.spans or self.logs or self.unplaced)


def unmentioned_names(topology: Topology, mentioned: MentionedSpans, *, applicable: bool) -> UnmentionedNames:
    """Return what is not mentioned in a trace; `applicable` is whether any contract applies to it."""
    spans, in_flows = topology.spans, mentioned.in_flows
    return UnmentionedNames(
        None if applicable else _trace_name(topology),
        [span.name for i, span in enumerate(spans) if i not in in_flows] if len(in_flows) < len(spans) else (),
        [_log_name(log) for log in topology.trace.logs if topology.by_id.get(log.span_id, TOP) not in in_flows],
        [spans[i].name for i in sorted(in_flows - mentioned.placed)],
    )


def _trace_name(topology: Topology) -> str:
    """Return the name of the trace's first root, or of its first log record where it has no spans."""
    roots = topology.children(TOP)
    if roots:
        return topology.spans[roots[0]].name
    return next(map(_log_name, topology.trace.logs), "")


def _log_name(log: LogRecord) -> str:
    if log.event_name:
        return log.event_name
    return log.body if isinstance(log.body, str) else log.scope.name


@dataclass(slots=True)
class _NameCounter:
    """Counts names by how they begin. Beyond `_MOST_NAMES` distinct ones, those that are new are counted together.

    `longer` has more of the long ones: what is cut in the middle of a private value could not be masked.
    """

    count: int = 0
    names: dict[str, int] = field(default_factory=dict)
    longer: dict[str, str] = field(default_factory=dict)

    def add(self, names: Iterable[str], times: int) -> None:
        known = self.names
        for name in names:
            self.count += times
            short = name[:_LONGEST_NAME]
            if short not in known and len(name) > _LONGEST_NAME and len(known) < _MOST_NAMES:
                self.longer[short] = name[:_MOST_MASKED]
            if short in known or len(known) < _MOST_NAMES:
                known[short] = known.get(short, 0) + times

    def result(self, of: int, mask: Callable[[str], str]) -> NamedCount:
        masked: dict[str, int] = {}
        most = sorted(self.names.items(), key=lambda item: (-item[1], item[0]))[: 2 * _MOST_LISTED]
        for name, number in most:
            safe = mask(self.longer[name])[:_LONGEST_NAME] if name in self.longer else mask(name)
            masked[safe] = masked.get(safe, 0) + number
        listed = sorted(masked.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LISTED]
        return NamedCount(self.count, of, tuple(listed), self.count - sum(number for _, number in listed))


class MentionCounter:
    """Counts over all traces what no contract mentions."""

    def __init__(self) -> None:
        self._traces, self._spans, self._logs, self._unplaced = (_NameCounter() for _ in range(4))
        self._all_logs = 0

    def count_logs(self, number: int) -> None:
        """Count the log records of a trace, mentioned or not."""
        self._all_logs += number

    def add(self, names: UnmentionedNames, times: int = 1) -> None:
        """Count what is not mentioned in `times` traces."""
        self._traces.add(() if names.trace is None else (names.trace,), times)
        self._spans.add(names.spans, times)
        self._logs.add(names.logs, times)
        self._unplaced.add(names.unplaced, times)

    def result(self, traces: int, spans: int, mask: Callable[[str], str]) -> Unmentioned:
        """Return the counts, with all names masked; `traces` and `spans` are how many were read."""
        return Unmentioned(
            self._traces.result(traces, mask),
            self._spans.result(spans, mask),
            self._logs.result(self._all_logs, mask),
            self._unplaced.result(spans, mask),
        )
