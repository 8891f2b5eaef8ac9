"""Which part of a version was raised."""

from __future__ import annotations

import pytest

from spanpact.diff.versions import is_enough, is_lowered, largest_step, raised_step


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        ("1.2.3", "2.0.0", "major"),
        ("1.2.3", "1.3.0", "minor"),
        ("1.2.3", "1.2.4", "patch"),
        ("1.2.3", "1.2.3", "none"),
        ("1.2.3", "1.2.2", "none"),
        ("1.9.0", "1.10.0", "minor"),
        ("1.2.3", "1.2.3+build.7", "none"),
        ("1.2.3", "2.0.0-rc.1", "major"),
        ("2.0.0-rc.1", "2.0.0", "major"),
        ("2.0.0-rc.2", "2.0.0-rc.10", "major"),
        ("2.1.0-rc.1", "2.1.0", "minor"),
        ("2.1.1-rc.1", "2.1.1", "patch"),
        ("0.3.1", "0.4.0", "minor"),
    ],
)
def test_raised_step_is_the_first_part_that_grew(old: str, new: str, step: str) -> None:
    assert raised_step(old, new) == step


ASCENDING = "1.0.0-1 1.0.0-2 1.0.0-10 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0 1.0.1 1.1.0 2.0.0"


def test_versions_are_ordered_as_semver_says() -> None:
    versions = ASCENDING.split()
    for i, one in enumerate(versions):
        assert [is_lowered(one, other) for other in versions] == [j < i for j in range(len(versions))]


def test_larger_step_than_needed_is_enough() -> None:
    assert is_enough("major", "minor")
    assert is_enough("none", "none")
    assert not is_enough("patch", "minor")
    assert largest_step(["patch", "major", "none"]) == "major"
    assert largest_step([]) == "none"
