"""How far two times may differ."""

from __future__ import annotations

import pytest

from spanpact.trace.clocks import (
    ENOUGH,
    Clocks,
    allowance_ns,
    frozen_resources,
    rounding_ns,
    two_source_allowance_ns,
)
from spanpact.trace.model import Resource


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


MS = 1_000_000
WEB, STOCK = Resource({"service.name": "web"}), Resource({"service.name": "stock"})
POD = Resource({"service.name": "web", "host.name": "h"})
JS = Resource({"service.name": "js", "telemetry.sdk.language": "nodejs"})


def clocks(*added: tuple[Resource, list[int]]) -> Clocks:
    made = Clocks()
    for resource, starts in added:
        made.add(resource, starts)
    return made


class TestInference:
    @pytest.mark.parametrize(
        ("starts", "resolution"),
        [
            ([MS * n for n in range(1, ENOUGH + 1)], MS),
            ([MS] * ENOUGH, MS),
            ([MS * n for n in range(1, ENOUGH)], 1),
            ([MS * n for n in range(1, 9)] + [MS + 1000], 1000),
            ([MS * n for n in range(1, 9)] + [MS + 1001], 1),
            ([1000] * ENOUGH, 1000),
            ([MS] * (ENOUGH - 1) + [0], 1),
            ([], 1),
        ],
    )
    def test_all_starts_decide_if_they_are_enough(self, starts: list[int], resolution: int) -> None:
        assert clocks((WEB, starts)).resolution_ns(WEB) == resolution
        assert clocks(*((WEB, [start]) for start in starts)).resolution_ns(Resource({**WEB.attributes})) == resolution

    @pytest.mark.parametrize("resource", [WEB, POD, JS])
    @pytest.mark.parametrize("exact", [None, 0, 500, 999])
    def test_groups_of_one_span_are_counted_like_one_of_all(self, resource: Resource, exact: int | None) -> None:
        starts = [MS * n + (n == exact) for n in range(1000)]
        one_by_one, at_once = clocks(*((resource, [start]) for start in starts)), clocks((resource, starts))
        assert one_by_one.found() == at_once.found()
        assert bool(one_by_one.found()) == (exact is None or resource is JS)

    def test_one_exact_resource_gains_nothing_from_a_coarse_one(self) -> None:
        both = clocks((WEB, [MS] * 9), (STOCK, [MS + 1] * 9))
        assert (both.resolution_ns(WEB), both.resolution_ns(STOCK)) == (MS, 1)
        assert both.coarse() == [("web", MS)]

    def test_one_start_of_the_sdk_for_javascript_is_enough(self) -> None:
        assert clocks((JS, [MS])).resolution_ns(JS) == MS

    def test_starts_that_callers_gave_to_the_sdk_for_javascript_do_not_make_its_own_exact(self) -> None:
        assert clocks((JS, [MS + 1] * 99 + [MS])).resolution_ns(JS) == MS
        assert clocks((JS, [MS + 1] * 100 + [MS])).resolution_ns(JS) == 1
        assert clocks((JS, [MS + 1000] * 100 + [MS])).resolution_ns(JS) == 1000
        assert clocks((JS, [MS + 1])).resolution_ns(JS) == 1
        assert clocks((JS, [0, MS + 1])).resolution_ns(JS) == 1

    def test_another_sdk_in_the_language_of_node_is_not_known_to_cut(self) -> None:
        other = Resource({**JS.attributes, "telemetry.sdk.name": "datadog"})
        assert clocks((other, [MS, MS + 1])).resolution_ns(other) == 1
        assert clocks((other, [MS])).resolution_ns(other) == 1

    def test_few_starts_are_decided_by_those_of_their_emitter(self) -> None:
        assert clocks((POD, [MS]), (WEB, [MS] * 5)).resolution_ns(POD) == MS
        assert clocks((POD, [MS]), (WEB, [1000] * 5)).resolution_ns(POD) == 1000
        assert clocks((POD, [MS]), (WEB, [1] * 5)).resolution_ns(POD) == 1
        assert clocks((POD, [MS + 1]), (WEB, [MS] * 5)).resolution_ns(POD) == 1

    def test_a_resource_without_spans_is_exact(self) -> None:
        assert (Clocks().resolution_ns(WEB), Clocks().possible_ns(WEB)) == (1, 1)

    def test_while_spans_arrive_few_may_become_enough(self) -> None:
        assert clocks((WEB, [MS])).possible_ns(WEB) == MS
        assert clocks((WEB, [MS, 1])).possible_ns(WEB) == 1
        assert clocks((JS, [1])).possible_ns(JS) == MS

    def test_what_was_possible_is_judged_anew_once_it_is_not(self) -> None:
        made = clocks((WEB, [MS]))
        assert (made.possible_ns(WEB), made.all_as_used()) == (MS, True)
        made.add(WEB, [1000])
        assert not made.all_as_used()
        again = Clocks(made.found())
        assert (again.possible_ns(WEB), again.resolution_ns(WEB)) == (1000, 1)

    def test_a_resolution_stays_once_it_is_asked_for(self) -> None:
        made = clocks((WEB, [MS]))
        assert made.resolution_ns(WEB) == 1
        made.add(WEB, [MS] * 9)
        assert made.resolution_ns(WEB) == 1
        assert not made.all_as_used()
        assert Clocks(made.found()).resolution_ns(WEB) == MS


def test_a_clock_stood_still_where_a_span_is_within_another_at_one_instant() -> None:
    assert frozen_resources([0, 0], [(5, 5), (5, 5)], [-1, 0]) == {0}
    assert frozen_resources([0, 0], [(5, 5), (5, 5)], [-1, -1]) == set()
    assert frozen_resources([0, 0], [(5, 5), (5, 6)], [-1, 0]) == set()
    assert frozen_resources([0, 1], [(5, 5), (5, 5)], [-1, 0]) == set()
    assert frozen_resources([0, 1, 1], [(1, 9), (5, 5), (5, 5)], [-1, 0, 1]) == {1}
