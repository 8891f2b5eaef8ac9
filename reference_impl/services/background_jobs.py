"""Work that outlives the request that started it: its own trace, linked to the request's span (S5.1).

As a child it would end after its parent, and keep the request's trace open. So a job's span is a root with a link to
the span that started it. Both have the same correlation id, and the link has it too, so that either trace leads to the
other. Sampling is decided separately for the job's trace.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from typing import Any, Final

from opentelemetry.context import Context, attach
from opentelemetry.trace import Link, Tracer, get_current_span

from reference_impl.instrumentation.errors import type_name
from reference_impl.instrumentation.faults import call_safely
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.correlation import correlation, current_correlation_id, new_correlation_id
from reference_impl.vocabulary import CORRELATION_ID

logger = logging.getLogger("reference_impl.services.background_jobs")

MOST: Final = 16
"""The maximum of concurrent jobs."""

Work = Callable[[], Awaitable[Mapping[str, Any] | None]]
"""The function of a job; the attributes that it returns are set on its span."""


class JobsRefused(Exception):
    """No job can be started: too many are running, or the service is ending. A later retry is safe."""


class BackgroundJobs:
    """Starts jobs, and waits for them before the service ends."""

    def __init__(self, tracer: Tracer, *, most: int = MOST) -> None:
        self._tracer = tracer
        self._most = most
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"<BackgroundJobs {len(self._running)} of {self._most} running{', closed' if self._closed else ''}>"

    def start(self, name: str, work: Work) -> None:
        """Start a job whose span has this name. Raise JobsRefused. A failure is logged by type, and is on the span."""
        if self._closed or len(self._running) >= self._most:
            raise JobsRefused("the service is ending" if self._closed else f"{self._most} jobs are running")
        starter, correlation_id = (
            get_current_span().get_span_context(),
            current_correlation_id() or new_correlation_id(),
        )
        links = [Link(starter, {CORRELATION_ID: correlation_id})] if starter.is_valid else []
        # The rest of the context is kept, but not the starter's span and baggage.
        context = copy_context()
        context.run(attach, Context())
        task = asyncio.get_running_loop().create_task(self._run(name, work, correlation_id, links), context=context)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, name: str, work: Work, correlation_id: str, links: list[Link]) -> None:
        try:
            with correlation(correlation_id), operation_span(self._tracer, name, links=links) as span:
                attributes = await work()
                if attributes:
                    call_safely(span.set_attributes, attributes)
        except Exception as error:
            logger.error("job %s failed: %s", name, type_name(error))

    async def drain(self, timeout_s: float) -> bool:
        """Reject new jobs and wait for the running ones; after `timeout_s` seconds, cancel those that still run.

        Return True if all ended by themselves. A cancelled job's span has `error.type` CancelledError.
        """
        self._closed = True
        if not self._running:
            return True
        _, late = await asyncio.wait(self._running, timeout=timeout_s)
        for task in late:
            task.cancel()
        if late:
            logger.warning("%d jobs were cancelled at the end of the service", len(late))
            # With a limit: a job that ignores its cancellation must not keep the service from ending.
            await asyncio.wait(late, timeout=_CANCEL_TIMEOUT_S)
        return not late


_CANCEL_TIMEOUT_S: Final = 0.5
