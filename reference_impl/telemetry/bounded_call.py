"""A call in a thread of its own whose caller can stop waiting: for functions that ignore their own timeout."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger("reference_impl.telemetry.bounded_call")


class BoundedCall:
    """A call that runs in a daemon thread, started at once; its result is True, or False if it failed."""

    def __init__(self, call: Callable[[], bool]) -> None:
        self._call = call
        self._result = False
        self._thread = threading.Thread(target=self._run, name="telemetry-flush", daemon=True)
        # Python 3.12 and later start no thread while the interpreter ends: then the call counts as failed.
        with contextlib.suppress(RuntimeError):
            self._thread.start()

    def _run(self) -> None:
        try:
            self._result = bool(self._call())
        except Exception:
            logger.warning("the flush or shutdown of a span processor failed")

    @property
    def done(self) -> bool:
        """Return whether the call has ended."""
        return not self._thread.is_alive()

    def wait_for(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` seconds for the end of the call. Return its result, False if it still runs."""
        return self.wait_until(time.monotonic() + timeout_s)

    def wait_until(self, deadline: float) -> bool:
        """Wait for the end of the call until `deadline` (`time.monotonic()`). Return its result, else False."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        return self.done and self._result
