"""A call beside its caller, who can stop waiting for it: for what ignores its own timeout."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger("reference_impl.telemetry.setup")


class Beside:
    """A call running in a daemon thread, so that its caller can stop waiting for it."""

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
        return not self._thread.is_alive()

    def joined_within(self, timeout_s: float) -> bool:
        """Wait for its end, at most so long (seconds); its result, False where it has none."""
        return self.joined(time.monotonic() + timeout_s)

    def joined(self, deadline: float) -> bool:
        """Wait for its end until `deadline`; its result, False where it has none."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        return self.done and self._result
