"""A short round of fuzzing, the same in every run: `nox -s fuzz` takes longer, and is guided by coverage."""

from __future__ import annotations

import pytest

from tests.fuzz.inputs import damaged, seeds
from tests.fuzz.targets import NAMES, run, target


@pytest.mark.parametrize("name", NAMES)
def test_real_inputs_are_accepted_as_they_are(name: str) -> None:
    assert len(seeds(name)) >= 1
    with target(name) as judge:
        for data in seeds(name):
            judge(data)


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", NAMES)
def test_damaged_inputs_end_with_a_known_exit_code(name: str) -> None:
    with target(name) as judge:
        for number, data in enumerate(damaged(name, 40, seed=1)):
            try:
                judge(data)
            except Exception as error:
                pytest.fail(f"input {number} of {name}: {type(error).__name__}: {error}")


def test_another_exit_code_is_found() -> None:
    with pytest.raises(AssertionError, match="exit code 130"):
        run("--version", main=lambda arguments: 130)
