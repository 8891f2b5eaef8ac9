"""Judge traces as they settle, follow what comes late, and report on all of them at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.engine.judging import mask_for
from spanpact.findings import Report
from spanpact.listening.events import Event, Settled, TraceVerdict
from spanpact.listening.live_totals import LiveTotals
from spanpact.listening.open_traces import OpenTrace, OpenTraces
from spanpact.listening.trace_judge import TraceJudge
from spanpact.otlp.unread import UnreadFields
from spanpact.trace.clocks import Clocks
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import LogRecord, Reading, SourceInfo, Span, Trace, UnreadField
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import Verification

_MOST_LISTED: Final = 1000  # traces with findings in the report; further ones only with another kind of finding


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """When traces settle and are over (s), and how many spans and log records are held at most."""

    settle: float = 2.0
    late: float = 30.0
    most: int = 100_000


class Listener:
    """Judges what it is given. Not thread-safe. Times are in seconds, by the caller's clock."""

    def __init__(
        self,
        plans: Sequence[ContractPlan],
        options: VerificationOptions,
        info: SourceInfo,
        limits: ListenerLimits,
        *,
        offered: int | None = None,
    ) -> None:
        self._info, self._offered = info, offered
        self._traces = OpenTraces(settle=limits.settle, late=limits.late, most=limits.most)
        self._clocks = Clocks()
        self._unread = UnreadFields()
        self.scenarios: Mapping[str, str] = {}
        """Labels by trace id; they may change."""
        self.earlier = 0
        """The number of traces that were over when the contracts were replaced; the report leaves them out."""
        self._begin(plans, options)

    def _begin(self, plans: Sequence[ContractPlan], options: VerificationOptions) -> None:
        reading = Reading(self._info, (), self._offered, clocks=self._clocks)
        self._options = options
        self.totals = LiveTotals()
        self.totals.begin({plan.name: plan.file for plan in plans})
        self._judge = TraceJudge(plans, reading, self._traces, mask_for(plans))
        contracts = [CompiledContract.of(plan) for plan in plans]
        self._verification = Verification(contracts, reading, options, find_span=self._traces)
        self._held = HeldTraces()
        self._kinds: set[tuple[str, str]] = set()
        self._over = self._over_spans = self._unlisted = 0

    @property
    def growing(self) -> int:
        """Return the number of traces that have not settled."""
        return self._traces.growing

    @property
    def too_late(self) -> int:
        """Return how many spans and log records came after their trace was over."""
        return self._traces.too_late

    @property
    def early(self) -> int:
        """Return how many traces were judged before they had settled, for want of room."""
        return self._traces.early

    @property
    def is_full(self) -> bool:
        """Return whether more is held than there is room for: `judge` makes room."""
        return self._traces.is_full

    def add(self, spans: Sequence[Span], logs: Iterable[LogRecord], now: float) -> None:
        """Add what has come now."""
        self._clocks.add_spans(spans)
        self._traces.add(spans, logs, now)

    def note_unread(self, unread: Iterable[UnreadField]) -> None:
        """Note what unknown fields hold of what has come."""
        self._unread.update(unread)

    def judge(self, now: float, *, everything: bool = False) -> Iterator[Event]:
        """Yield what happens now: traces that settle, or all. It may be left before it is exhausted."""
        for trace in self._traces.settle(now, everything=everything):
            yield from self._settle(trace)
            self._end(now)
        self._end(now, everything=everything)

    def _settle(self, trace: OpenTrace) -> Iterator[Event]:
        before, late, trace.late = trace.verdict, trace.late, 0
        after = self._judge.judge(self._whole(trace))
        if before:
            self.totals.remove(before)
        self.totals.add(after)
        trace.verdict = after
        if trace.spans or after.findings:
            yield Settled(after, before, late if before else 0)

    def _end(self, now: float, *, everything: bool = False) -> None:
        for trace in self._traces.end(now, everything=everything):
            self._report_on(trace)

    def _report_on(self, trace: OpenTrace) -> None:
        """Let a trace that is over count for the report."""
        whole, verdict = self._whole(trace), trace.verdict
        self._over += bool(whole.spans)
        self._over_spans += len(whole.spans)
        if verdict and self._is_unlisted(verdict):
            self._unlisted += 1
        elif not whole.spans:
            self._verification.scan_logs(whole)
        elif self._verification.judge(whole):
            self._held.append(whole)

    def _is_unlisted(self, verdict: TraceVerdict) -> bool:
        """Return whether there are too many traces with findings for the report, and this has no new kind."""
        kinds = {(each.contract, finding.key) for each in verdict.verdicts for finding in each.findings}
        if not kinds or len(self._held) < _MOST_LISTED or not kinds <= self._kinds:
            self._kinds |= kinds
            return False
        return True

    def _whole(self, trace: OpenTrace) -> Trace:
        label = self.scenarios.get(trace.trace_id, "")
        return Trace(trace.trace_id, tuple(trace.spans), tuple(trace.logs), True, label)

    def replace_contracts(self, plans: Sequence[ContractPlan], options: VerificationOptions) -> Iterator[Event]:
        """Judge by other contracts from now on. Yield the traces whose verdict is another one by these.

        Traces that are not over are judged again; the others no longer count.
        """
        self.earlier += self._over
        before = [(trace, trace.verdict) for trace in self._traces.settled()]
        self._begin(plans, options)
        for trace, verdict in before:
            trace.verdict = after = self._judge.judge(self._whole(trace))
            self.totals.add(after)
            if verdict and _differs(after, verdict):
                yield Settled(after, verdict)

    def report(self, header: Sequence[tuple[str, str]] = ()) -> Report:
        """Return the report on all traces that are over; `header` are further lines of its header."""
        rows = list(header)
        if self.earlier:
            rows.append(("reloaded", f"{self.earlier} traces that came before the contracts changed are left out"))
        if self._unlisted:
            rows.append(("not listed", f"{self._unlisted} more traces with findings of the kinds that are listed"))
        if self.too_late:
            rows.append(("too late", f"{self.too_late} spans and logs came after their trace was judged for good"))
        if self.early:
            rows.append(("too early", f"{self.early} traces were judged before they had settled: there was no room"))
        held = self._held
        reading = Reading(
            self._info,
            held,
            self._offered,
            self._over - len(held),
            self._over_spans - held.spans,
            unread=self._unread.fields(),
            clocks=self._clocks,
            spans_held=held.spans,
        )
        report = self._verification.report(reading)
        return replace(report, header=(*report.header, *rows))


def _differs(one: TraceVerdict, other: TraceVerdict) -> bool:
    return [(each.contract, each.verdict, len(each.findings)) for each in one.verdicts] != [
        (each.contract, each.verdict, len(each.findings)) for each in other.verdicts
    ]
