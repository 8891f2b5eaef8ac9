"""Find what no contract mentions in a trace, and count it over all traces by name (section 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from spanpact.engine.assignment.placements import Index
from spanpact.findings import ScannedLogs
from spanpact.findings.unmentioned import NamedCount, Unmentioned
from spanpact.trace.model import LogRecord
from spanpact.trace.topology import TOP, Topology

MOST_NAMES: Final = 1000
"""The number of distinct names counted of each kind; a name may hold an id, so there may be any number."""
_LONGEST_NAME: Final = 200
_MOST_MASKED: Final = 4000  # characters of a name that are looked at: more than a private value has
_MOST_LISTED: Final = 20
LoggedIn: TypeAlias = Literal["trace", "trace without spans", "no trace"]
"""Where log records are. Each has a count of names of its own, so that it does not matter which is counted first."""


@dataclass(slots=True)
class MentionedSpans:
    """The spans of one trace that contracts mention: those in flows, and those of them that have a place."""

    in_flows: set[Index] = field(default_factory=set)
    placed: set[Index] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class UnmentionedNames:
    """The names of what no contract mentions in one trace; `trace` is None where a contract has a flow in it.

    `log_indexes` says which of the trace's log records `logs` are, `logged_in` where they are.
    """

    trace: str | None
    spans: Sequence[str]
    logs: Sequence[str]
    unplaced: Sequence[str]
    log_indexes: Sequence[int] = ()
    logged_in: LoggedIn = "trace"

    @property
    def empty(self) -> bool:
        """Return whether everything in the trace is mentioned and has a place."""
        return self.trace is None and not (self.spans or self.logs or self.unplaced)


def unmentioned_names(topology: Topology, mentioned: MentionedSpans, *, applicable: bool) -> UnmentionedNames:
    """Return what is not mentioned in a trace; `applicable` is whether any contract applies to it."""
    spans, in_flows, logs = topology.spans, mentioned.in_flows, topology.trace.logs
    in_none = [i for i, log in enumerate(logs) if topology.by_id.get(log.span_id, TOP) not in in_flows]
    return UnmentionedNames(
        None if applicable else _trace_name(topology),
        [span.name for i, span in enumerate(spans) if i not in in_flows] if len(in_flows) < len(spans) else (),
        [log_name(logs[i]) for i in in_none],
        [spans[i].name for i in sorted(in_flows - mentioned.placed)],
        in_none,
        logged_in(topology.trace.trace_id, spans=bool(spans)),
    )


def _trace_name(topology: Topology) -> str:
    """Return the name of the trace's first root, or of its first log record where it has no spans."""
    roots = topology.children(TOP)
    if roots:
        return topology.spans[roots[0]].name
    return next(map(log_name, topology.trace.logs), "")


def logged_in(trace_id: str, *, spans: bool) -> LoggedIn:
    """Return where the log records of a trace are, which may be without id or `spans`."""
    return "trace" if spans else "trace without spans" if trace_id else "no trace"


def log_name(log: LogRecord) -> str:
    """Return the name under which a log record is counted: that of its event, else its text, else its scope's."""
    if log.event_name:
        return log.event_name
    return log.body if isinstance(log.body, str) else log.scope.name


@dataclass(slots=True)
class NameCounter:
    """Counts names by how they begin. Beyond `most` distinct ones, those that are new are counted together.

    `longer` has more of the long ones: what is cut in the middle of a private value could not be masked.
    """

    most: int = MOST_NAMES
    count: int = 0
    names: dict[str, int] = field(default_factory=dict)
    longer: dict[str, str] = field(default_factory=dict)

    def add(self, names: Iterable[str], times: int) -> None:
        known = self.names
        for name in names:
            self.count += times
            short = name[:_LONGEST_NAME]
            if short not in known and len(name) > _LONGEST_NAME and len(known) < self.most:
                self.longer[short] = name[:_MOST_MASKED]
            if short in known or len(known) < self.most:
                known[short] = known.get(short, 0) + times

    def add_all(self, other: NameCounter) -> None:
        """Add what another has counted."""
        self.count += other.count
        for short, number in other.names.items():
            self.names[short] = self.names.get(short, 0) + number
        self.longer |= other.longer

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

    def __init__(self, most_names: int = MOST_NAMES) -> None:
        self._traces, self._spans, self._unplaced = (NameCounter(most_names) for _ in range(3))
        self._logs = {each: NameCounter(most_names) for each in get_args(LoggedIn)}
        self._all_logs = 0
        self.without_span = ScannedLogs()
        """The log records that belong to no span."""

    def counters(self) -> list[NameCounter]:
        """Return the counters of names of all kinds, always in the same order."""
        return [self._traces, self._spans, self._unplaced, *self._logs.values()]

    @property
    def all_logs(self) -> int:
        """Return the number of log records counted."""
        return self._all_logs

    def count_logs(self, number: int, without_span: ScannedLogs, times: int = 1) -> None:
        """Count the log records of `times` traces, mentioned or not, and those of them that belong to no span."""
        self._all_logs += number * times
        if without_span.count:
            so_far = self.without_span
            self.without_span = ScannedLogs(
                so_far.count + without_span.count * times, so_far.scanned + without_span.scanned * times
            )

    def add_log_names(self, names: Iterable[str], logged_in: LoggedIn) -> None:
        """Count log records of one trace that are not mentioned."""
        self._logs[logged_in].add(names, 1)

    def add(self, names: UnmentionedNames, times: int = 1) -> None:
        """Count what is not mentioned in `times` traces."""
        self._traces.add(() if names.trace is None else (names.trace,), times)
        self._spans.add(names.spans, times)
        self._logs[names.logged_in].add(names.logs, times)
        self._unplaced.add(names.unplaced, times)

    def result(self, traces: int, spans: int, mask: Callable[[str], str]) -> Unmentioned:
        """Return the counts, with all names masked; `traces` and `spans` are how many were read."""
        logs = NameCounter()
        for each in self._logs.values():
            logs.add_all(each)
        return Unmentioned(
            self._traces.result(traces, mask),
            self._spans.result(spans, mask),
            logs.result(self._all_logs, mask),
            self._unplaced.result(spans, mask),
        )
