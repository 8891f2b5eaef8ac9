"""Waiting for a verdict: read and judge again and again until nothing that may still come would change it.

Never on a number of spans. Pure: the clock and the sleep are given.

    kept early, no parent missing ─────────▶ done      (`at_least` is reached, whatever else comes)
    quiet ──▶ judged as complete ──▶ kept ─▶ done      (`exactly`, `at_most`, `absent` hold after the settle window)
                                 └─▶ broken early too ▶ done     (nothing that comes would mend it)
    otherwise until the deadline: what is missing may still come
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import msgspec

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.findings import Report
from spanpact.trace.model import Reading

T = TypeVar("T")

_SHORTEST_PAUSE = 0.001  # else a clock that rounds might never get beyond the settle window


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    `seconds` is all in all, and a read that has begun is not cut off. What did not change for `settle` is quiet.
    The pauses between reads grow from `pause` to `longest_pause`.
    """

    seconds: float
    settle: float = 0.25
    pause: float = 0.02
    longest_pause: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < 86_400:
            raise UsageError(f"cannot wait {self.seconds:g} s", hint="accepted: 0 to 86399 seconds")


@dataclass(frozen=True, slots=True)
class Looking(Generic[T]):
    """What is waited for.

    `read` gives what is there now. `early` judges it while spans may still come, `complete` as if none did.
    Equal `content` means that nothing came. `missing` names the traces that must be there and are not. `fixed` says
    that no other traces are spoken of: then what is kept early is kept, without a settle window.
    """

    read: Callable[[], T]
    early: Callable[[T], Report]
    complete: Callable[[T], Report]
    content: Callable[[T], Hashable]
    missing: Callable[[T], Collection[str]] = lambda _: ()
    fixed: bool = False


def wait_for_verdict(
    read: Callable[[], Reading],
    judge: Callable[[Reading], Report],
    patience: Patience,
    *,
    trace_ids: Collection[str] = (),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """The report on what `read` gives, once it is settled or the patience is at its end.

    What is still undecided then is `incomplete`. Raises SourceError where one of `trace_ids` was never seen, or where
    the last read failed.
    """
    looking = Looking(
        read,
        judge,
        lambda reading: judge(completed(reading)),
        content_of,
        lambda reading: set(trace_ids) - {trace.trace_id for trace in reading.traces},
        fixed=bool(trace_ids),
    )
    return wait(looking, patience, clock=clock, sleep=sleep)


def wait(
    looking: Looking[T],
    patience: Patience,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """The report on what is looked at, once it is settled or the patience is at its end; errors as above."""
    if not patience.seconds:
        seen = looking.read()
        return _with_missing(looking.early(seen), looking.missing(seen), patience)
    deadline = clock() + patience.seconds
    state = _State(looking, patience.settle)
    pause = patience.pause
    while True:
        last = clock() >= deadline
        try:
            seen = looking.read()
        except SourceUnavailable:
            if last:
                raise
            state.lost_sight()
        else:
            if report := state.settled(seen, clock()):
                return report
            if state.broken:  # what comes may add findings, which is worth one more settle window and no more
                deadline = min(deadline, clock() + patience.settle)
            if last:
                return state.at_the_deadline(seen, patience)
        now = clock()
        sleep(max(0.0, min(pause, deadline - now, state.quiet_in(now))))
        pause = min(pause * 1.5, patience.longest_pause)


class _State(Generic[T]):
    """What was seen so far, and since when it has not changed. Judges only what has changed."""

    def __init__(self, looking: Looking[T], settle: float) -> None:
        self._looking = looking
        self._settle = settle
        self._content: Hashable = None
        self._since = 0.0
        self._early: Report | None = None
        self._complete: Report | None = None
        self._quiet = False
        self.broken = False

    def lost_sight(self) -> None:
        """A read failed: nothing is known of this moment, so quiet starts anew."""
        self._early = self._complete = None

    def quiet_in(self, now: float) -> float:
        """In how many seconds the settle window is over, so that no pause goes beyond it."""
        if self._early is None or self._quiet:
            return math.inf
        return max(_SHORTEST_PAUSE, self._since + self._settle - now)

    def settled(self, seen: T, now: float) -> Report | None:
        """The report, if nothing that may come would change it."""
        looking, content = self._looking, self._looking.content(seen)
        if self._early is None or content != self._content:
            self._content, self._since = content, now
            self._early, self._complete = looking.early(seen), None
        self._quiet = now >= self._since + self._settle
        if looking.missing(seen):
            return None
        broken, kept = self._early.verdict == "broken", self._early.verdict == "kept" and looking.fixed
        if kept or self._quiet:  # kept early, a span may lack its parent: only the judgement as complete sees it
            self._complete = self._complete or looking.complete(seen)
            if self._complete.verdict == "kept" or (broken and self._quiet):
                return self._complete
        self.broken = self.broken or broken
        return None

    def at_the_deadline(self, seen: T, patience: Patience) -> Report:
        """The report at the end: on complete traces where they are quiet, else with what is undecided."""
        assert self._early is not None
        report = self._complete if self._quiet and self._complete else self._early
        return _with_missing(report, self._looking.missing(seen), patience)


def _with_missing(report: Report, missing: Collection[str], patience: Patience) -> Report:
    """The report, unless a trace was never seen: then nothing is verified, but what is broken already is broken."""
    if not missing:
        return report
    named = ", ".join(sorted(missing)[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    if report.verdict == "broken":
        return replace(report, header=(*report.header, ("never seen", named)))
    within = f" within {patience.seconds:g} s" if patience.seconds else ""
    hint = "was it sampled, exported and flushed, to the place that is read?"
    raise SourceError(f"trace {named} was never seen{within}", hint=hint)


def completed(reading: Reading) -> Reading:
    """The reading with all its traces complete."""
    if all(trace.complete for trace in reading.traces):
        return reading
    traces = [msgspec.structs.replace(trace, complete=True) for trace in reading.traces]
    return msgspec.structs.replace(reading, traces=traces)


def content_of(reading: Reading) -> Hashable:
    """What is in a reading, so that two can be told apart: which spans and log records of which traces."""
    return frozenset(
        (trace.trace_id, trace.complete, len(trace.spans), len(trace.logs), frozenset(s.span_id for s in trace.spans))
        for trace in reading.traces
    )
