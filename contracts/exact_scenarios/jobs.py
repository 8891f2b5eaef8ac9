"""Background jobs: how they start, fail, and end with the service (S5.1)."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from opentelemetry import baggage
from opentelemetry.context import attach

from contracts.exact_scenarios.helpers import assert_raises, tracer_of
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.correlation import correlation, current_correlation_id
from reference_impl.services.background_jobs import BackgroundJobs, JobsRefused


async def _jobs(harness: Harness) -> None:
    """Jobs with and without a request, one that fails, one too many; drained, cancelled, refused."""
    tracer, seen = tracer_of(harness), dict[str, object]()
    variable = contextvars.ContextVar[str]("of-the-request")
    variable.set("kept")
    jobs = BackgroundJobs(tracer, most=3)
    assert repr(jobs) == "<BackgroundJobs 0 of 3 running>"

    async def work() -> Mapping[str, Any]:
        seen.update(baggage=dict(baggage.get_all()), variable=variable.get(), id=current_correlation_id())
        return {"sessions.deleted": 7}

    with correlation("c-1"), operation_span(tracer, "request"):
        attach(baggage.set_baggage("user", "7"))
        jobs.start("job.first", work)
        jobs.start("job.second", lambda: asyncio.sleep(0, {}))
        jobs.start("job.third", lambda: asyncio.sleep(0, {"a": b"\x00"}))
        assert_raises(JobsRefused, "3 jobs are running", lambda: jobs.start("job.fourth", work))
        assert repr(jobs) == "<BackgroundJobs 3 of 3 running>"
    assert await jobs.drain(20.0)
    assert seen == {"baggage": {}, "variable": "kept", "id": "c-1"}
    assert repr(jobs) == "<BackgroundJobs 0 of 3 running, closed>"
    assert_raises(JobsRefused, "the service is ending", lambda: jobs.start("job.late", work))
    assert await jobs.drain(0.0)
    await _jobs_that_fail(harness, BackgroundJobs(tracer))
    await asyncio.create_task(_jobs_of_nobody(harness), context=contextvars.Context())


async def _jobs_that_fail(harness: Harness, jobs: BackgroundJobs) -> None:
    assert repr(jobs) == "<BackgroundJobs 0 of 16 running>"
    begun, heard = asyncio.Event(), asyncio.Event()

    async def fails() -> None:
        raise LookupError(EMAIL)

    async def waits() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def resists() -> None:
        while not heard.is_set():
            with suppress(asyncio.CancelledError):
                await heard.wait()

    jobs.start("job.failing", fails)
    jobs.start("job.waiting", waits)
    await begun.wait()
    assert "job job.failing failed: LookupError" in harness.log.getvalue()
    assert EMAIL not in harness.log.getvalue()
    assert not await jobs.drain(0.01)
    assert "1 jobs were cancelled at the end of the service" in harness.log.getvalue()
    stubborn = BackgroundJobs(tracer_of(harness))
    stubborn.start("job.stubborn", resists)
    assert not await stubborn.drain(0.01)
    heard.set()
    while repr(stubborn) != "<BackgroundJobs 0 of 16 running, closed>":  # noqa: ASYNC110 - it is about to end
        await asyncio.sleep(0)


async def _jobs_of_nobody(harness: Harness) -> None:
    jobs = BackgroundJobs(tracer_of(harness))
    jobs.start("job.of-nobody", lambda: asyncio.sleep(0))
    assert await jobs.drain(20.0)


ACTIONS: dict[str, Action] = {
    "background-jobs": _jobs,
}
"""By scenario."""
