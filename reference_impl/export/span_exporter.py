"""A processor and an exporter that count every span; a span that cannot be sent loses only itself (S1.1)."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from reference_impl.export.ledger import ENCODE, EXPORT, REJECTED, SpanLedger
from reference_impl.export.sanitizing import sanitize_span
from reference_impl.settings import Settings, SettingsError

_PROVIDERS = (
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER",
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER",
)


class Rejections:
    """The number of spans that the endpoint reported as not stored: the partial success of OTLP/HTTP responses."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, response: Any, *args: Any, **kwargs: Any) -> None:
        """Read one response (a hook of `requests`); anything but an OTLP message is ignored.

        Raise OSError for a redirect, which OpenTelemetry's exporter would take for success: the spans are lost.
        """
        if 300 <= response.status_code < 400:
            response.close()
            raise OSError(f"redirected, with status {response.status_code}")
        if response.status_code != 200 or not response.content:
            return
        try:
            answer = ExportTraceServiceResponse.FromString(response.content)
        except Exception:
            return
        self._count += max(0, answer.partial_success.rejected_spans)

    def take(self) -> int:
        """Return the number since the last call."""
        count, self._count = self._count, 0
        return count


class CountingProcessor(BatchSpanProcessor):
    """The SDK's batch processor with counted admission: at its limit the newest span is dropped and counted.

    The limit includes queued spans and those being sent, so that the SDK's own queue, which drops spans silently, never
    overflows.
    """

    def __init__(self, exporter: SplittingExporter, ledger: SpanLedger, settings: Settings) -> None:
        super().__init__(
            exporter,
            max_queue_size=settings.max_queue_size,
            schedule_delay_millis=settings.schedule_delay_ms,
            max_export_batch_size=settings.max_export_batch_size,
        )
        self._ledger = ledger
        self._limit = settings.max_queue_size
        self._prepare = exporter.prepare

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a sampled span that ended, unless the queue is full."""
        context = span.context
        if context and context.trace_flags.sampled and self._ledger.admit(self._limit):
            self._prepare(span)
            super().on_end(span)


class SplittingExporter(SpanExporter):
    """Sends by the exporter `inner`: sanitizes values first, and halves a batch that contains a span it cannot send.

    A batch that the endpoint did not accept is lost as a whole and not sent again in parts: the inner exporter retries,
    and parts would multiply its deadline. Exceptions of `inner` are not raised.
    """

    def __init__(
        self,
        inner: SpanExporter,
        ledger: SpanLedger,
        *,
        rejections: Rejections | None = None,
    ) -> None:
        self._inner = inner
        self._ledger = ledger
        self._rejections = rejections or Rejections()
        self._closing = threading.Event()
        self.prepare: Callable[[ReadableSpan], object] = getattr(inner, "prepare", _leave)
        """Called with each admitted span when it ends, in the thread that ended it; it never raises."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch. Return SUCCESS if every span of it was stored."""
        lost_before = self._ledger.read().lost_total
        self._send([self._sanitized(span) for span in spans])
        return SpanExportResult.SUCCESS if self._ledger.read().lost_total == lost_before else SpanExportResult.FAILURE

    def _sanitized(self, span: ReadableSpan) -> ReadableSpan:
        try:
            safe = sanitize_span(span)
        except Exception:
            return span  # the exporter will reject it, and only it is lost
        if safe is not span:
            self._ledger.alter(1)
        return safe

    def _send(self, spans: Sequence[ReadableSpan]) -> None:
        """Send; halve the batch if it cannot be sent. A stack instead of recursion keeps the order of the spans."""
        batches = [spans]
        while batches:
            batch = batches.pop()
            outcome = self._outcome(batch)
            if outcome is None and len(batch) > 1:
                middle = len(batch) // 2
                batches += [batch[middle:], batch[:middle]]
            else:
                self._count(len(batch), outcome)

    def _outcome(self, batch: Sequence[ReadableSpan]) -> bool | None:
        """Return True if sent, False if the endpoint did not accept it, None if a span in it cannot be sent."""
        try:
            if self._inner.export(batch) is SpanExportResult.SUCCESS:
                return True
        except OSError:
            return False
        except BaseException:
            # Also SystemExit and the like, which would silently end the SDK's only worker.
            return None
        return None if not _encodable(batch) else False

    def _count(self, number: int, outcome: bool | None) -> None:
        if outcome:
            rejected = min(number, self._rejections.take())
            self._ledger.settle(stored=number - rejected, lost=rejected, reason=REJECTED)
        else:
            self._ledger.settle(lost=number, reason=ENCODE if outcome is None else EXPORT)

    def shutdown(self) -> None:
        """Shut the inner exporter down, once; this also ends its pauses between retries."""
        if not self._closing.is_set():
            self._closing.set()
            self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Return True: nothing is buffered here."""
        return True


def _leave(span: ReadableSpan) -> None:
    """Leave a span for its export."""


def _encodable(batch: Sequence[ReadableSpan]) -> bool:
    try:
        encode_spans(batch).SerializePartialToString()
    except Exception:
        return False
    return True


def otlp_exporter(settings: Settings) -> tuple[SpanExporter, Rejections]:
    """Return the OTLP exporter of the settings, and its count of rejected spans.

    It reads what has no setting (certificates) from `OTEL_*` itself.
    """
    return _grpc(settings) if settings.protocol == "grpc" else _http(settings)


def _http(settings: Settings) -> tuple[SpanExporter, Rejections]:
    import requests
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    from reference_impl.export.otlp_http import DirectExporter, ExportSession
    from reference_impl.export.reply_deadline import DeadlineAdapter

    is_plain, rejections, session = settings.tracing == "plain", Rejections(), None
    if not any(os.environ.get(name) for name in _PROVIDERS):
        session = requests.Session() if is_plain else ExportSession()
        session.hooks["response"].append(rejections.read)
        for scheme in ("http://", "https://"):
            session.mount(scheme, DeadlineAdapter())
        close = weakref.WeakMethod(session.close)  # a forked child must not write to a connection of its parent
        os.register_at_fork(after_in_child=lambda: (method := close()) and method())
    exporter: Callable[..., SpanExporter] = OTLPSpanExporter if is_plain else DirectExporter
    made = exporter(
        endpoint=settings.endpoint,
        headers=dict(settings.headers),
        timeout=settings.export_timeout_s,
        compression=Compression(settings.compression),
        session=session,
    )
    return made, rejections


def _grpc(settings: Settings) -> tuple[SpanExporter, Rejections]:
    try:
        from grpc import Compression
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_PROTOCOL: grpc needs the package opentelemetry-exporter-otlp-proto-grpc; "
            "accepted: http/protobuf, or grpc with that package"
        ) from None
    exporter = OTLPSpanExporter(
        endpoint=settings.endpoint,
        headers=dict(settings.headers),
        timeout=settings.export_timeout_s,
        compression=Compression.Gzip if settings.compression == "gzip" else Compression.NoCompression,
    )
    return exporter, Rejections()
