"""Carries the context (current span, correlation id, baggage) to where Python itself does not (S5.1).

asyncio carries it into tasks, task groups, `gather`, `asyncio.to_thread`, `call_soon` and `call_later`. It is lost in
`run_in_executor`, in your own threads and pools, and in callbacks that another thread calls: there is one helper for
each. It leaks out of async generators: a span that is open at a `yield` is also current in the reader, and stays
current if the reader stops early; `isolated` keeps it inside.
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


def in_current_context(call: Callable[P, R]) -> Callable[P, R]:
    """Return a function that makes the call in the context that is current now; it may run several times at once.

    For threads, pools and callbacks: `future.add_done_callback(in_current_context(callback))`.
    """
    context = copy_context()

    @wraps(call)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        # A copy each time: a context can be entered only once at a time.
        return context.copy().run(call, *args, **kwargs)

    return wrapped


async def run_in_executor(executor: Executor | None, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a call as `loop.run_in_executor` does, in the current context. None: the loop's default executor."""
    bound = in_current_context(call)
    return await asyncio.get_running_loop().run_in_executor(executor, lambda: bound(*args, **kwargs))


class ContextThreadPool(ThreadPoolExecutor):
    """A thread pool that runs each call in the context of its submitter."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Submit a call, as the base class does; `map` calls this method too."""
        return super().submit(in_current_context(fn), *args, **kwargs)


def context_thread(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> threading.Thread:
    """Return a thread, not started yet, that makes the call in the current context."""
    return threading.Thread(target=in_current_context(call), args=args, kwargs=kwargs)


def isolated(stream: Callable[P, AsyncGenerator[T, None]]) -> Callable[P, IsolatedStream[T]]:
    """Make an async generator function run in its own context, a copy of its caller's.

    Spans and correlation ids that the generator opens are current in it and in what it calls, never in its reader,
    even if the reader stops early (C4).
    """

    @wraps(stream)
    def open_stream(*args: P.args, **kwargs: P.kwargs) -> IsolatedStream[T]:
        context = copy_context()
        return IsolatedStream(context.run(stream, *args, **kwargs), context)

    return open_stream


class IsolatedStream(AsyncIterator[T]):
    """An async generator that runs in its own context, and is closed there if its reader drops it early."""

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
        """Close the generator; for a reader that may stop early: `async with aclosing(stream): ...`"""
        self._open = False
        await _InContext(self._body.aclose(), self._context)

    def __del__(self) -> None:
        if self._open and not self._loop.is_closed():
            # The loop's own finalizer would close the generator in another context.
            body, context = self._body, self._context
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(_close(body), context=context))


async def _close(body: AsyncGenerator[Any, None]) -> None:
    await body.aclose()


class _InContext(Awaitable[T]):
    """An awaitable whose every step runs in the given context, whichever task awaits it."""

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
