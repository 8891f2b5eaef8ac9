"""List the differences of times at which the outcome of a check changes, for clocks of each resolution."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence

from spanpact.contract.compiled import Content, ContractPlan
from spanpact.trace.clocks import allowance_ns, rounding_ns
from spanpact.trace.model import SourceInfo


class ObservedTimes:
    """What some contracts look at in the times of the traces of one source.

    `resolutions` of the methods are those that the clocks of a trace show (`trace.clocks`).
    """

    def __init__(self, contents: Iterable[tuple[ContractPlan, Sequence[Content]]], source: SourceInfo) -> None:
        self._contents = list(contents)
        self._source = source
        self._allowances: dict[tuple[bool, frozenset[int]], Sequence[int]] = {}
        self._cuts: dict[int, Sequence[int]] = {}

    def allowances_ns(self, *, one_process: bool, resolutions: Collection[int] = (1,)) -> Sequence[int]:
        """Return by how much the times of two spans of a trace may contradict each other, for each contract."""
        key = one_process and "resource" in self._source.capabilities, frozenset(resolutions)
        if key not in self._allowances:
            self._allowances[key] = sorted(set(self._all_allowances(*key)))
        return self._allowances[key]

    def _all_allowances(self, one_process: bool, resolutions: Iterable[int]) -> Iterator[int]:
        for inferred in resolutions:
            for plan, _ in self._contents:
                for same_process in (True,) if one_process else (True, False):
                    yield allowance_ns(
                        tolerance_ns=plan.tolerance_ns,
                        skew_ns=plan.skew_ns,
                        resolution_ns=self._resolution_ns(plan, inferred),
                        same_process=same_process,
                    )

    def _resolution_ns(self, plan: ContractPlan, inferred: int) -> int:
        return max(self._source.resolution_ns, inferred if plan.resolution_ns is None else plan.resolution_ns)

    def duration_cuts_ns(self, resolution: int = 1) -> Sequence[int]:
        """Return the durations at which the outcome of a check changes, sorted."""
        cuts = self._cuts.get(resolution)
        if cuts is None:
            cuts = self._cuts[resolution] = sorted(set(self._all_cuts(resolution)))
        return cuts

    def _all_cuts(self, inferred: int) -> Iterator[int]:
        """Yield the least duration that exceeds an upper bound or reaches a lower one (see checks.duration)."""
        for plan, contents in self._contents:
            rounding = rounding_ns(self._resolution_ns(plan, inferred))
            for bound in (content.duration for content in contents if content.duration):
                if bound.at_most_ns is not None:
                    yield bound.at_most_ns + rounding + 1
                if bound.at_least_ns is not None:
                    yield bound.at_least_ns - rounding

    def duration_class(self, duration_ns: int, resolution: int = 1) -> int:
        """Return a number that is equal for durations within the same bounds."""
        return bisect_right(self.duration_cuts_ns(resolution), duration_ns)
