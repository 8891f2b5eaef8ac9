"""Say what is wrong with a soak: whatever its faults do not explain."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

from integration.soak.faults import Window
from integration.soak.schedule import BREAKER_OPENS, SATURATED, STALLED, TRACKS
from integration.soak.stored_traces import StoredTraces
from integration.soak.traffic import Record, Sent
from integration.soak.watching import Reading, Sample

EXPORT_S: Final = 4.0
"""Seconds that an export may take in a soak, with its retries: shorter than most of the outages."""
QUEUED_S: Final = 3.0
"""Seconds from the end of a span to the end of its export, while all goes well."""
RECOVERED_S: Final = 5.0
"""Seconds after a fault in which the breaker closes again, and callers that wait are answered."""
MOST_GROWTH: Final = 1.05
JUDGED_FROM_S: Final = 300.0
"""Memory counts from here: all kinds of faults have happened."""
_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Soak:
    """What happened in a soak. Times are in seconds of Unix time, `capacity` and `rate` in requests a second.

    `logged` are lines of the service's log that are no log lines, or that have an exception. `in_jaeger` says how many
    of the last traces Jaeger had, and of how many.
    """

    seconds: float
    seed: int
    has_spool: bool
    capacity: float
    rate: float
    began: float
    sent: Sent
    windows: Sequence[Window]
    samples: Sequence[Sample]
    final: Reading
    exit_code: int
    logged: Sequence[str]
    stored: StoredTraces
    in_jaeger: tuple[int, int]
    problems: Sequence[str] = field(default=())


class Explained:
    """Moments that windows explain, each from `before` seconds before it begins to `after` seconds after its end."""

    def __init__(self, windows: Iterable[Window], before: float, after: float) -> None:
        self._spans: list[tuple[float, float]] = []
        for begun, ended in sorted((window.begun - before, window.ended + after) for window in windows):
            if self._spans and begun <= self._spans[-1][1]:
                self._spans[-1] = (self._spans[-1][0], max(ended, self._spans[-1][1]))
            else:
                self._spans.append((begun, ended))

    def covers(self, begun: float, ended: float) -> bool:
        """Return whether a time overlaps one that is explained."""
        place = bisect_right(self._spans, (ended, float("inf")))
        return place > 0 and self._spans[place - 1][1] >= begun


def explained_losses(windows: Iterable[Window]) -> Explained:
    """Return when spans may be lost."""
    kinds = (*TRACKS["export"], SATURATED, STALLED)
    return Explained((each for each in windows if each.kind in kinds), QUEUED_S, EXPORT_S + QUEUED_S)


def explained_refusals(windows: Iterable[Window]) -> Explained:
    """Return when requests may be answered with 503."""
    kinds = (*TRACKS["backends"], STALLED)
    return Explained((each for each in windows if each.kind in kinds), 0.0, RECOVERED_S)


def memory_growth(samples: Sequence[Sample], began: float, seconds: float) -> float | None:
    """Return the memory of the last minute as a part of that in the minute after the fifth; None for a short soak."""
    if seconds < 2 * JUDGED_FROM_S:
        return None
    early = [each.mib for each in samples if JUDGED_FROM_S <= each.at - began < JUDGED_FROM_S + _MINUTE]
    late = [each.mib for each in samples if seconds - _MINUTE <= each.at - began]
    return median(late) / median(early) if early and late else None


def find_wrong(soak: Soak, records: Iterable[Record]) -> list[str]:
    """Return what is wrong, a line for each kind of it; `records` are those of all answers."""
    return [*soak.problems, *_of_faults(soak), *_of_service(soak), *_of_ledger(soak), *_of_traces(soak, records)]


def _of_faults(soak: Soak) -> Iterator[str]:
    happened = Counter(window.kind for window in soak.windows)
    yield from (f"it did not happen: {kind}" for kinds in TRACKS.values() for kind in kinds if not happened[kind])
    if soak.final.opened < happened[BREAKER_OPENS]:
        yield f"the breaker opened {soak.final.opened} times in {happened[BREAKER_OPENS]} faults of the database"


def _of_service(soak: Soak) -> Iterator[str]:
    yield from (f"{number} times: {what}" for what, number in soak.sent.wrong.items())
    if soak.exit_code:
        yield f"the service ended with exit code {soak.exit_code}"
    if soak.final.exceptions or soak.final.faults_of_metrics:
        yield f"{soak.final.exceptions} exceptions in requests, {soak.final.faults_of_metrics} faults of metrics"
    yield from (f"in the log: {line[:300]}" for line in soak.logged[:5])
    growth = memory_growth(soak.samples, soak.began, soak.seconds)
    if growth is None and soak.seconds >= 2 * JUDGED_FROM_S:
        yield "the memory was not measured"
    if growth is not None and growth > MOST_GROWTH:
        yield f"the memory grew to {growth:.3f} of that in minute 5"


def _of_ledger(soak: Soak) -> Iterator[str]:
    ledger, stored = soak.final.ledger, soak.stored.spans
    if ledger.pending or soak.final.pending:
        yield f"{ledger.pending} spans are pending at the end"
    if ledger.stored != stored:
        yield f"the ledger has {ledger.stored} spans as stored, and {stored} were"
    explained = explained_losses(soak.windows)
    for before, after in pairwise(soak.samples):
        more = after.ledger.lost_total - before.ledger.lost_total
        if more and not explained.covers(before.at, after.at):
            lost = _more(before.ledger.lost, after.ledger.lost)
            yield f"{lost} lost without a fault, {after.at - soak.began:.0f} s after the start"
    if soak.has_spool and ledger.lost_total:
        yield f"lost in spite of the spool: {dict(ledger.lost)}"


def _more(before: Mapping[str, int], after: Mapping[str, int]) -> Mapping[str, int]:
    more = {reason: number - before.get(reason, 0) for reason, number in after.items()}
    return {reason: number for reason, number in more.items() if number}


def _of_traces(soak: Soak, records: Iterable[Record]) -> Iterator[str]:
    stored = soak.stored
    yield from stored.problems
    lost, refused = explained_losses(soak.windows), explained_refusals(soak.windows)
    answered: set[bytes] = set()
    absent = 0
    refusals: list[float] = []
    broken: Counter[tuple[str, ...]] = Counter()
    for trace_id, sent, came, status in records:
        answered.add(trace_id)
        is_explained = lost.covers(sent, came) and not soak.has_spool
        absent += trace_id not in stored.trace_ids and not is_explained
        if status >= 500 and sent >= soak.began and not refused.covers(sent, came):
            refusals.append(came - soak.began)
        if trace_id in stored.broken and not is_explained:
            broken[stored.broken[trace_id]] += 1
    if refusals:
        when = f"{min(refusals):.0f} to {max(refusals):.0f} s after the start"
        yield f"{len(refusals)} requests were refused without a fault, {when}"
    if absent:
        yield f"{absent} answered requests have no stored trace, without a fault"
    for findings, number in broken.most_common(5):
        yield f"{number} traces are broken without a fault: {', '.join(findings)}"
    if unknown := len(stored.trace_ids - answered):
        yield f"{unknown} stored traces belong to no answer"
    there, wanted = soak.in_jaeger
    if there < wanted:
        yield f"Jaeger has {there} of the last {wanted} traces"
