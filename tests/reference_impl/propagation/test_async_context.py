"""Context through tasks, threads, callbacks and generators, when cancelled and under load (S5.1, faults C1 to C5)."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import pytest
from opentelemetry.trace import StatusCode, get_current_span

from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.async_context import (
    ContextThreadPool,
    context_thread,
    in_current_context,
    isolated,
    run_in_executor,
)
from reference_impl.propagation.correlation import correlation, current_correlation_id
from tests.reference_impl.propagation.propagation_support import Traced, assert_clean
from tests.reference_impl.redis_tracing.redis_support import run


def test_tasks_task_groups_and_gather_carry_the_context(traced: Traced) -> None:
    async def step(name: str) -> None:
        await asyncio.sleep(0)
        traced.make(name)

    async def main() -> None:
        with correlation("c-1"), operation_span(traced.tracer, "request"):
            await asyncio.create_task(step("task"))
            async with asyncio.TaskGroup() as group:
                group.create_task(step("grouped"))
            await asyncio.gather(step("gathered"))
            await asyncio.to_thread(traced.make, "to_thread")

    run(main)
    names = ["task", "grouped", "gathered", "to_thread"]
    assert [traced.parent_name(name) for name in names] == ["request"] * 4
    assert set(traced.correlation_ids().values()) == {"c-1"}


def test_callbacks_of_the_loop_carry_the_context_and_those_of_threads_when_in_current_context(traced: Traced) -> None:
    async def main() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        pool_future: Future[None] = Future()
        with correlation("c-1"), operation_span(traced.tracer, "request"):
            loop.call_soon(traced.make, "soon")
            loop.call_later(0.001, traced.make, "later")
            pool_future.add_done_callback(in_current_context(lambda _: traced.make("of a thread")))
            loop.call_later(0.002, done.set)
            other = threading.Thread(target=pool_future.set_result, args=(None,))
            other.start()
            await done.wait()
            await asyncio.to_thread(other.join)

    run(main)
    assert [traced.parent_name(name) for name in ("soon", "later", "of a thread")] == ["request"] * 3
    assert traced.correlation_ids()["of a thread"] == "c-1"


def test_an_executor_loses_the_context_and_the_helper_carries_it(traced: Traced) -> None:
    async def main() -> None:
        with correlation("c-1"), operation_span(traced.tracer, "request"), ThreadPoolExecutor(1) as executor:
            await asyncio.get_running_loop().run_in_executor(executor, traced.make, "lost")
            await run_in_executor(executor, traced.make, name="carried")
            await run_in_executor(None, traced.make, "of the loop")

    run(main)
    parents = {name: traced.parent_name(name) for name in ("lost", "carried", "of the loop")}
    assert parents == {"lost": None, "carried": "request", "of the loop": "request"}
    assert traced.correlation_ids()["carried"] == "c-1"


def test_pools_and_plain_threads_have_the_context_of_whoever_gave_them_work(traced: Traced) -> None:
    with ContextThreadPool(2) as pool:
        for number in range(3):
            with correlation(f"c-{number}"), operation_span(traced.tracer, f"request {number}"):
                pool.submit(traced.make, f"submitted {number}").result()
                list(pool.map(traced.make, [f"mapped {number}"]))
                thread = context_thread(traced.make, f"thread {number}")
                thread.start()
                thread.join()
    for number in range(3):
        for name in ("submitted", "mapped", "thread"):
            assert traced.parent_name(f"{name} {number}") == f"request {number}"
            assert traced.correlation_ids()[f"{name} {number}"] == f"c-{number}"


def test_a_carried_call_may_run_several_times_at_once_and_keeps_its_result_name_and_error() -> None:
    both = threading.Barrier(2, timeout=50)

    def meet(number: int) -> tuple[int, str | None]:
        both.wait()
        return number, current_correlation_id()

    with correlation("c-1"):
        call = in_current_context(meet)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(call, [1, 2])) == [(1, "c-1"), (2, "c-1")]
    assert call.__name__ == "meet"
    failure = LookupError("own")

    def fail() -> None:
        raise failure

    with pytest.raises(LookupError) as caught:
        in_current_context(fail)()
    assert caught.value is failure


@pytest.mark.fault("C1")
def test_an_exception_of_the_application_stays_the_very_same_object_c1(traced: Traced) -> None:
    cause, failure = KeyError("cause"), LookupError("bob@example.com")
    failure.__cause__ = cause
    with pytest.raises(LookupError) as caught, operation_span(traced.tracer, "failing"):
        raise failure
    assert caught.value is failure
    assert (failure.__cause__, failure.__context__) == (cause, None)
    assert "bob" not in traced.span("failing").to_json()
    assert_clean()


class Stop(BaseException):
    """Not an Exception, as SystemExit and KeyboardInterrupt are not."""


@pytest.mark.parametrize("kind", [Stop, KeyboardInterrupt, SystemExit])
@pytest.mark.fault("C1")
def test_a_base_exception_marks_the_span_and_leaves_the_context_clean_c1(
    traced: Traced, kind: type[BaseException]
) -> None:
    failure = kind()
    with pytest.raises(kind) as caught, correlation("c-1"), operation_span(traced.tracer, "stopped"):
        raise failure
    assert caught.value is failure
    span = traced.span("stopped")
    assert (span.status.status_code, (span.attributes or {})["error.type"]) == (StatusCode.ERROR, kind.__name__)
    assert_clean()


@pytest.mark.fault("C3")
def test_a_cancelled_block_is_a_failed_one_and_the_next_task_starts_clean_c3(traced: Traced) -> None:
    async def slow() -> None:
        with correlation("c-1"), operation_span(traced.tracer, "outer"), operation_span(traced.tracer, "inner"):
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(slow())
        await asyncio.sleep(0)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await slow()
        assert_clean()
        await asyncio.create_task(_clean_task())

    async def _clean_task() -> None:
        assert_clean()

    run(main)
    for span in traced.spans("outer") + traced.spans("inner"):
        assert (span.attributes or {})["error.type"] == "CancelledError"
        assert span.status.status_code is StatusCode.ERROR
        assert [event.name for event in span.events] == ["exception"]
    assert len(traced.spans("outer")) == 2


@pytest.mark.fault("C4")
def test_a_generator_that_is_left_leaks_its_span_and_the_enclosing_block_restores_the_context_c4(
    traced: Traced,
) -> None:
    async def rows() -> AsyncGenerator[int, None]:
        with operation_span(traced.tracer, "rows"):
            yield 1
            yield 2

    async def main() -> None:
        with operation_span(traced.tracer, "request") as request:
            left = rows()
            async for _ in left:
                break
            assert get_current_span() is not request  # what Python does; `isolated` is for this
        assert_clean()
        await left.aclose()
        assert_clean()

    run(main)
    assert [event.name for event in traced.span("rows").events] == ["abandoned"]
    assert traced.span("rows").status.status_code is StatusCode.UNSET


def test_a_block_that_a_copy_of_its_context_leaves_stays_current_where_it_was_opened(traced: Traced) -> None:
    block = operation_span(traced.tracer, "request")
    with correlation("c-1"):
        request = block.__enter__()
        contextvars.copy_context().run(block.__exit__, None, None, None)
        assert get_current_span() is request  # it has ended, and yet nobody here has left it
        block.__exit__(None, None, None)
    assert_clean()
    operation_span(traced.tracer, "never entered").__exit__(None, None, None)
    assert_clean()


class Rows:
    """A reader of rows whose stream opens spans and a correlation id."""

    def __init__(self, traced: Traced, number: int = 3) -> None:
        self.traced = traced
        self.number = number
        self.closed_under: list[str | None] = []

    @isolated
    async def stream(self) -> AsyncGenerator[int, None]:
        with correlation("of the stream"), operation_span(self.traced.tracer, "rows"):
            try:
                for number in range(self.number):
                    await asyncio.sleep(0)
                    self.traced.make(f"row {number}")
                    yield number
            finally:
                self.closed_under.append(current_correlation_id())


def test_a_contained_stream_is_invisible_to_its_reader_and_sees_its_reader_s_span(traced: Traced) -> None:
    async def main() -> None:
        with correlation("c-1"), operation_span(traced.tracer, "request") as request:
            async for _ in Rows(traced).stream():
                assert get_current_span() is request
                assert current_correlation_id() == "c-1"
        assert_clean()

    run(main)
    assert traced.parent_name("rows") == "request"
    assert traced.parent_name("row 2") == "rows"
    assert traced.correlation_ids()["row 2"] == "of the stream"


@pytest.mark.parametrize("how", ["dropped", "closed"])
@pytest.mark.fault("C4")
def test_a_contained_stream_that_is_left_is_closed_in_its_own_context_c4(
    traced: Traced, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows = Rows(traced)

    async def read() -> None:
        with operation_span(traced.tracer, "request") as request:
            if how == "closed":
                async with aclosing(rows.stream()) as stream:
                    async for _ in stream:
                        break
            else:
                async for _ in rows.stream():
                    break
            assert get_current_span() is request

    async def main() -> None:
        await read()
        assert_clean()
        for _ in range(5):
            await asyncio.sleep(0)

    run(main)
    assert rows.closed_under == ["of the stream"]
    assert [event.name for event in traced.span("rows").events] == ["abandoned"]
    assert caplog.text == ""


def test_a_contained_stream_passes_failures_cancellation_and_an_unread_end_on(traced: Traced) -> None:
    failure = LookupError()

    @isolated
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise failure

    @isolated
    async def waiting() -> AsyncGenerator[int, None]:
        with operation_span(traced.tracer, "waiting"):
            await asyncio.Event().wait()
            yield 1

    async def read(stream: AsyncIterator[int]) -> list[int]:
        return [row async for row in stream]

    async def main() -> None:
        with pytest.raises(LookupError) as caught:
            await read(failing())
        assert caught.value is failure
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await read(waiting())
        waiting()  # never read: nothing begins, so nothing is to be ended
        assert_clean()

    run(main)
    assert (traced.span("waiting").attributes or {})["error.type"] == "CancelledError"


@pytest.mark.unmeasured
@pytest.mark.fault("C5")
def test_a_thousand_tasks_and_their_threads_never_cross_ids_c5(traced: Traced) -> None:
    async def request(number: int, pool: ContextThreadPool) -> None:
        with correlation(f"c-{number}"), operation_span(traced.tracer, f"request {number}"):
            await asyncio.sleep((number * 7919 % 13) / 10_000)
            await run_in_executor(None, traced.make, f"executor {number}")
            pool.submit(traced.make, f"pool {number}")
            async for _ in Rows(traced, 1).stream():
                traced.make(f"read {number}")
            assert current_correlation_id() == f"c-{number}"

    async def main() -> None:
        with ContextThreadPool(8) as pool:
            async with asyncio.TaskGroup() as group:
                for number in range(1000):
                    group.create_task(request(number, pool))
        assert_clean()

    run(main, deadline_s=55)
    spans = [span for span in traced.memory.get_finished_spans() if not span.name.startswith("row")]
    assert len(spans) == 4000
    tops = {span.name.split()[1]: span.context for span in spans if span.name.startswith("request")}
    for span in spans:
        number = span.name.split()[1]
        assert (span.attributes or {})["correlation.id"] == f"c-{number}"
        assert _is_below(span, tops[number])


def _is_below(span: Any, top: Any) -> bool:
    return bool(span.context == top or (span.parent and span.parent.span_id == top.span_id))
