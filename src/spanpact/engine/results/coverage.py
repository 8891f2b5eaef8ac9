"""Count how far each expectation of a contract was exercised (section 11 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spanpact.engine.checks import Undecided
from spanpact.engine.results.expectations import ContractExpectations, ExpectationKey
from spanpact.findings import Coverage, CoverageState


@dataclass(slots=True)
class _Exercise:
    """The number of times an expectation's place was reached, and was decided there on a real span."""

    reached: int = 0
    exercised: int = 0


_NEVER = _Exercise()


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of times each expectation was exercised, and was undecided, by reason.

    Either all counts at one moment, or what one trace without a breach added to them.
    """

    exercised: Mapping[ExpectationKey, int]
    undecided: Mapping[tuple[str, str, Undecided], int]

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to count."""
        return not self.exercised and not self.undecided


_NOTHING = Counts({}, {})


@dataclass(slots=True)
class PendingCounts:
    """Counts that are to be added to those of `counter` so many `times`: often, and all at once."""

    counter: CoverageCounter
    counts: Counts
    times: int = 0

    def flush(self) -> None:
        """Add the counts, and begin anew."""
        if self.times:
            self.counter.add(self.counts, self.times)
            self.times = 0


class CoverageCounter:
    """A counter of how often each expectation of a contract was reached, exercised, or left undecided."""

    def __init__(self, expectations: ContractExpectations) -> None:
        self.expectations = expectations
        self._exercises: dict[ExpectationKey, _Exercise] = {}
        self._undecided: dict[tuple[str, str, Undecided], int] = {}
        self._vacuous: set[str] = set()
        self._unselected: set[str] = set()
        self._recorded: tuple[dict[ExpectationKey, int], dict[tuple[str, str, Undecided], int]] | None = None

    def mark_reached(self, id: str, keyword: str, *, exercised: int = 1) -> None:
        """Count that the expectation's place was reached; `exercised` is on how many real spans it was decided."""
        exercise = self._exercises.get((id, keyword))
        if exercise is None:
            exercise = self._exercises[id, keyword] = _Exercise()
        exercise.reached += 1
        exercise.exercised += exercised
        if exercised and self._recorded:
            counts = self._recorded[0]
            counts[id, keyword] = counts.get((id, keyword), 0) + exercised

    def mark_undecided(self, id: str, keyword: str, why: Undecided, times: int = 1) -> None:
        """Count that the expectation could not be decided at its place, or at several places."""
        self.mark_reached(id, keyword, exercised=False)
        key = (id, keyword, why)
        self._undecided[key] = self._undecided.get(key, 0) + times
        if self._recorded:
            counts = self._recorded[1]
            counts[key] = counts.get(key, 0) + times

    def mark_vacuous(self, id: str) -> None:
        """Note that the place of every expectation of this id was reached, with nothing there to decide."""
        if id not in self._vacuous:
            self._vacuous.add(id)
            for keyword in self.expectations.keywords_by_id.get(id, ()):
                self.mark_reached(id, keyword, exercised=False)

    def mark_unselected(self, rule: str, expectations: Iterable[ExpectationKey]) -> None:
        """Note that a rule selects nothing: the places of these expectations were reached, with nothing to decide."""
        if rule not in self._unselected:
            self._unselected.add(rule)
            for id, keyword in expectations:
                self.mark_reached(id, keyword, exercised=False)

    def begin_counts(self) -> None:
        """Record what is counted from now on, until `end_counts`."""
        self._recorded = {}, {}

    def end_counts(self) -> Counts:
        """Return what was counted since `begin_counts`, and stop recording."""
        recorded, self._recorded = self._recorded, None
        return Counts(*recorded) if recorded else _NOTHING

    def pending(self, other: CoverageCounter) -> PendingCounts | None:
        """Return what another counter of the contract counted, to be added to this one; its places are reached here.

        None if it has something undecided that this one has not: what is undecided is listed in the order in which it
        was found first.
        """
        if not self._undecided.keys() >= other._undecided.keys():
            return None
        for id, keyword in other._exercises:
            self.mark_reached(id, keyword, exercised=False)
        exercised = {key: each.exercised for key, each in other._exercises.items() if each.exercised}
        return PendingCounts(self, Counts(exercised, dict(other._undecided)))

    def has_undecided(self, id: str, keyword: str) -> bool:
        """Return whether the expectation could not be decided somewhere."""
        return any(key[:2] == (id, keyword) for key in self._undecided)

    def counts(self) -> Counts:
        """Return all counts as they are now."""
        exercised = {key: each.exercised for key, each in self._exercises.items()}
        return Counts(exercised, dict(self._undecided))

    def counts_since(self, before: Counts) -> Counts:
        """Return what was counted since `before`, without what did not change."""
        exercised = {
            key: n for key, each in self._exercises.items() if (n := each.exercised - before.exercised.get(key, 0))
        }
        undecided = {key: n for key, count in self._undecided.items() if (n := count - before.undecided.get(key, 0))}
        return Counts(exercised, undecided)

    def add(self, counts: Counts, times: int) -> None:
        """Add the counts of one trace `times` more; every place in them was reached before."""
        for key, number in counts.exercised.items():
            self._exercises[key].exercised += number * times
        for why, number in counts.undecided.items():
            self._undecided[why] += number * times

    @property
    def undecided(self) -> Mapping[tuple[str, str, Undecided], int]:
        """Return how often each expectation was undecided, by reason, in the order in which that was found first."""
        return self._undecided

    def exercises(self) -> dict[ExpectationKey, tuple[int, int]]:
        """Return how often each expectation was reached, and exercised."""
        return {key: (each.reached, each.exercised) for key, each in self._exercises.items()}

    def replace_counts(
        self,
        exercises: Mapping[ExpectationKey, tuple[int, int]],
        undecided: Mapping[tuple[str, str, Undecided], int],
    ) -> None:
        """Count as often as this says, instead of what was counted so far."""
        self._exercises = {key: _Exercise(*both) for key, both in exercises.items()}
        self._undecided = dict(undecided)

    def coverage(self) -> tuple[Coverage, ...]:
        """Return the coverage of every expectation of the contract, in the order of the file."""
        return tuple(self._coverage(id, keyword) for id, keyword in self.expectations.keys)

    def _coverage(self, id: str, keyword: str) -> Coverage:
        exercise = self._exercises.get((id, keyword), _NEVER)
        state: CoverageState = "exercised" if exercise.exercised else "vacuous" if exercise.reached else "unseen"
        return Coverage(id, keyword, state, exercise.exercised, self.expectations.places.get((id, keyword)))
