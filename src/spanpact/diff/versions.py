"""Semantic version numbers: which part was raised, and whether that is enough.

Section 12 of docs/contract-format.md and semver.org.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

Step: TypeAlias = Literal["none", "patch", "minor", "major"]
_STEPS: Final[tuple[Step, ...]] = ("none", "patch", "minor", "major")
_Precedence: TypeAlias = tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]


def largest_step(steps: Iterable[Step]) -> Step:
    """Return the largest of the steps, `none` if there are none."""
    return max(steps, key=_STEPS.index, default="none")


def is_enough(raised: Step, needed: Step) -> bool:
    """Return whether raising one part is enough where another is needed."""
    return _STEPS.index(raised) >= _STEPS.index(needed)


def is_lowered(old: str, new: str) -> bool:
    """Return whether the new version comes before the old one."""
    return _precedence(new) < _precedence(old)


def raised_step(old: str, new: str) -> Step:
    """Return the part that was raised.

    From 2.0.0-rc.1 to 2.0.0-rc.2 or 2.0.0 counts as raised to 2.0.0: a pre-release promises nothing.
    """
    before, after = _precedence(old), _precedence(new)
    if after <= before:
        return "none"
    if before[0] == after[0]:
        _, minor, patch = after[0]
        return "patch" if patch else "minor" if minor else "major"
    (major, minor, _), (new_major, new_minor, _) = before[0], after[0]
    return "major" if new_major != major else "minor" if new_minor != minor else "patch"


def major_of(version: str) -> int:
    """Return the first number of a version."""
    return _precedence(version)[0][0]


def _precedence(version: str) -> _Precedence:
    """Return the sort key of semver.org, item 11: numbers, then a pre-release before its release; no build data."""
    core, _, pre = version.partition("+")[0].partition("-")
    major, minor, patch = (int(number) for number in core.split("."))
    parts = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in pre.split(".") if pre)
    return (major, minor, patch), not pre, parts
