"""Carries the context - current span, correlation id, baggage - to where Python does not carry it by itself (S5.1).

asyncio carries it into tasks, task groups, `gather`, `asyncio.to_thread`, `call_soon` and `call_later`. It is lost in
`run_in_executor`, in threads of one's own, in pools, and in callbacks that another thread calls: for these there is
one helper each. And it leaks out of async generators: a span that is open at a `yield` is current in whoever reads,
and stays so when the reader leaves; `contained` keeps it inside. What outlives its request is in `background_jobs`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def carried(call: Callable[P, R]) -> Callable[P, R]:
    """The call, made in the context of now wherever and whenever it is made; also several times at once.

    For threads, pools and callbacks: `future.add_done_callback(carried(note))`.
    """
    context = copy_context()

    @wraps(call)
    def in_context(*args: P.args, **kwargs: P.kwargs) -> R:
        # A copy each time: a context can be entered only once at a time.
        return context.copy().run(call, *args, **kwargs)

    return in_context


async def run_in_executor(executor: Executor | None, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """`loop.run_in_executor` that carries the context; None is the loop's own executor."""
    bound = carried(call)
    return await asyncio.get_running_loop().run_in_executor(executor, lambda: bound(*args, **kwargs))


class CarryingThreadPool(ThreadPoolExecutor):
    """A pool of threads in which every call has the context of whoever submitted it."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As of the base class; `map` submits through here too."""
        return super().submit(carried(fn), *args, **kwargs)


def carrying_thread(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> threading.Thread:
    """A thread, not started yet, that makes the call in the context of now."""
    return threading.Thread(target=carried(call), args=args, kwargs=kwargs)


def contained(stream: Callable[P, AsyncGenerator[T, None]]) -> Callable[P, Stream[T]]:
    """Make the body of an async generator function run in a context of its own, a copy of its caller's.

    Spans and correlation ids that the body opens are seen by the body and what it calls, never by its reader, also
    where the reader leaves early (C4).
    """

    @wraps(stream)
    def open_stream(*args: P.args, **kwargs: P.kwargs) -> Stream[T]:
        context = copy_context()
        return Stream(context.run(stream, *args, **kwargs), context)

    return open_stream


class Stream(AsyncIterator[T]):
    """An async generator in its own context. Left early and dropped, it is closed there too, so that its spans end."""

    __slots__ = ("_body", "_context", "_loop", "_open")

    def __init__(self, body: AsyncGenerator[T, None], context: Context) -> None:
        self._body = body
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._open = False

    async def __anext__(self) -> T:
        self._open = True
        try:
            return await _InContext(self._body.__anext__(), self._context)
        except BaseException:
            self._open = False  # an async generator that raises, also StopAsyncIteration, has ended
            raise

    async def aclose(self) -> None:
        """Close the generator; for a reader that may leave early: `async with aclosing(stream): ...`"""
        self._open = False
        await _InContext(self._body.aclose(), self._context)

    def __del__(self) -> None:
        if self._open and not self._loop.is_closed():
            # Not left to the loop's own finalizer: that would close the body in a context of its own making.
            body, context = self._body, self._context
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(_close(body), context=context))


async def _close(body: AsyncGenerator[Any, None]) -> None:
    await body.aclose()


class _InContext(Awaitable[T]):
    """An awaitable whose every step runs in a context of its own, whichever task awaits it."""

    __slots__ = ("_context", "_inner")

    def __init__(self, inner: Awaitable[T], context: Context) -> None:
        self._inner = inner
        self._context = context

    def __await__(self) -> Generator[Any, Any, T]:
        steps: Any = self._inner.__await__()
        step: Callable[..., Any] = steps.__next__
        value: tuple[BaseException, ...] = ()
        while True:
            try:
                waited_for = self._context.run(step, *value)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            try:
                yield waited_for
            except BaseException as thrown:
                step, value = steps.throw, (thrown,)
            else:
                step, value = steps.__next__, ()
