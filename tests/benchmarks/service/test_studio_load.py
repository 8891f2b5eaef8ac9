"""A load goes to real services: over several workers, with their CPU time, their collections and their spans."""

from __future__ import annotations

import sys

import pytest

from benchmarks.earlier_build import ROOT
from benchmarks.service import studio_load as s
from benchmarks.service.open_loop import Plan
from benchmarks.service.replay import FIRST
from containers.servers.private_redis import private_redis

SPANS = 3  # of a request: server, operation, Redis


@pytest.mark.skipif(sys.platform != "linux", reason="the CPU time of another process is read on Linux only")
def test_a_load_is_dealt_over_workers_and_their_spans_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s, "WARM_UP", Plan(50, 0.2))
    with private_redis() as redis, s.fleet(redis, None) as fleet:
        assert not set(s.EARLIER_ARMS) & set(fleet.arms), "there is no earlier build"
        workers = fleet.workers(s.WHOLE, 2)
        assert fleet.workers(s.WHOLE, 1) == workers[:1]
        load = s.run_load(workers, Plan(100, 0.4, 4))
        began: list[int] = []
        demands = workers[0].demands(20, begin=lambda: began.append(fleet.spans(s.WHOLE)))
        for worker in workers:
            worker.stop()  # sends what has not been sent
        arrived = fleet.spans(s.WHOLE)
    assert (load.answers, load.workers, len(load.load.latencies)) == (40, 2, 40)
    sent = 2 * 10 + 40 + FIRST + 20
    assert SPANS * sent < arrived < SPANS * sent + 40, "those of two new sessions come on top"
    assert len(demands) == 20
    assert len(began) == 1
    assert min(demands) > 0
    assert load.cpu_of_a_request_us * 40 / 1e6 == pytest.approx(load.cpu_s)
    assert 0 < load.cores_of_a_worker <= 1


def test_the_earlier_build_runs_in_its_own_arms_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    earlier = tmp_path_factory.mktemp("earlier")
    with private_redis() as redis, s.fleet(redis, earlier) as fleet:
        builds = {arm: fleet.build(arm) for arm in fleet.arms}
    assert builds == {arm: earlier if arm in s.EARLIER_ARMS else ROOT for arm in s.ARMS}


def test_each_round_starts_one_place_further_on() -> None:
    assert list(s.in_turns("abc", 4)) == [list("abc"), list("bca"), list("cab"), list("abc")]


@pytest.mark.skipif(sys.platform != "linux", reason="the CPU time of another process is read on Linux only")
def test_a_service_with_a_spool_sends_all_spans_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s, "WARM_UP", Plan(50, 0.2))
    with private_redis() as redis, s.fleet(redis, None) as fleet:
        (worker,) = fleet.workers(s.SPOOLED)
        (spool,) = worker.folder.glob("spool")
        assert list(spool.glob("*.counts"))
        cpu = s.cpu_in_turn([worker, *fleet.workers(s.WHOLE)], 20)
        worker.stop()
        assert fleet.spans(s.SPOOLED) >= SPANS * (10 + 20)
        assert len(cpu) == 2
        assert min(cpu) > 0
        assert not list(spool.iterdir())
