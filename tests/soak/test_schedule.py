"""The plan of a soak: seeded, with every kind of fault in each round, and none that overlaps another of its track."""

from __future__ import annotations

from itertools import pairwise

import pytest

from integration.soak.schedule import LONGEST_S, ROUND_S, TRACKS, plan_faults


def test_a_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert plan_faults(1800, 7) == plan_faults(1800, 7)
    assert plan_faults(1800, 7) != plan_faults(1800, 8)


@pytest.mark.parametrize("seconds", [45, 60, 180, 1800])
def test_every_kind_happens_once_in_each_round_and_is_over_before_the_next(seconds: float) -> None:
    for track, faults in plan_faults(seconds, 3).items():
        kinds = TRACKS[track]
        rounds = max(1, round(seconds / ROUND_S))
        assert len(faults) == rounds * len(kinds)
        for first in range(0, len(faults), len(kinds)):
            assert {fault.kind for fault in faults[first : first + len(kinds)]} == set(kinds)
        assert all(before.ends < after.begins for before, after in pairwise(faults))
        assert faults[0].begins > 0
        assert faults[-1].ends < seconds
        assert all(0 < fault.lasts <= LONGEST_S for fault in faults)


def test_all_kinds_have_happened_before_memory_is_judged() -> None:
    for faults in plan_faults(1800, 5).values():
        assert {fault.kind for fault in faults if fault.ends < 300} == {fault.kind for fault in faults}
