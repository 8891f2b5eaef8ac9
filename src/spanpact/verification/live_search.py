"""Verify the traces that a search finds while traffic goes on, without holding them.

part of the window ──▶ traces that are complete ──▶ verdict cache, or else the engine ──▶ dropped, unless with findings
                   └─▶ traces that still grow ──▶ left out and counted, or followed while the caller waits

The report equals that of `verify` on the whole reading without the traces that still grow. What this module cannot
handle is left to `verify`.

Waiting: the window is read again from the first trace that still grows. Such a trace is judged once it is complete, or
once nothing came for the settle window and it keeps the contracts, or breaks them whatever comes. When the time is
over, a trace that was there in the first half of it, and to which nothing came for the settle window, is judged as
complete; the others are left out. New traffic does not prolong the wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.errors import SourceUnavailable
from spanpact.findings import Report
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.sources.search import StoreSource
from spanpact.trace.clocks import Clocks
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import Reading, SourceInfo, Trace
from spanpact.verification.documents.link_targets import TargetsInReadings
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.verifying import Verification, verify
from spanpact.verification.waiting import WaitSettings

_NO_WAIT: Final = WaitSettings(0)


def verify_search(
    source: StoreSource,
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions = DEFAULT_OPTIONS,
    *,
    settings: WaitSettings = _NO_WAIT,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Report | None:
    """Return the report on what a search finds; it holds only the traces with findings.

    None for contracts that look at spans of other traces, where links lead. Raise SourceError as `StoreSource.read`.
    """
    search = _LiveSearch(source, plans, options, settings, clock)
    try:
        search.read()
        if settings.timeout:
            search.wait(sleep)
        search.read_again_if_needed()
    except NeedsFullDecoding:
        return None
    return search.report()


@dataclass(slots=True)
class _Growing:
    """A trace that is not complete: its content when it was last read, since when it has had that, when it was first
    seen (seconds), and when it began. `decided`: its verdict with this content is known not to settle it.
    """

    content: int
    since: float
    first_seen: float
    start_ns: int
    decided: bool = False


class _Changed(Exception):
    """The storage turned out to carry more than the traces so far had shown: they must be judged again."""


class _LiveSearch:
    """The traces that were judged, and those that still grow."""

    def __init__(
        self,
        source: StoreSource,
        plans: Sequence[ContractPlan | CompiledContract],
        options: VerificationOptions,
        settings: WaitSettings,
        clock: Callable[[], float],
    ) -> None:
        self._source, self._plans, self._settings, self._clock = source, plans, settings, clock
        self._options = options
        self._begun = clock()
        self._first_trace = 0.0
        self._growing: dict[bytes, _Growing] = {}
        self._settled: dict[bytes, bool] = {}  # of traces that were judged while they grew: whether as complete
        self._description = source.new_description()
        self._clocks = Clocks()
        self._links = TargetsInReadings()
        self._broken = self._cut = False
        self._begin()

    def _begin(self) -> None:
        """Forget what was judged."""
        self._info: SourceInfo | None = None
        self._verification: Verification | None = None
        self._judged: set[bytes] = set()
        self._spans = 0
        self._with_findings = HeldTraces()

    def read(self, since_ns: int = 0, *, last: bool = False) -> None:
        """Read the window once and judge what is complete; `last`: the time to wait is over."""
        limit = self._source.query.limit if self._source.query else None
        pages = self._source.pages(
            self._description,
            lambda: None if limit is None else limit - len(self._judged),
            since_ns=since_ns,
        )
        try:
            for page in pages:
                if page and self._is_stopped():
                    break
                self._take(page, last=last)
        except _Changed:
            self._begin()
            self.read(last=last)

    def _take(self, page: Sequence[Trace], *, last: bool) -> None:
        info = self._source.info_of(self._description)
        if self._info is None or self._verification is None:
            self._start(info)
        elif info != self._info:
            raise _Changed
        now = self._clock()
        if page and not self._first_trace:
            self._first_trace = now
        settled = [
            (key, each) for key, trace in _new(page, self._judged) if (each := self._settle(key, trace, now, last))
        ]
        for _, trace in settled:
            self._clocks.add_spans(trace.spans)
        limit = self._source.query.limit if self._source.query else None
        for key, trace in settled:
            if self._is_stopped():
                return
            if limit is None or len(self._judged) < limit:
                self._judge(key, trace)

    def _is_stopped(self) -> bool:
        """Return whether a limit is reached, and note that something was left."""
        self._cut = self._cut or self._options.limits.reached() is not None
        return self._cut

    def _start(self, info: SourceInfo) -> Verification:
        self._info = info
        reading = Reading(info, (), self._source.offered, clocks=self._clocks)
        self._verification = Verification(self._plans, reading, self._options, find_span=self._links)
        return self._verification

    def _settle(self, key: bytes, trace: Trace, now: float, last: bool) -> Trace | None:
        """Return the trace as it is to be judged; None if it still grows."""
        if trace.complete:
            return trace
        if key in self._settled:
            return completed_trace(trace) if self._settled[key] else trace
        content = hash((len(trace.spans), frozenset(span.span_id for span in trace.spans)))
        known = self._growing.get(key)
        if known is None or known.content != content:
            first_seen = known.first_seen if known else now
            start_ns = min(span.start_ns for span in trace.spans)
            self._growing[key] = _Growing(content, now, first_seen, start_ns)
            return None
        if not self._settings.timeout or now < known.since + self._settings.window:
            return None  # it may be found in two parts of the window, without anybody having waited
        if last and not self._broken:
            return completed_trace(trace) if known.first_seen <= self._begun + self._settings.timeout / 2 else None
        return self._settled_early(key, trace, known)

    def _settled_early(self, key: bytes, trace: Trace, known: _Growing) -> Trace | None:
        """Return a quiet trace if it keeps the contracts as it is, or breaks them whatever comes."""
        if known.decided:
            return None
        known.decided = True
        whole = completed_trace(trace)
        alone = self._alone(whole)
        if any(result.flows for result in alone.results) and not _breaks(alone):
            self._settled[key] = True
            return whole
        if _breaks(self._alone(trace)):
            self._settled[key] = False
            return trace
        return None

    def _alone(self, trace: Trace) -> Report:
        assert self._info is not None
        return verify(self._plans, Reading(self._info, [trace]), VerificationOptions(observer=self._options.observer))

    def _judge(self, key: bytes, trace: Trace) -> None:
        assert self._verification is not None
        self._judged.add(key)
        self._growing.pop(key, None)
        self._spans += len(trace.spans)
        if self._verification.judge(trace):
            self._with_findings.append(trace)
            if self._settings.timeout and not self._broken:
                self._broken = _breaks(self._alone(trace))

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Read again until every trace that was there at the start is settled, or the time is up."""
        settings, pause = self._settings, self._settings.pause
        deadline = self._begun + settings.timeout
        while not self._cut and not self._is_settled():
            if self._broken:
                deadline = min(deadline, self._clock() + settings.window)
            now = self._clock()
            last = now >= deadline
            if not last:
                sleep(min(pause, deadline - now))
                pause = min(pause * 1.5, settings.longest_pause)
            try:
                self.read(self._since_ns(), last=last)
            except SourceUnavailable:
                if last and not self._broken:
                    raise
            if last:
                return

    def _is_settled(self) -> bool:
        """Return whether the verdict is, and every trace that was there when the first one was."""
        until = self._first_trace + self._settings.window
        if any(each.first_seen <= until for each in self._growing.values()):
            return False
        return self._broken or (self._has_flows() and self._clock() >= until)

    def _has_flows(self) -> bool:
        """Return whether as many contracts have a flow as there must be to be kept."""
        return bool(self._verification and self._verification.has_flows(each=not self._options.allow_unseen))

    def _since_ns(self) -> int:
        """Return from when on the window must be read again: all of it while some contract was not seen."""
        if not self._growing or not self._has_flows():
            return 0
        return min(each.start_ns for each in self._growing.values())

    def read_again_if_needed(self) -> None:
        """Judge all traces again if that needs what only all of them show.

        That is how coarse the times of a resource are, and that a link leads nowhere.
        """
        if not self._clocks.all_as_used():
            self._clocks = Clocks(self._clocks.found())
            self._read_again()
        if self._cut:
            return
        if wanted := {trace_id for trace_id in self._links.traces() if _key(trace_id) in self._judged}:
            pages = self._source.pages(self._description)
            if self._links.find_dangling(trace for page in pages for trace in page if trace.trace_id in wanted):
                self._read_again()

    def _read_again(self) -> None:
        self._begin()
        self.read(last=bool(self._settings.timeout))

    def report(self) -> Report:
        """Return the report on all traces judged, with the number of those that were left out."""
        info = self._info or self._source.info_of(self._description)
        verification = self._verification or self._start(info)
        if self._cut:
            verification.is_stopped()
        searched = Reading(
            info,
            (),
            self._source.offered,
            clocks=self._clocks,
            growing=self._source.growing,
            left_out=len(self._growing),
        )
        reading = self._with_findings.shown_in(searched, traces=len(self._judged), spans=self._spans)
        return verification.report(reading)


def _new(page: Sequence[Trace], judged: set[bytes]) -> list[tuple[bytes, Trace]]:
    return [(key, trace) for trace in page if (key := _key(trace.trace_id)) not in judged]


def _key(trace_id: str) -> bytes:
    """Return the id in few bytes: one is kept for each trace."""
    try:
        return bytes.fromhex(trace_id)
    except ValueError:
        return trace_id.encode("utf-8", "surrogatepass")


def _breaks(report: Report) -> bool:
    """Return whether something in the trace itself breaks a contract, and not only its share among all traces."""
    return any(finding.breaks and finding.trace_id for finding in report.findings)


def completed_trace(trace: Trace) -> Trace:
    """Return the trace marked complete."""
    return msgspec.structs.replace(trace, complete=True)
