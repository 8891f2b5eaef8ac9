"""The survivors that are explained: survivors_*.toml, and what differs from it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.outcomes import Change, Outcome
from tests.mutation.subjects import SubjectError

SHAPE = '[[explained]] with `why`, and `mutants`: a list of ["file function", "lines that were", "lines that are"]'


@dataclass(frozen=True, slots=True)
class Differences:
    """What the file of the explained does not say rightly.

    `unexplained` survived; `stale` are said to survive, and were noticed or are no mutants any more.
    """

    unexplained: Sequence[Change]
    stale: Sequence[Change]


def load_explained(file: Path) -> Mapping[Change, str]:
    """The reason of each mutant that may survive; raises SubjectError where the file has another shape."""
    if not file.exists():
        return {}
    explained: dict[Change, str] = {}
    for number, group in enumerate(tomllib.loads(file.read_text()).get("explained", ()), 1):
        try:
            why, mutants = group["why"].strip(), group["mutants"]
            changes = [_change(place, was, now) for place, was, now in mutants]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise SubjectError(f"{file.name}: group {number} is no {SHAPE}") from None
        if not why:
            raise SubjectError(f"{file.name}: group {number} gives no reason")
        for change in changes:
            if change in explained:
                raise SubjectError(f"{file.name}: explained twice: {_shown(change)}")
            explained[change] = why
    return explained


def _change(place: str, was: str, now: str) -> Change:
    file, function = place.split(" ", 1)
    return Change(file, function, was, now)


def differences(outcomes: Sequence[Outcome], explained: Mapping[Change, str], *, everything: bool) -> Differences:
    """Compares; a mutant that was not tried is stale only where `everything` was."""
    lived = dict.fromkeys(outcome.change for outcome in outcomes if outcome.lived and outcome.change)
    seen = {outcome.change for outcome in outcomes}
    unexplained = [change for change in lived if change not in explained]
    stale = [change for change in explained if change not in lived and (everything or change in seen)]
    return Differences(unexplained, stale)


def written(changes: Sequence[Change]) -> str:
    """The changes as a group of the file, for whoever explains them."""
    lines = [f"    {_shown(change)}," for change in changes]
    return "\n".join(["[[explained]]", 'why = ""', "mutants = [", *lines, "]"])


def _shown(change: Change) -> str:
    return json.dumps([f"{change.file} {change.function}", change.was, change.now], ensure_ascii=False)
