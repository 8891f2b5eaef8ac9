"""Ends of a process that skip `atexit`: of a worker of multiprocessing, and by SIGTERM (docs/tracing-guide.md).

A worker of `multiprocessing` or of a `ProcessPoolExecutor` ends by `os._exit`, and SIGTERM without a handler ends a
process at once. `os._exit` in code of one's own cannot be seen: call `telemetry.shutdown()` before it.
"""

from __future__ import annotations

import _thread
import os
import signal
from collections.abc import Callable
from multiprocessing import parent_process, util
from types import FrameType
from typing import Final, TypeVar

Owner = TypeVar("Owner")

_LAST: Final = -100
"""The priority of the shutdown among the finalizers of a worker: others may make spans."""


def shut_down_in_workers(owner: Owner, shutdown: Callable[[Owner], object]) -> None:
    """Have workers of multiprocessing call `shutdown` with the owner before they end; `owner` is not kept alive."""
    util.register_after_fork(owner, lambda owner: _at_worker_exit(owner, shutdown))
    if parent_process() is not None:  # made inside of a worker
        _at_worker_exit(owner, shutdown)


def _at_worker_exit(owner: Owner, shutdown: Callable[[Owner], object]) -> None:
    util.Finalize(None, shutdown, args=(owner,), exitpriority=_LAST)


def shut_down_at_sigterm(shutdown: Callable[[], object]) -> None:
    """Call `shutdown` (`Telemetry.shutdown`) at SIGTERM, then raise the signal again for the handler that was there.

    A second SIGTERM does not wait. Spans that end during the shutdown are counted as lost. Where the signal is ignored,
    it stays so. Call this in the main thread. Raise ValueError in another one.
    """
    before = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL  # None: not set by Python
    if before is signal.SIG_IGN:
        return

    def handle(number: int, _: FrameType | None) -> None:
        signal.signal(number, before)
        # In a thread, as the handler interrupts code that may hold a lock; one of `threading` would take locks itself.
        _thread.start_new_thread(end, (number,))

    def end(number: int) -> None:
        try:
            shutdown()
        finally:
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, handle)
