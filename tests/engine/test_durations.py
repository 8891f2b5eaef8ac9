"""Percentiles of durations are those of the sorted list, however many there are and whatever they are."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from spanpact.engine.durations import Durations
from spanpact.spool import Spool

any_duration = st.integers(-(1 << 64), 1 << 64) | st.integers(-3, 3) | st.integers(0, 10**9)


@given(st.lists(any_duration, min_size=1, max_size=60), st.data())
def test_each_rank_is_that_of_the_sorted_list(several: list[int], data: st.DataObject) -> None:
    durations = Durations(Spool())
    durations.extend(several[:10])
    durations.extend(several[10:])
    assert len(durations) == len(several)
    assert sorted(durations) == sorted(several)
    rank = data.draw(st.integers(0, len(several) - 1))
    assert durations.at_rank(rank) == sorted(several)[rank]


def test_many_durations() -> None:
    chance = random.Random(17)
    several = [int(chance.lognormvariate(15, 2)) for _ in range(20_000)]
    durations = Durations(Spool())
    for start in range(0, len(several), 7):
        durations.extend(several[start : start + 7])
    assert len(durations) == 20_000
    ranks = [0, 9_999, 18_999, 19_979, 19_999]
    assert [durations.at_rank(rank) for rank in ranks] == [sorted(several)[rank] for rank in ranks]
