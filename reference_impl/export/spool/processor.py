"""A span processor with a spool: spans are on disk before `end` returns, and wait there until they are stored (S1.5).

The spool is the queue. What the endpoint does not accept now is sent later, by this process or, if that ends, by
another one on the same folder. A batch may be stored twice, under the same ids: if a process is killed before it notes
the response, or if the response is lost.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, attach, detach, set_value
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from reference_impl.export.ledger import AFTER_SHUTDOWN, ENCODE, EXPORT, REJECTED, SPOOL_FULL, SpanLedger
from reference_impl.export.otlp_http import LARGEST, DirectExporter
from reference_impl.export.sanitizing import sanitize_span
from reference_impl.export.span_encoding import SpanEncoder, join_request
from reference_impl.export.span_exporter import Rejections
from reference_impl.export.spool.folder import SpoolFolder
from reference_impl.export.spool.spooled_spans import Batch, SpooledSpans
from reference_impl.settings import Settings

TRY_AGAIN_S = 1.0
"""Seconds between an export that failed and the next."""
LOOK_S = 5.0
"""Seconds between looks for the files of processes that have ended."""
_NO_LIMIT: Final = 1 << 62


class SpoolProcessor(SpanProcessor):
    """Appends each sampled span that ends to the spool; a thread sends them. Nothing that the disk does is raised.

    Raise OSError if the folder cannot be made or written to.
    """

    def __init__(
        self, exporter: DirectExporter, rejections: Rejections, ledger: SpanLedger, settings: Settings
    ) -> None:
        self._exporter, self._rejections, self._ledger = exporter, rejections, ledger
        self._encoder = SpanEncoder()
        self._most = settings.max_export_batch_size
        self._delay_s = settings.schedule_delay_ms / 1000
        self._age_ns = settings.spool_max_age_s * 1_000_000_000
        self._folder = SpoolFolder(Path(settings.spool_dir), settings.spool_max_bytes)
        self._own: SpooledSpans | None = None
        self._left: list[SpooledSpans] = []
        self._is_doubtful = False
        self._forget()
        self._begin()
        with self._sending:
            self._look()
        forget = weakref.WeakMethod(self._in_child)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())

    def _forget(self) -> None:
        self._beginning, self._sending = threading.Lock(), threading.Lock()
        self._awake, self._ended = threading.Event(), threading.Event()
        self._looked = 0.0
        self._thread: threading.Thread | None = None

    def _in_child(self) -> None:
        """Leave the spool to the parent, as a forked process. It makes its own when its first span ends."""
        for spans in filter(None, [self._own, *self._left]):
            spans.forget()
        self._own, self._left = None, []
        self._forget()

    def _begin(self) -> SpooledSpans:
        with self._beginning:
            if self._own is None:
                own = self._folder.begin()
                self._own = own
                self._thread = threading.Thread(target=self._run, name="spool-export", daemon=True)
                self._thread.start()
            return self._own

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """See SpanProcessor."""

    def on_end(self, span: ReadableSpan) -> None:
        """Append a sampled span that ended."""
        context = span.context
        if not (context and context.trace_flags.sampled and self._ledger.admit(_NO_LIMIT)):
            return
        try:
            own = self._own or self._begin()
        except OSError:
            self._ledger.settle(lost=1, reason=SPOOL_FULL)
            return
        encoded = self._encoder.encode_ordinary(span) or self._made_safe(span)
        if encoded is None:
            own.count_lost(ENCODE)
            self._ledger.settle(lost=1, reason=ENCODE)
        elif not own.append(span.end_time or time.time_ns(), *encoded):
            self._ledger.settle(lost=1, reason=AFTER_SHUTDOWN if self._ended.is_set() else SPOOL_FULL)
        elif own.counts.pending >= self._most and not self._awake.is_set():
            self._awake.set()

    def _made_safe(self, span: ReadableSpan) -> tuple[bytes, bytes] | None:
        """Encode a span that is not ordinary, made safe. Return None if it cannot be sent."""
        try:
            safe = sanitize_span(span)
            if safe is not span:
                self._ledger.alter(1)
            head, encoded = self._encoder.encode_one(safe)
        except Exception:
            return None
        return (head, encoded) if len(head) + len(encoded) <= LARGEST else None

    def _run(self) -> None:
        ended, awake = self._ended, self._awake
        while not ended.is_set():
            is_early = awake.wait(self._delay_s)
            awake.clear()
            try:
                sent = self._send(only_full=is_early and not ended.is_set())
            except Exception:
                sent = False
            if not sent:
                ended.wait(TRY_AGAIN_S)

    def _send(self, *, only_full: bool = False) -> bool:
        """Send what is in the spool by now, or full batches. Return False once a batch is not accepted."""
        with self._sending:
            token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
            try:
                if time.monotonic() >= self._looked + LOOK_S:
                    self._look()
                return self._send_own(only_full) and self._send_left()
            except OSError:
                return False  # such as too many open files
            finally:
                detach(token)

    def _send_own(self, only_full: bool) -> bool:
        own = self._own
        pending = own.counts.pending if own else 0
        batches = pending // self._most if only_full else -(-pending // self._most)
        return own is None or all(self._next_sent(own) for _ in range(batches))

    def _send_left(self) -> bool:
        while self._left:
            spans = self._left[0]
            while spans.counts.pending:
                if not self._next_sent(spans):
                    return False
            spans.close()
            self._left.pop(0)
        return True

    def _look(self) -> None:
        """Take over the files of processes that have ended, and count what has expired."""
        self._looked = time.monotonic()
        for spans in self._folder.take_over(self._own):
            self._ledger.recover(spans.recount())
            self._left.append(spans)
        for spans in filter(None, [self._own, *self._left]):
            expired = spans.batch(0, self._oldest_ns())
            if expired is not None:
                self._settle(spans, expired, 0, expired.lost)

    def _oldest_ns(self) -> int:
        return time.time_ns() - self._age_ns

    def _next_sent(self, spans: SpooledSpans) -> bool:
        """Send the next batch and count it. Return False if it has to be sent again, and have the disk keep it."""
        batch = spans.batch(self._most, self._oldest_ns())
        if batch is None:
            return True
        number, lost = len(batch.spans), dict(batch.lost)
        accepted = self._delivered(batch.spans) if number else True
        if accepted is None:
            spans.sync()
            self._folder.sync()
            return False
        rejected = min(number, self._rejections.take()) if accepted else number
        lost[REJECTED if accepted else EXPORT] = rejected
        self._settle(spans, batch, number - rejected, lost)
        return True

    def _delivered(self, spans: Sequence[tuple[bytes, bytes]]) -> bool | None:
        """Send spans; after a failure only once an empty request is answered. Return what `deliver` returns.

        An endpoint that stands still stores what it was sent when it goes on, so each try would come as another copy.
        """
        if self._is_doubtful and self._exporter.deliver(b"") is None:
            return None
        self._rejections.take()
        accepted = self._exporter.deliver(join_request(spans))
        self._is_doubtful = accepted is None
        return accepted

    def _settle(self, spans: SpooledSpans, batch: Batch, stored: int, lost: Mapping[str, int]) -> None:
        spans.settle(batch, stored, lost)
        self._ledger.settle(stored=stored)
        for reason, number in lost.items():
            self._ledger.settle(lost=number, reason=reason)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Send what is in the spool. Return False if something stays there."""
        return self._send()

    def shutdown(self) -> None:
        """End the export. What is not stored stays in the folder."""
        self._ledger.close()
        self._ended.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join()
        with self._sending:
            for spans in filter(None, [self._own, *self._left]):
                if spans.counts.pending:
                    spans.sync()
                spans.close()
            self._left.clear()
            self._own = None
