"""Count which faults are survived, by the outcomes of their tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from integration.scorecard.catalogue import FAULTS, Fault
from integration.scorecard.outcomes import Outcome

PASSED, NOT_PROMISED = "pass", "not promised"


@dataclass(frozen=True, slots=True)
class Score:
    """What became of a fault: `pass`, `not promised`, `FAILED`, `SKIPPED` or `NO TEST`, and the tests that ran."""

    fault: Fault
    result: str
    outcomes: Sequence[Outcome]

    @property
    def is_wrong(self) -> bool:
        """Return whether a promise is not kept, or was not tested."""
        return self.result not in (PASSED, NOT_PROMISED)


def score_faults(outcomes: Iterable[Outcome], faults: Iterable[Fault] = FAULTS) -> list[Score]:
    """Return what became of each fault. One whose tests did not all pass is not survived, and so is one without."""
    given = list(outcomes)
    return [_score(fault, [each for each in given if fault.id in each.faults]) for fault in faults]


def _score(fault: Fault, outcomes: Sequence[Outcome]) -> Score:
    results = {outcome.result for outcome in outcomes}
    if "failed" in results:
        return Score(fault, "FAILED", outcomes)
    if fault.missing:
        return Score(fault, NOT_PROMISED, outcomes)
    if "skipped" in results:
        return Score(fault, "SKIPPED", outcomes)
    return Score(fault, PASSED if outcomes else "NO TEST", outcomes)


def headline(scores: Sequence[Score]) -> str:
    """Return how many faults are survived, and the others by what became of them."""
    others: dict[str, list[str]] = {}
    for score in scores:
        if score.result != PASSED:
            others.setdefault(score.result, []).append(score.fault.id)
    survived = sum(score.result == PASSED for score in scores)
    rest = [f"{len(ids)} {result}: {', '.join(ids)}" for result, ids in others.items()]
    return "; ".join([f"{survived} of {len(scores)} faults are survived", *rest])


def render_scorecard(scores: Sequence[Score]) -> str:
    """Return the scorecard as text, a line for each fault and the names of tests that did not pass."""
    lines = []
    for score in scores:
        number, seconds = len(score.outcomes), sum(outcome.seconds for outcome in score.outcomes)
        reason = f": {score.fault.missing}" if score.result == NOT_PROMISED else ""
        tests = f"{number:3d} {'test' if number == 1 else 'tests'}".ljust(9)
        lines.append(f"{score.fault.id:4}{score.result:13}{tests} {seconds:6.1f} s  {score.fault.fault}{reason}")
        lines += [f"        {each.result}: {each.test}" for each in score.outcomes if each.result != "passed"]
    return "\n".join([*lines, headline(scores)])
