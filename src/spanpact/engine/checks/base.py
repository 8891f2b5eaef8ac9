"""What every check takes and gives.

A check is a function `(span, context) -> outcomes`. No outcome means that the expectation is kept on this span.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.contract.compiled import Reference
from spanpact.errors import Place
from spanpact.findings import Reason
from spanpact.trace.clocks import allowance_ns
from spanpact.trace.model import ALL_CAPABILITIES, Capability, LogRecord, Span, Value
from spanpact.trace.process import same_process
from spanpact.trace.topology import TOP, Topology


@dataclass(frozen=True, slots=True)
class Breach:
    """A departure, before it is known which contract, span and level it belongs to."""

    id: str
    message: str
    expected: str = ""
    observed: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Undecided:
    """An expectation that cannot be decided on this span, and why."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Vacuous:
    """There was nothing to decide on this span (the attributes of an event that is not there, say)."""


VACUOUS = Vacuous()
INCOMPLETE = Undecided("incomplete", "spans may still arrive")

Outcome: TypeAlias = Breach | Undecided | Vacuous
KEPT: Sequence[Outcome] = ()

ValuesOf: TypeAlias = Callable[[Reference], Sequence[Value]]
"""The values that an attribute has on the spans of an entry of the flow: what `same_as` compares with."""


class Context:
    """Everything around a span that a check may ask for; one for each trace and contract.

    `values_of` is None until the spans are assigned: `same_as` never steers the assignment.
    """

    __slots__ = (
        "_logs", "capabilities", "find_span", "resolution_ns", "skew_ns", "tolerance_ns", "topology", "values_of",
    )  # fmt: skip

    def __init__(
        self,
        topology: Topology,
        *,
        capabilities: frozenset[Capability] = ALL_CAPABILITIES,
        find_span: Callable[[str, str], Span | None],
        tolerance_ns: int = 0,
        skew_ns: int = 0,
        resolution_ns: int = 1,
    ) -> None:
        self.topology = topology
        self.capabilities = capabilities
        self.find_span = find_span
        self.tolerance_ns = tolerance_ns
        self.resolution_ns = resolution_ns
        self.skew_ns = skew_ns
        self.values_of: ValuesOf | None = None
        self._logs: Mapping[str, Sequence[LogRecord]] | None = None

    def logs_of(self, span: Span) -> Sequence[LogRecord]:
        """The log records that carry this span's trace and span id."""
        if self._logs is None:
            logs: dict[str, list[LogRecord]] = {}
            for record in self.topology.trace.logs:
                logs.setdefault(record.span_id, []).append(record)
            self._logs = logs
        return self._logs.get(span.span_id, ())

    def parent_of(self, span: Span) -> Span | None:
        """The parent, where it is in the trace."""
        i = self.topology.parent[self.topology.by_id[span.span_id]]
        return None if i == TOP else self.topology.spans[i]

    @property
    def complete(self) -> bool:
        """Whether no more spans of the trace will come."""
        return self.topology.trace.complete

    def remote(self, span: Span) -> bool | None:
        """Whether the parent is in another process, by the span's own flag; None where the source has no flags."""
        return span.parent_remote if "remote" in self.capabilities else None

    def same_process(self, one: Span, other: Span) -> bool:
        """Return whether two spans are known to come from one process (section 6)."""
        return same_process(one, other, self.capabilities)

    def allowance_ns(self, one: Span, other: Span) -> int:
        """Return how far the times of two spans may contradict each other (section 6)."""
        return allowance_ns(
            tolerance_ns=self.tolerance_ns,
            skew_ns=self.skew_ns,
            resolution_ns=self.resolution_ns,
            same_process=self.same_process(one, other),
        )


Judge: TypeAlias = Callable[[Span, Context], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation, ready to judge: the id it belongs to, its keyword, its place, and the function.

    `entry` is "" where it belongs to whatever entry, rule or condition holds it; events and links have their own.
    """

    keyword: str
    judge: Judge
    entry: str = ""
    place: Place | None = None
    phase: Literal["content", "relation"] = "content"
    """`relation`: judged after assignment only (it has a `same_as`)."""


def met(outcomes: Iterable[Outcome]) -> bool | Undecided:
    """Whether all was met; a breach outweighs that something else cannot be decided."""
    so_far: bool | Undecided = True
    for outcome in outcomes:
        if isinstance(outcome, Breach):
            return False
        if isinstance(outcome, Undecided):
            so_far = outcome
    return so_far


def lacking(context: Context, capability: Capability) -> Sequence[Outcome] | None:
    """The outcome of a check whose source cannot carry what it needs; None where it can."""
    if capability in context.capabilities:
        return None
    return (Undecided("capability", f"the source carries no {capability.replace('_', ' ')}"),)
