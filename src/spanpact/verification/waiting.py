"""Wait for a verdict: read and judge repeatedly until no further span can change it.

A number of spans is never waited for. Pure: the caller gives the clock and the sleep.

    kept early, no parent missing ─────────▶ done      (the traces are complete, or no further span can break it)
    quiet ──▶ judged as complete ──▶ kept ─▶ done      (`exactly`, `at_most`, `absent` hold after the settle window)
                                 └─▶ broken early too ▶ done     (no further span would change it)
    otherwise until the deadline: what is missing may still come
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import msgspec

from spanpact.errors import SourceError, SourceUnavailable, SourceUnfinished, UsageError
from spanpact.findings import Report
from spanpact.trace.model import Reading
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection

T = TypeVar("T")

_DIGITS = 32  # of a trace id
_SHORTEST_PAUSE = 0.001  # seconds; a clock that rounds might else never pass the settle window


@dataclass(frozen=True, slots=True)
class WaitSettings:
    """Settings of a wait, in seconds.

    `timeout` limits the whole wait, but does not interrupt a read. What did not change for `settle` seconds is quiet.
    The pauses between reads grow from `pause` to `longest_pause`.
    """

    timeout: float
    settle: float = 0.25
    pause: float = 0.02
    longest_pause: float = 0.25

    @property
    def window(self) -> float:
        """Return the settle window, at most half of the wait: what is there from the start is settled at its end."""
        return min(self.settle, self.timeout / 2)

    def __post_init__(self) -> None:
        if not 0 <= self.timeout < 86_400:
            raise UsageError(f"cannot wait {self.timeout:g} s", hint="accepted: 0 to 86399 seconds")


@dataclass(frozen=True, slots=True)
class Poll(Generic[T]):
    """The functions that read and judge what is waited for.

    - `read` returns what is there now. `judge_early` judges it while spans may still come, `judge_complete` as if none
      did.
    - Equal `content` means that nothing came. `missing` returns the ids of traces that must be there and are not.
    - `traces_known`: no traces but the known ones matter. Then a verdict of kept needs no settle window.
    - `judge_rest` judges what is there when the time is up and something still comes (default: as `judge_early`).
    """

    read: Callable[[], T]
    judge_early: Callable[[T], Report]
    judge_complete: Callable[[T], Report]
    content: Callable[[T], Hashable]
    missing: Callable[[T], Collection[str]] = lambda _: ()
    traces_known: bool = False
    judge_rest: Callable[[T], Report] | None = None

    def rest(self, seen: T, early: Report) -> Report:
        """Return the report on what is there, given the early one: the time is up."""
        return self.judge_rest(seen) if self.judge_rest else early


def wait_for_verdict(
    read: Callable[[], Reading],
    judge: Callable[[Reading], Report],
    settings: WaitSettings,
    *,
    wanted: TraceSelection = EVERY_TRACE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Return the report on what `read` returns, once it is settled or the time is up.

    What is undecided then is reported as `incomplete`; of a search, the traces that still grow are left out. Raise
    SourceError if one of the traces `wanted` was never seen, or if the last read failed.
    """
    poll = Poll(
        read,
        judge,
        lambda reading: judge(completed(reading)),
        content_of,
        lambda reading: wanted.missing({trace.trace_id for trace in reading.traces}),
        traces_known=bool(wanted) and wanted.all_whole,
        judge_rest=lambda reading: judge(without_growing(reading)),
    )
    return wait(poll, settings, clock=clock, sleep=sleep)


def wait(
    poll: Poll[T],
    settings: WaitSettings,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Return the report on what is polled, once it is settled or the time is up; errors as above."""
    if not settings.timeout:
        seen = poll.read()
        judge = poll.judge_rest or poll.judge_early
        return _with_missing(judge(seen), poll.missing(seen), settings)
    deadline = clock() + settings.timeout
    state = _PollState(poll, settings.window)
    pause = settings.pause
    while True:
        last = clock() >= deadline
        try:
            seen = poll.read()
        except SourceUnavailable as error:
            if last and state.broken:
                return state.broken  # whatever cannot be read now
            if last:
                raise _after_waiting(error, settings) from None
            state.read_failed()
        else:
            if report := state.settled(seen, clock()):
                return report
            if state.broken:  # further spans may add findings: wait one more settle window for them
                deadline = min(deadline, clock() + settings.window)
            if last:
                return state.at_the_deadline(seen, settings)
        now = clock()
        sleep(max(0.0, min(pause, deadline - now, state.quiet_in(now))))
        pause = min(pause * 1.5, settings.longest_pause)


class _PollState(Generic[T]):
    """The last reading and since when it has not changed; only what has changed is judged again."""

    def __init__(self, poll: Poll[T], settle: float) -> None:
        self._poll = poll
        self._settle = settle
        self._content: Hashable = None
        self._since = 0.0
        self._early: Report | None = None
        self._complete: Report | None = None
        self._quiet = False
        self.broken: Report | None = None

    def read_failed(self) -> None:
        """Restart the settle window: a read failed, so it is unknown whether anything came."""
        self._early = self._complete = None

    def quiet_in(self, now: float) -> float:
        """Return in how many seconds the settle window is over, so that no pause goes beyond it."""
        if self._early is None or self._quiet:
            return math.inf
        return max(_SHORTEST_PAUSE, self._since + self._settle - now)

    def settled(self, seen: T, now: float) -> Report | None:
        """Return the report if no further span can change it, else None."""
        poll, content = self._poll, self._poll.content(seen)
        if self._early is None or content != self._content:
            self._content, self._since = content, now
            self._early, self._complete = poll.judge_early(seen), None
        self._quiet = now >= self._since + self._settle
        if poll.missing(seen):
            return None
        broken, kept = self._early.verdict == "broken", self._early.verdict == "kept" and poll.traces_known
        if kept or self._quiet:  # a missing parent is only found when judged as complete
            self._complete = self._complete or poll.judge_complete(seen)
            if self._complete.verdict == "kept" or (broken and self._quiet):
                return self._complete
        self.broken = self._early if broken else self.broken
        return None

    def at_the_deadline(self, seen: T, settings: WaitSettings) -> Report:
        """Return the report when the time is up: on complete traces if they are quiet, else with what is undecided."""
        assert self._early is not None
        report = self._complete if self._quiet and self._complete else self._poll.rest(seen, self._early)
        return _with_missing(report, self._poll.missing(seen), settings)


def _after_waiting(error: SourceUnavailable, settings: WaitSettings) -> SourceUnavailable:
    """Return the error to raise at the deadline: a hint to wait would be of no use."""
    if not isinstance(error, SourceUnfinished):
        return error
    return SourceUnavailable(f"{error.message}, still so after {settings.timeout:g} s", hint=error.own_hint)


def _with_missing(report: Report, missing: Collection[str], settings: WaitSettings) -> Report:
    """Return the report; raise SourceError if a trace was never seen, unless the verdict is broken already."""
    if not missing:
        return report
    named = ", ".join(sorted(missing)[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    if report.verdict == "broken":
        return replace(report, header=(*report.header, ("never seen", named)))
    within = f" within {settings.timeout:g} s" if settings.timeout else ""
    hint = "was it sampled, exported and flushed, to the place that is read?"
    if any(len(text) < _DIGITS for text in missing):
        hint = f"no id begins so, and a store such as Jaeger looks up whole ids only, of {_DIGITS} digits; {hint}"
    raise SourceError(f"trace {named} was never seen{within}", hint=hint)


def check_missing(report: Report, wanted: TraceSelection) -> Report:
    """Return a report that holds all traces; raise SourceError if one `wanted` is not there, as a wait does."""
    there = {trace.trace_id for trace in report.reading.traces} if report.reading else set[str]()
    return _with_missing(report, wanted.missing(there), WaitSettings(0))


def completed(reading: Reading) -> Reading:
    """Return the reading with all its traces marked complete."""
    if all(trace.complete for trace in (*reading.traces, *reading.spanless)):
        return reading
    traces, spanless = (
        [msgspec.structs.replace(trace, complete=True) for trace in several]
        for several in (reading.traces, reading.spanless)
    )
    return msgspec.structs.replace(reading, traces=traces, spanless=spanless)


def without_growing(reading: Reading) -> Reading:
    """Return the reading of a search without the traces that still grow; any other reading as it is."""
    if not reading.growing:
        return reading
    traces = [trace for trace in reading.traces if trace.complete]
    return msgspec.structs.replace(reading, traces=traces, left_out=len(reading.traces) - len(traces))


def content_of(reading: Reading) -> Hashable:
    """Return a key of the spans and log records in a reading: it is equal if nothing came."""
    return frozenset(
        (trace.trace_id, trace.complete, len(trace.spans), len(trace.logs), frozenset(s.span_id for s in trace.spans))
        for trace in (*reading.traces, *reading.spanless)
    )
