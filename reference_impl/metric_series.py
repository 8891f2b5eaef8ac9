"""The numbers behind the metrics: counters and histograms of bounded labels, counted in the thread of the call (S4.4).

prometheus-client's own instruments take 2 to 12 us a call and hold a lock that is not re-entrant: a finalizer or a
signal handler that counts within it would wait for itself for ever. Here a call takes a tenth of that, under one
re-entrant lock; prometheus-client registers, and writes what is scraped (`metrics.py`).
"""

from __future__ import annotations

import itertools
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry.trace import Span, SpanContext

from reference_impl.metric_catalogue import OTHER, Label, Metric

_LONGEST_VALUE: Final = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest recorded call that a number counted: its span, its value, and when (seconds since the epoch)."""

    span: SpanContext
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One series at one moment: a counter's `value`, or a histogram's sum in it and its cumulative `buckets`.

    `seen` has one place for a counter, one for each bucket of a histogram.
    """

    labels: tuple[str, ...]
    value: float
    seen: tuple[Seen | None, ...]
    buckets: tuple[int, ...] = ()


class Admission:
    """Which values of a label are shown: its closed set, or the first few; all others as `other`."""

    __slots__ = ("_known", "_left")

    def __init__(self, label: Label) -> None:
        self._known = set(label.values)
        self._left = label.at_most

    def shown(self, value: str) -> str:
        """The value, or `other`. What a label must not hold (control characters, lone surrogates) is never admitted."""
        if value in self._known:
            return value
        if self._left <= 0 or value == OTHER or len(value) > _LONGEST_VALUE or not value.isprintable():
            return OTHER
        self._known.add(value)
        self._left -= 1
        return value


class _Series:
    """One counter (a histogram without bounds) or histogram."""

    __slots__ = ("_bounds", "_lock", "counts", "seen", "total")

    def __init__(self, metric: Metric, lock: threading.RLock) -> None:
        self._bounds = metric.buckets
        self._lock = lock
        self.total = 0.0
        self.counts = [0] * (len(metric.buckets) + 1)
        self.seen: list[Seen | None] = [None] * len(self.counts)

    def add(self, value: float, span: Span | None) -> None:
        place = bisect_left(self._bounds, value)
        context = span.get_span_context() if span is not None else None
        with self._lock:
            self.total += value
            self.counts[place] += 1
            if context is not None and context.trace_flags.sampled:
                self.seen[place] = Seen(context, value, time.time())


class Family:
    """All series of one metric; safe for threads, and within itself."""

    def __init__(self, metric: Metric, lock: threading.RLock, admissions: Mapping[Label, Admission]) -> None:
        self.metric = metric
        self._lock = lock
        self._admissions = tuple(admissions[label] for label in metric.labels)
        self._series: dict[tuple[str, ...], _Series] = {}
        if metric.from_zero or not metric.labels:
            for labels in itertools.product(*(label.values for label in metric.labels)):
                self.touch(*labels)

    def add(self, *labels: str, value: float = 1.0, span: Span | None = None) -> None:
        """Count: add a counter's value, or put a value into a histogram. A recorded span becomes the exemplar."""
        (self._series.get(labels) or self.touch(*labels)).add(value, span if self.metric.exemplars else None)

    def touch(self, *labels: str) -> _Series:
        """The series of these labels, as they are shown; new ones are 0."""
        with self._lock:
            shown = tuple(a.shown(value) for a, value in zip(self._admissions, labels, strict=True))
            known = self._series.get(shown)
            if known is None:
                known = self._series[shown] = _Series(self.metric, self._lock)
            return known

    def read(self) -> list[Reading]:
        """Every series at this moment."""
        with self._lock:
            return [
                Reading(labels, one.total, tuple(one.seen), tuple(itertools.accumulate(one.counts)))
                for labels, one in self._series.items()
            ]
