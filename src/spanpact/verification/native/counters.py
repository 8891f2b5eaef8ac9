"""What the core counts, by number: it hands over in the end how often each is to be added."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from spanpact.engine.judging import ContractRun
from spanpact.engine.results.coverage import PendingCounts
from spanpact.engine.results.mentions import MentionCounter, UnmentionedNames
from spanpact.findings import ScannedLogs
from spanpact.verification.cache.cached_traces import CachedTrace
from spanpact.verification.cache.verdict_cache import VerdictCache

NOTHING: Final = 0
"""The number of what adds nothing."""


class Countable(Protocol):
    """Something that is added some time."""

    def add(self, times: int) -> None:
        """Add it so many times."""


@dataclass(frozen=True, slots=True)
class Summand:
    """What some part of a trace adds to the counts of a contract."""

    counts: PendingCounts

    def add(self, times: int) -> None:
        """Add it so many times."""
        self.counts.counter.add(self.counts.counts, times)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A span whose name fits a contract's `span`, but not its `where`."""

    run: ContractRun

    def add(self, times: int) -> None:
        """Add it so many times."""
        self.run.rejected += times


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all traces of a key add."""

    cache: VerdictCache
    trace: CachedTrace

    def add(self, times: int) -> None:
        """Add it so many times."""
        self.cache.add_counts(self.trace, times)


@dataclass(frozen=True, slots=True)
class Unmentioned:
    """A name of something that no contract mentions."""

    mentions: MentionCounter
    names: UnmentionedNames

    def add(self, times: int) -> None:
        """Add it so many times."""
        self.mentions.add(self.names, times)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log record, mentioned or not."""

    mentions: MentionCounter

    def add(self, times: int) -> None:
        """Add it so many times."""
        self.mentions.count_logs(times, ScannedLogs())


@dataclass(frozen=True, slots=True)
class KnownTrace:
    """A trace of which the core knew all parts."""

    cache: VerdictCache

    def add(self, times: int) -> None:
        """Add it so many times."""
        self.cache.hits += times


class Counters:
    """What is counted, by number."""

    def __init__(self) -> None:
        self._all: list[Countable | None] = [None]
        self._numbers: dict[Hashable, int] = {}

    def __getitem__(self, number: int) -> Countable | None:
        return self._all[number]

    def add(self, what: Countable) -> int:
        """Return the number of something that has none yet."""
        self._all.append(what)
        return len(self._all) - 1

    def of_counts(self, counts: PendingCounts) -> int:
        """Return the number of counts: one for the same object."""
        if counts.counts.empty:
            return NOTHING
        return self._once(id(counts), Summand(counts))  # which holds the object, so that its id stays its own

    def of_rejected(self, run: ContractRun) -> int:
        """Return the number of the rejected spans of a contract."""
        return self._once(id(run), Rejected(run))

    def _once(self, key: Hashable, what: Countable) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self.add(what)
        return number

    def settle(self, times: Sequence[int]) -> None:
        """Add everything as often as it was counted, and forget all numbers."""
        for what, number in zip(self._all, times, strict=False):  # the last ones may not be used yet
            if what and number:
                what.add(number)
        self._all = [None]
        self._numbers.clear()
