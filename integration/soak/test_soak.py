"""A soak of a minute: what `nox -s soak` does in half an hour, with each kind of fault once."""

from __future__ import annotations

import pytest

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from integration.soak.outcome import find_wrong
from integration.soak.page import render_outcome
from integration.soak.running import Backends, SoakPlan, run_soak
from integration.support.evidence import skip_unless_stoppable

pytestmark = [pytest.mark.expensive, pytest.mark.timeout(400)]


@pytest.mark.parametrize("has_spool", [False, True], ids=["in memory", "in a spool"])
def test_a_minute_of_faults_loses_nothing_that_is_not_explained(
    redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend, has_spool: bool
) -> None:
    for backend in (redis_server, postgres, jaeger):
        skip_unless_stoppable(backend)
    plan = SoakPlan(minutes=1, seed=11, has_spool=has_spool)
    soak, records = run_soak(plan, Backends(redis_server, postgres, jaeger))
    wrong = find_wrong(soak, records)
    assert not wrong, render_outcome(soak, wrong)
    assert len(records) > 1000
    assert (soak.final.ledger.lost_total > 0) is not has_spool
