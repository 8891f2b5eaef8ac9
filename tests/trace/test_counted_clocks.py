"""Clocks that are given counts of starts find what those find that are given the starts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Resource

RESOURCES = [
    Resource(attributes={"service.name": name, "telemetry.sdk.language": language, "host": host})
    for name in ("shop", "till")
    for language in ("nodejs", "go")
    for host in ("a", "b")
]
STARTS = st.sampled_from([0, 1, 1_000, 5_000, 1_000_000, 2_000_000, 3_000_000])


@given(st.lists(st.tuples(st.integers(0, len(RESOURCES) - 1), st.lists(STARTS, max_size=9)), max_size=12))
def test_counts_are_as_good_as_starts(given: list[tuple[int, list[int]]]) -> None:
    one_by_one, counted = Clocks(), Clocks()
    for i, starts in given:
        one_by_one.add(RESOURCES[i], starts)
        times = [start for start in starts if start]
        multiples = [sum(not start % unit for start in times) for unit in (1_000_000, 1_000)]
        counted.add_counted(RESOURCES[i], len(times), multiples)
    assert counted.coarse() == one_by_one.coarse()
    for resource in RESOURCES:
        assert counted.resolution_ns(resource) == one_by_one.resolution_ns(resource)
