"""Jobs that outlive their request: their own trace, a link to the request, its correlation id (S5.1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry import baggage
from opentelemetry.context import attach
from opentelemetry.trace import StatusCode

from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.correlation import correlation, current_correlation_id
from reference_impl.services.background_jobs import BackgroundJobs, JobsRefused
from tests.reference_impl.propagation.propagation_support import Traced, assert_clean
from tests.reference_impl.redis_tracing.redis_support import run


def test_a_job_has_its_own_trace_a_link_and_the_correlation_id_of_its_request(traced: Traced) -> None:
    gate, seen = asyncio.Event(), list[object]()

    async def work() -> Mapping[str, Any]:
        await gate.wait()
        traced.make("step")
        seen.extend([current_correlation_id(), dict(baggage.get_all())])
        return {"done": 3}

    async def main() -> None:
        jobs = BackgroundJobs(traced.tracer)
        with correlation("c-1"), operation_span(traced.tracer, "request"):
            attach(baggage.set_baggage("of", "the request"))
            jobs.start("job", work)
            assert repr(jobs) == "<BackgroundJobs 1 of 16 running>"
        assert_clean()
        gate.set()
        assert await jobs.drain(10)
        assert repr(jobs) == "<BackgroundJobs 0 of 16 running, closed>"

    run(main)
    request, job = traced.span("request"), traced.span("job")
    assert request.context
    assert job.context
    assert job.parent is None
    assert job.context.trace_id != request.context.trace_id
    assert traced.parent_name("step") == "job"
    (link,) = job.links
    assert (link.context.trace_id, link.context.span_id) == (request.context.trace_id, request.context.span_id)
    assert dict(link.attributes or {}) == {"correlation.id": "c-1"}
    assert set(traced.correlation_ids().values()) == {"c-1"}
    assert (job.attributes or {})["done"] == 3
    assert seen == ["c-1", {}]
    assert (request.end_time or 0) <= (job.end_time or 0)


def test_a_job_that_nobody_asked_for_has_no_link_and_an_id_of_its_own(traced: Traced) -> None:
    async def work() -> None:
        traced.make("step")

    async def main() -> None:
        jobs = BackgroundJobs(traced.tracer)
        for _ in range(2):
            jobs.start("job", work)
        assert await jobs.drain(10)
        assert await jobs.drain(0)

    run(main)
    first, second = traced.spans("job")
    assert not first.links
    assert (first.attributes or {})["correlation.id"] != (second.attributes or {})["correlation.id"]


def test_a_job_that_fails_is_logged_by_type_and_harms_nobody(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise LookupError("bob@example.com")

    async def main() -> None:
        jobs = BackgroundJobs(traced.tracer)
        jobs.start("job", work)
        assert await jobs.drain(10)

    with caplog.at_level(logging.ERROR):
        run(main)
    assert [record.getMessage() for record in caplog.records] == ["job job failed: LookupError"]
    assert (traced.span("job").attributes or {})["error.type"] == "LookupError"
    assert "bob" not in traced.span("job").to_json()


def test_what_does_not_end_in_time_is_cancelled_and_its_span_says_so(traced: Traced) -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        jobs = BackgroundJobs(traced.tracer)
        jobs.start("job", work)
        assert not await jobs.drain(0.01)
        with pytest.raises(JobsRefused, match="the service is ending"):
            jobs.start("job", work)

    run(main)
    span = traced.span("job")
    assert (span.status.status_code, (span.attributes or {})["error.type"]) == (StatusCode.ERROR, "CancelledError")


def test_a_job_that_will_not_be_cancelled_does_not_hold_up_the_end(traced: Traced) -> None:
    gate = asyncio.Event()

    async def work() -> None:
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue

    async def main() -> None:
        jobs = BackgroundJobs(traced.tracer)
        jobs.start("job", work)
        assert not await jobs.drain(0.01)
        assert traced.spans("job") == []
        gate.set()
        assert await jobs.drain(10)

    run(main)
    assert len(traced.spans("job")) == 1


def test_so_many_jobs_and_no_more(traced: Traced) -> None:
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()

    async def main() -> None:
        jobs = BackgroundJobs(traced.tracer, most=2)
        for _ in range(2):
            jobs.start("job", work)
        with pytest.raises(JobsRefused, match="2 jobs are running"):
            jobs.start("job", work)
        gate.set()
        assert await jobs.drain(10)

    run(main)
    assert len(traced.spans("job")) == 2
