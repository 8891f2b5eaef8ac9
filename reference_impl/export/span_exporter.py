"""What stands between the SDK and the exporter: counts every span, and lets a poison span lose only itself (S1.1)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from reference_impl.export.ledger import ENCODE, EXPORT, REJECTED, SpanLedger
from reference_impl.export.sanitizing import sanitize_span
from reference_impl.export.span_encoding import AT_ONCE, never, yielding_to_threads
from reference_impl.settings import Settings, SettingsError

_PROVIDERS = (
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER",
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER",
)


class Rejections:
    """How many spans the endpoint said it did not store, from the partial success of OTLP/HTTP responses."""

    def __init__(self) -> None:
        self._count = 0

    def hear(self, response: Any, *args: Any, **kwargs: Any) -> None:
        """Read one response (a hook of `requests`); what is no OTLP message says nothing."""
        if response.status_code != 200 or not response.content:
            return
        try:
            answer = ExportTraceServiceResponse.FromString(response.content)
        except Exception:
            return
        self._count += max(0, answer.partial_success.rejected_spans)

    def take(self) -> int:
        """The number since this was last asked."""
        count, self._count = self._count, 0
        return count


class CountingProcessor(BatchSpanProcessor):
    """The SDK's batch processor with counted admission: at its limit the newest span is dropped, and counted.

    The limit counts queued spans and those being sent, so that the SDK's own queue, which drops without telling,
    never overflows.
    """

    def __init__(self, exporter: SpanExporter, ledger: SpanLedger, settings: Settings) -> None:
        super().__init__(
            exporter,
            max_queue_size=settings.max_queue_size,
            schedule_delay_millis=settings.schedule_delay_ms,
            max_export_batch_size=settings.max_export_batch_size,
        )
        self._ledger = ledger
        self._limit = settings.max_queue_size

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a sampled span that ended."""
        context = span.context
        if context and context.trace_flags.sampled and self._ledger.admit(self._limit):
            super().on_end(span)


class SplittingExporter(SpanExporter):
    """Sends through `inner`; makes values safe first, and halves a batch that a span in it makes unsendable.

    A batch that the endpoint did not take is lost as a whole and never sent again in pieces: retries are the inner
    exporter's work, and pieces would multiply its deadline. No exception of `inner` comes through.
    """

    def __init__(
        self,
        inner: SpanExporter,
        ledger: SpanLedger,
        *,
        rejections: Rejections | None = None,
        is_urgent: Callable[[], bool] = never,
    ) -> None:
        self._inner = inner
        self._is_urgent = is_urgent
        self._ledger = ledger
        self._rejections = rejections or Rejections()
        self._closing = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; SUCCESS when every span of it was stored."""
        lost_before = self._ledger.read().lost_total
        self._send([self._made_safe(span) for span in yielding_to_threads(spans, 4 * AT_ONCE, self._is_urgent)])
        return SpanExportResult.SUCCESS if self._ledger.read().lost_total == lost_before else SpanExportResult.FAILURE

    def _made_safe(self, span: ReadableSpan) -> ReadableSpan:
        try:
            safe = sanitize_span(span)
        except Exception:
            return span  # whatever it is, it is the exporter's to refuse, and it alone is lost
        if safe is not span:
            self._ledger.alter(1)
        return safe

    def _send(self, spans: Sequence[ReadableSpan]) -> None:
        """Send, and halve on failure; a stack instead of recursion keeps the order of the spans."""
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
        """True when sent, False when the endpoint did not take it, None when a span in it cannot be sent."""
        try:
            if self._inner.export(batch) is SpanExportResult.SUCCESS:
                return True
        except OSError:
            return False
        except BaseException:
            # Also SystemExit and the like: they would end the SDK's only worker without a word.
            return None
        return None if not _encodable(batch) else False

    def _count(self, number: int, outcome: bool | None) -> None:
        if outcome:
            rejected = min(number, self._rejections.take())
            self._ledger.settle(stored=number - rejected, lost=rejected, reason=REJECTED)
        else:
            self._ledger.settle(lost=number, reason=ENCODE if outcome is None else EXPORT)

    def shutdown(self) -> None:
        """Shut the inner exporter down, once; this also ends the waits between its retries."""
        if not self._closing.is_set():
            self._closing.set()
            self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is held back here."""
        return True


def _encodable(batch: Sequence[ReadableSpan]) -> bool:
    try:
        encode_spans(batch).SerializePartialToString()
    except Exception:
        return False
    return True


def otlp_exporter(settings: Settings, *, is_urgent: Callable[[], bool] = never) -> tuple[SpanExporter, Rejections]:
    """The OTLP exporter that the settings ask for; what has no setting (certificates) it reads from `OTEL_*` itself.

    While it is `is_urgent`, the one for HTTP does not give way to other threads.
    """
    return _grpc(settings) if settings.protocol == "grpc" else _http(settings, is_urgent)


def _http(settings: Settings, is_urgent: Callable[[], bool]) -> tuple[SpanExporter, Rejections]:
    from opentelemetry.exporter.otlp.proto.http import Compression

    from reference_impl.export.http_session import ExportSession
    from reference_impl.export.otlp_http import DirectExporter

    rejections, session = Rejections(), None
    if not any(os.environ.get(name) for name in _PROVIDERS):
        session = ExportSession()
        session.hooks["response"].append(rejections.hear)
    exporter = DirectExporter(
        endpoint=settings.endpoint,
        headers=dict(settings.headers),
        timeout=settings.export_timeout_s,
        compression=Compression(settings.compression),
        session=session,
        is_urgent=is_urgent,
    )
    return exporter, rejections


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
