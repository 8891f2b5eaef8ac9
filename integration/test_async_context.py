"""Context in every kind of asynchronous code, with many concurrent requests, as Jaeger shows it (S5.1, S5.4).

Each request uses tasks, gathered and grouped ones, threads, pools, callbacks, generators and a job; each span has the
number of its request. The contract defines the parent of each span, and that no number is mixed up.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2
from opentelemetry.trace import Tracer, get_current_span
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from containers.servers.jaeger_server import JaegerBackend
from integration.support.evidence import Answer, kept_traces, parse_response
from integration.support.waiting import DEADLINE
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.async_context import (
    ContextThreadPool,
    context_thread,
    in_current_context,
    isolated,
    run_in_executor,
)
from reference_impl.services.background_jobs import BackgroundJobs
from reference_impl.services.http_spans import TracingMiddleware
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing
from spanpact.contract.loader import load_text
from spanpact.testing import verify_spans
from spanpact.trace.model import Reading, SourceInfo
from spanpact.verification.waiting import completed

REQUESTS = 150
AT_ONCE = 50
LONGEST_S = 0.01  # the longest random delay; requests overtake each other
WORK = """\
spanpact: 1
contract: work
version: 1.0.0
about: Whatever kind of code does the work of a request, its span is where it belongs.
span: GET /work
kind: server
children:
  task: {span: task, children: {in_task: {span: deeper}}}
  gathered: {span: gathered, count: 3, children: {in_gathered: {span: deeper}}}
  grouped: {span: grouped, count: 3, children: {in_grouped: {span: deeper}}}
  to_thread: {span: to_thread, children: {in_thread: {span: deeper}}}
  executor: {span: executor, children: {in_executor: {span: deeper}}}
  pool: {span: pool, children: {in_pool: {span: deeper}}}
  thread: {span: thread, children: {in_own_thread: {span: deeper}}}
  soon: {span: call_soon, children: {in_call: {span: deeper}}}
  done: {span: done_callback, children: {in_callback: {span: deeper}}}
  stream: {span: stream, count: 2, children: {in_stream: {span: item, count: 1..2}}}
  reader: {span: reader, count: 3, children: {in_reader: {span: deeper}}}
  after: {span: after, children: {in_after: {span: deeper}}}
closed: [children]
every:
  numbered: {span: '*', attributes: {number: {type: int, same_as: top.number}}}
  correlated: {span: '*', attributes: {correlation.id: {type: string, same_as: top.correlation.id}}}
"""
JOB = """\
spanpact: 1
contract: job
version: 1.0.0
about: A job is a trace of its own, linked to the request that asked for it.
span: job
parent: none
links: {origin: {span: GET /work, attributes: {correlation.id: {type: string, same_as: top.correlation.id}}}}
closed: [links, children]
children: {step: {span: step, children: {in_step: {span: deeper}}}}
every:
  numbered: {span: '*', attributes: {number: {type: int, same_as: top.number}}}
"""
PLANS = (load_text(WORK, file="work.contract.yaml"), load_text(JOB, file="job.contract.yaml"))

InExecutor = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class Work:
    """The work of a request. Spans get its number as an argument, and their parent from the context."""

    tracer: Tracer
    jobs: BackgroundJobs
    pool: ContextThreadPool
    plain: ThreadPoolExecutor
    in_executor: InExecutor = run_in_executor
    job_traces: list[str] = field(default_factory=list)
    delays: random.Random = field(default_factory=lambda: random.Random(5))

    async def serve(self, request: Request) -> Response:
        """Answer GET /work after every kind of work."""
        number = int(request.headers["x-number"])
        get_current_span().set_attribute("number", number)
        await asyncio.gather(self.tasks(number), self.threads(number), self.callbacks(number), self.streams(number))
        self.jobs.start("job", partial(self.job, number))
        return JSONResponse({"number": number})

    async def tasks(self, number: int) -> None:
        task = asyncio.create_task(self.step("task", number))
        await asyncio.gather(*(self.step("gathered", number) for _ in range(3)))
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(self.step("grouped", number))
        await task

    async def threads(self, number: int) -> None:
        thread = context_thread(self.blocking_step, "thread", number)
        thread.start()
        await asyncio.to_thread(self.blocking_step, "to_thread", number)
        await self.in_executor(self.plain, self.blocking_step, "executor", number)
        await asyncio.to_thread(thread.join)

    async def callbacks(self, number: int) -> None:
        called = asyncio.Event()

        def call_back() -> None:
            self.blocking_step("call_soon", number)
            called.set()

        asyncio.get_running_loop().call_soon(call_back)
        future = self.pool.submit(self.blocking_step, "pool", number)
        future.add_done_callback(in_current_context(lambda _: self.blocking_step("done_callback", number)))
        await asyncio.wrap_future(future)
        await called.wait()

    async def streams(self, number: int) -> None:
        async for _ in isolated(self.items)(number):
            await self.step("reader", number)
        async with aclosing(isolated(self.items)(number)) as stream:
            async for _ in stream:
                await self.step("reader", number)
                break  # the stream's span ends here, and the next span is not below it
        await self.step("after", number)

    async def items(self, number: int) -> AsyncGenerator[None, None]:
        with self.span("stream", number):
            for _ in range(2):
                await self.step("item", number)
                yield

    async def job(self, number: int) -> Mapping[str, Any]:
        self.job_traces.append(f"{get_current_span().get_span_context().trace_id:032x}")
        await self.step("step", number)
        return {"number": number}

    async def step(self, name: str, number: int) -> None:
        with self.span(name, number):
            await asyncio.sleep(self.delays.random() * LONGEST_S)
            with self.span("deeper", number):
                await asyncio.sleep(self.delays.random() * LONGEST_S)

    def blocking_step(self, name: str, number: int) -> None:
        with self.span(name, number), self.span("deeper", number):
            time.sleep(self.delays.random() * LONGEST_S / 10)

    def span(self, name: str, number: int) -> operation_span:
        return operation_span(self.tracer, name, attributes={"number": number})


async def without_context(executor: Executor, call: Callable[..., Any], *arguments: Any) -> Any:
    """Run a call in an executor as Python does, without the context."""
    return await asyncio.get_running_loop().run_in_executor(executor, call, *arguments)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that was sent; its client chose the trace id if `traceparent` is not empty."""

    number: int
    traceparent: str
    answer: Answer


def drive(
    jaeger: JaegerBackend, number: int, in_executor: InExecutor = run_in_executor
) -> tuple[list[Sent], list[str]]:
    """Send `number` requests, many at once, and flush all spans. Return them and the trace ids of their jobs."""
    settings = Settings.load({}, endpoint=jaeger.otlp_http, max_queue_size=100_000)
    telemetry = configure_tracing(settings)
    try:
        sent, job_traces = asyncio.run(_drive(telemetry.tracer("tests"), number, in_executor))
        assert telemetry.flush(DEADLINE), telemetry
    finally:
        telemetry.shutdown()
    return sent, job_traces


async def _drive(tracer: Tracer, number: int, in_executor: InExecutor) -> tuple[list[Sent], list[str]]:
    jobs, free = BackgroundJobs(tracer, most=number), asyncio.Semaphore(AT_ONCE)
    with ContextThreadPool(8) as pool, ThreadPoolExecutor(8) as plain:
        work = Work(tracer, jobs, pool, plain, in_executor)
        routes = [Route("/work", work.serve)]
        app = Starlette(routes=routes, middleware=[Middleware(TracingMiddleware, tracer=tracer, routes=routes)])
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://work") as client:

            async def send(number: int) -> Sent:
                # Half of the requests come from a client that is traced.
                traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01" if number % 2 else ""
                headers = {"x-number": str(number), **({"traceparent": traceparent} if traceparent else {})}
                async with free:
                    return Sent(number, traceparent, parse_response(await client.get("/work", headers=headers)))

            sent = await asyncio.gather(*map(send, range(1, number + 1)))
        assert await jobs.drain(DEADLINE)
    return sent, work.job_traces


def test_every_child_has_its_parent_among_interleaved_requests(jaeger: JaegerBackend) -> None:
    sent, job_traces = drive(jaeger, REQUESTS)
    traces = kept_traces(jaeger, [*(each.answer.trace_id for each in sent), *job_traces], PLANS)
    for each in sent:
        spans = traces[each.answer.trace_id].spans
        (root,) = (span for span in spans if span.name == "GET /work")
        assert {span.attributes["number"] for span in spans} == {each.number}
        if each.traceparent:
            assert each.traceparent.split("-")[1:3] == [root.trace_id, root.parent_id]
        else:
            assert root.parent_id == ""
    assert len(set(job_traces)) == REQUESTS
    requesting_traces = {span.links[0].trace_id for trace in job_traces for span in traces[trace].spans if span.links}
    assert requesting_traces == {each.answer.trace_id for each in sent}


def test_a_context_that_is_lost_is_found_missing(jaeger: JaegerBackend) -> None:
    sent, _ = drive(jaeger, 1, without_context)
    without = load_text(WORK.replace("{span: executor, ", "{span: executor, count: 0, "), file="without.contract.yaml")
    traces = kept_traces(jaeger, [sent[0].answer.trace_id], [without])  # every other span is there
    reading = completed(Reading(SourceInfo("Jaeger"), list(traces.values())))
    report = verify_spans(PLANS, reading, allow_unseen=True)
    assert {finding.key for finding in report.findings} == {"executor/span-missing"}
