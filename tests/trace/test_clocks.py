"""How far two times may differ."""

from __future__ import annotations

import pytest

from spanpact.trace.clocks import allowance_ns, rounding_ns, two_source_allowance_ns


@pytest.mark.parametrize(
    ("same_process", "resolution_ns", "allowed"),
    [(True, 1, 10), (False, 1, 110), (True, 1000, 1009), (False, 1000, 1109)],
)
def test_skew_is_allowed_between_processes_only(same_process: bool, resolution_ns: int, allowed: int) -> None:
    assert allowance_ns(tolerance_ns=10, skew_ns=100, resolution_ns=resolution_ns, same_process=same_process) == allowed


def test_a_source_of_nanoseconds_rounds_nothing() -> None:
    assert rounding_ns(1) == two_source_allowance_ns(1) == 0


def test_a_source_of_microseconds_rounds_one_time_by_less_than_one_and_two_by_up_to_two() -> None:
    assert rounding_ns(1_000) == 999
    assert two_source_allowance_ns(1_000) == 2_000
