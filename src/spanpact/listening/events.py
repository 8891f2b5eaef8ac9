"""What happens while traces are judged live. All texts are masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.findings import Finding, Verdict


@dataclass(frozen=True, slots=True)
class FlowVerdict:
    """The verdict of one contract on one trace, with the number of its flows there."""

    contract: str
    verdict: Verdict
    flows: int
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class TraceVerdict:
    """The verdicts on one trace: those of the contracts that apply, and of `integrity` if it is malformed.

    `name` is that of its first root, `duration_ns` from the first start to the last end.
    """

    trace_id: str
    name: str
    spans: int
    duration_ns: int
    verdicts: Sequence[FlowVerdict] = ()

    @property
    def is_unmentioned(self) -> bool:
        """Return whether it has spans, and no contract applies to it."""
        return bool(self.spans) and not any(each.flows for each in self.verdicts)

    @property
    def findings(self) -> Sequence[Finding]:
        """Return all findings."""
        return [finding for each in self.verdicts for finding in each.findings]


@dataclass(frozen=True, slots=True)
class Settled:
    """A trace was judged; `late` spans came after it had been judged as `before`."""

    trace: TraceVerdict
    before: TraceVerdict | None = None
    late: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something besides traces: contracts were reloaded, or are wrong; something was lost."""

    kind: Literal["reloaded", "error", "lost"]
    text: str


Event: TypeAlias = Settled | Notice
