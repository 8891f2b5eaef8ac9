"""Flush and shutdown of tracing, each within a deadline (S1.1).

The SDK's own flush ignores its timeout and returns True when nothing was stored; its shutdown blocks for up to half a
minute on a dead endpoint. Here both run in a thread that the caller need not wait for, and the ledger counts what was
stored and lost.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter

from reference_impl.export.ledger import LedgerReading, SpanLedger
from reference_impl.instrumentation.measures import MeasuredTracer, Measures
from reference_impl.telemetry.process_ends import shut_down_in_workers
from reference_impl.telemetry.remote_sampling import RemoteSampler

logger = logging.getLogger("reference_impl.telemetry.shutdown")

_STEP_S = 0.05


class BoundedCall:
    """A call in a daemon thread, started at once, whose caller can stop waiting; True, or False if it failed.

    Own code because the threads of `concurrent.futures` keep the process alive until they end.
    """

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

    def wait_until(self, deadline: float) -> bool:
        """Wait for the end of the call until `deadline` (`time.monotonic()`). Return its result, else False."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        return self.done and self._result


@dataclass(frozen=True, slots=True)
class Exporting:
    """The processor of exported spans, and the exporter that it uses.

    What is not sent at the end is kept by the processor, or lost.
    """

    processor: SpanProcessor
    exporter: SpanExporter
    keeps_unsent: bool = False


class Telemetry:
    """Configured tracing: returns tracers, flushes, shuts down, and counts what was stored and lost."""

    def __init__(
        self,
        provider: TracerProvider,
        ledger: SpanLedger,
        *,
        exporting: Exporting | None = None,
        is_global: bool = False,
        is_plain: bool = False,
        exit_deadline_s: float = 5.0,
        measures: Measures | None = None,
        sampler: RemoteSampler | None = None,
    ) -> None:
        self.provider = provider
        self.is_global = is_global
        self.is_plain = is_plain
        self._measures = measures
        self._sampler = sampler
        self._ledger = ledger
        self._exporting = exporting
        self._exit_deadline_s = exit_deadline_s
        self._lock = threading.Lock()
        self._flusher: BoundedCall | None = None
        self._outcome: bool | None = None
        atexit.register(self._at_exit)
        shut_down_in_workers(self, Telemetry.shutdown)

    def __repr__(self) -> str:
        return f"<Telemetry {self._ledger!r}>"

    def tracer(self, name: str) -> trace.Tracer:
        """Return the tracer of an instrumentation scope: the importable name of the module that makes the spans."""
        tracer = self.provider.get_tracer(name)
        return tracer if self._measures is None else MeasuredTracer(tracer, self._measures)

    def ledger(self) -> LedgerReading:
        """Return how many sampled spans ended, were stored, and were lost for which reason."""
        return self._ledger.read()

    def flush(self, timeout_s: float) -> bool:
        """Send all spans that have ended; return within `timeout_s` seconds.

        Return True if all of them were stored and none was lost since the last flush; False otherwise, also when the
        time is up. Spans that are not sent by then are still tried later.
        """
        if self._outcome is not None:
            return self._ledger.report_losses() == 0  # after the shutdown there is nothing left to send
        sent = self._flushed(time.monotonic() + timeout_s)
        return self._ledger.report_losses() == 0 and sent

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Flush, then end the export; return within `timeout_s` seconds (default: the settings' exit deadline).

        Return True if no span was lost since the last flush. Spans that end later, and spans that are not sent by then
        and not in a spool, are counted as lost. A second call does nothing and returns the same.
        """
        with self._lock:
            if self._outcome is None:
                self._outcome = self._shut_down(self._exit_deadline_s if timeout_s is None else timeout_s)
            return self._outcome

    def _flushed(self, deadline: float) -> bool:
        target = self._ledger.target()
        flusher = self._started_flusher()
        settled = self._ledger.wait(target, 0)
        while not settled and time.monotonic() < deadline:
            settled = self._ledger.wait(target, min(_STEP_S, deadline - time.monotonic()))
            # A flush that began before our spans were queued may have ended without them.
            flusher = self._started_flusher() if not settled and flusher.done else flusher
        return flusher.wait_until(deadline) and settled

    def _started_flusher(self) -> BoundedCall:
        """Return the running flush, or start one: a hung endpoint never costs more than one thread."""
        if self._flusher is None or self._flusher.done:
            self._flusher = BoundedCall(self.provider.force_flush)
        return self._flusher

    def _shut_down(self, timeout_s: float) -> bool:
        start = time.monotonic()
        self._ledger.close()
        if self._sampler is not None:
            self._sampler.close()
        # A tenth of the time is left for closing connections and stopping the worker.
        sent = self._flushed(start + timeout_s * 0.9)
        BoundedCall(self._end_export).wait_until(start + timeout_s)
        keeps_unsent = self._exporting is not None and self._exporting.keeps_unsent
        if not keeps_unsent:
            self._ledger.seal()
        atexit.unregister(self._at_exit)
        return self._ledger.report_losses() == 0 and (sent or keeps_unsent)

    def _end_export(self) -> bool:
        if self._exporting is not None:
            # First, because it ends the pauses between retries that the worker waits for.
            self._exporting.exporter.shutdown()
        self.provider.shutdown()
        return True

    def _at_exit(self) -> None:
        self.shutdown()
