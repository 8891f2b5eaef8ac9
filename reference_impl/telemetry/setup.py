"""One call configures tracing (S1.1).

telemetry = configure_tracing(Settings.load(), register_global=True)
tracer = telemetry.tracer(__name__)
...
telemetry.shutdown()  # flushes; also called at the end of the process
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Sequence

from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator

from reference_impl.export.ledger import SpanLedger
from reference_impl.export.span_encoding import MAX_TEXT
from reference_impl.export.span_exporter import CountingProcessor, Rejections, SplittingExporter, otlp_exporter
from reference_impl.instrumentation.measures import Measures
from reference_impl.propagation.correlation import PROPAGATOR, CorrelationProcessor
from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry.log_limits import bound_sdk_logs
from reference_impl.telemetry.provider import GuardedProcessor, SeededIds, make_resource, make_sampler
from reference_impl.telemetry.remote_sampling import remote_sampler
from reference_impl.telemetry.shutdown import Exporting, Telemetry

logger = logging.getLogger("reference_impl.telemetry.setup")

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LENGTH_LIMITS = ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")


def configure_tracing(
    settings: Settings,
    *,
    span_processors: Sequence[SpanProcessor] = (),
    exporter: SpanExporter | None = None,
    id_generator: IdGenerator | None = None,
    register_global: bool = False,
    measures: Measures | None = None,
) -> Telemetry:
    """Configure tracing as the settings say (S1.1 to S1.4). Return the object that flushes it and shuts it down.

    - `exporter` replaces the OTLP exporter; it is guarded and counted like that.
    - `span_processors` without an `exporter` replace the export by OTLP: spans go to them only.
    - `register_global` makes the provider the global one. If there is one already, one line is logged and
      `Telemetry.is_global` is False.
    - `measures` receive every operation and command, sampled or not.
    """
    bound_sdk_logs()
    for warning in settings.warnings:
        logger.warning("%s", warning)
    ledger = SpanLedger(has_spool=bool(settings.spool_dir) and exporter is None)
    remote = remote_sampler(settings)
    provider = TracerProvider(
        sampler=make_sampler(settings, remote),
        resource=make_resource(settings),
        shutdown_on_exit=False,  # the SDK's own would block the exit for half a minute
        id_generator=id_generator or (SeededIds(settings.id_seed) if settings.id_seed is not None else None),
        span_limits=_span_limits(),
    )
    provider.add_span_processor(CorrelationProcessor())
    for processor in span_processors:
        provider.add_span_processor(GuardedProcessor(processor))
    exporting = None
    if not settings.sdk_disabled:
        exporting = _exporting(settings, ledger, exporter, wanted=not span_processors)
    if exporting is not None:
        provider.add_span_processor(exporting.processor)
    is_global = register_global and _registered(provider)
    return Telemetry(
        provider,
        ledger,
        exporting=exporting,
        is_global=is_global,
        is_plain=settings.tracing == "plain",
        exit_deadline_s=settings.exit_deadline_s,
        measures=measures,
        sampler=remote,
    )


def _span_limits() -> SpanLimits:
    has_own_limit = any(os.environ.get(name) for name in _LENGTH_LIMITS)
    return SpanLimits() if has_own_limit else SpanLimits(max_attribute_length=MAX_TEXT)


def _exporting(
    settings: Settings, ledger: SpanLedger, exporter: SpanExporter | None, *, wanted: bool
) -> Exporting | None:
    if exporter is not None:
        guarded = SplittingExporter(exporter, ledger)
        return Exporting(CountingProcessor(guarded, ledger, settings), guarded)
    if not wanted or settings.traces_exporter == "none":
        return None
    inner, rejections = otlp_exporter(settings)
    if settings.spool_dir and (processor := _spool(settings, ledger, inner, rejections)) is not None:
        return Exporting(processor, inner, keeps_unsent=True)
    guarded = SplittingExporter(inner, ledger, rejections=rejections)
    return Exporting(CountingProcessor(guarded, ledger, settings), guarded)


def _spool(
    settings: Settings, ledger: SpanLedger, exporter: SpanExporter, rejections: Rejections
) -> SpanProcessor | None:
    """Return the processor with a spool; None, with a line in the log, if the disk is full."""
    from reference_impl.export.otlp_http import DirectExporter
    from reference_impl.export.spool.processor import SpoolProcessor

    if not isinstance(exporter, DirectExporter) or not exporter.can_deliver:
        raise SettingsError(
            "STUDIO_SPOOL_DIR: this version of OpenTelemetry's OTLP exporter is unknown; accepted: unset"
        )
    try:
        return SpoolProcessor(exporter, rejections, ledger, settings)
    except OSError as problem:
        if problem.errno not in _FULL:
            what = problem.strerror or "cannot be used"
            raise SettingsError(f"STUDIO_SPOOL_DIR: {what}; accepted: a folder that may be written to") from None
        logger.warning("the spool's disk is full: spans wait in memory")
        return None


def _registered(provider: TracerProvider) -> bool:
    trace.set_tracer_provider(provider)
    if trace.get_tracer_provider() is not provider:
        logger.warning("another tracer provider is registered already and stays: use this one's own tracers")
        return False
    propagate.set_global_textmap(PROPAGATOR)
    return True
