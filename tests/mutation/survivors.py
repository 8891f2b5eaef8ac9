"""Read the explained survivors from survivors_*.toml, and compare them with a run."""

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
    """How a run differs from the file of explained survivors.

    `unexplained` survived and are not in the file. `stale` are in the file, but were noticed or do not exist any more.
    """

    unexplained: Sequence[Change]
    stale: Sequence[Change]


def load_explained(file: Path) -> Mapping[Change, str]:
    """Return the reason for each mutant that may survive. Raise SubjectError if the file has another format."""
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
    """Compare the outcomes with the explained changes. Untried ones are stale only if `everything` was tried."""
    lived = dict.fromkeys(outcome.change for outcome in outcomes if outcome.lived and outcome.change)
    seen = {outcome.change for outcome in outcomes}
    unexplained = [change for change in lived if change not in explained]
    stale = [change for change in explained if change not in lived and (everything or change in seen)]
    return Differences(unexplained, stale)


def as_toml(changes: Sequence[Change]) -> str:
    """Return the changes as a group of the file, with an empty reason to fill in."""
    lines = [f"    {_shown(change)}," for change in changes]
    return "\n".join(["[[explained]]", 'why = ""', "mutants = [", *lines, "]"])


def _shown(change: Change) -> str:
    return json.dumps([f"{change.file} {change.function}", change.was, change.now], ensure_ascii=False)
