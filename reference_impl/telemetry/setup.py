"""One call configures tracing (S1.1), and one object flushes it and shuts it down in a time that is kept.

The SDK's own flush ignores its timeout and says True when nothing was stored; its shutdown blocks for up to half a
minute on a dead endpoint. Here both run beside the caller, and the ledger says what became of the spans.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import threading
import time
from collections.abc import Sequence

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)

from reference_impl.export.ledger import LedgerReading, SpanLedger
from reference_impl.export.safe_values import MAX_TEXT
from reference_impl.export.span_exporter import CountingProcessor, SplittingExporter, otlp_exporter
from reference_impl.settings import Settings
from reference_impl.telemetry.bounded_call import Beside
from reference_impl.telemetry.correlation import PROPAGATOR, CorrelationProcessor
from reference_impl.telemetry.log_limits import bound_sdk_logs
from reference_impl.telemetry.measuring import MeasuredTracer, Measures
from reference_impl.telemetry.span_guards import GuardedProcessor

logger = logging.getLogger("reference_impl.telemetry.setup")

_STEP_S = 0.05
_HURRY = 4  # from this part of the queue on, exports give way to nobody
_LENGTH_LIMITS = ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")


class Telemetry:
    """Tracing as configured: gives tracers, flushes, shuts down, and tells what became of the spans."""

    def __init__(
        self,
        provider: TracerProvider,
        ledger: SpanLedger,
        *,
        exporter: SplittingExporter | None = None,
        is_global: bool = False,
        exit_deadline_s: float = 5.0,
        measures: Measures | None = None,
    ) -> None:
        self.provider = provider
        self.is_global = is_global
        self._measures = measures
        self._ledger = ledger
        self._exporter = exporter
        self._exit_deadline_s = exit_deadline_s
        self._lock = threading.Lock()
        self._flusher: Beside | None = None
        self._outcome: bool | None = None
        atexit.register(self._at_exit)

    def __repr__(self) -> str:
        return f"<Telemetry {self._ledger!r}>"

    def tracer(self, name: str) -> trace.Tracer:
        """The tracer of an instrumentation scope: the importable name of the module that makes the spans."""
        tracer = self.provider.get_tracer(name)
        return tracer if self._measures is None else MeasuredTracer(tracer, self._measures)

    def ledger(self) -> LedgerReading:
        """How many sampled spans ended, were stored, and were lost for which reason."""
        return self._ledger.read()

    def flush(self, timeout_s: float) -> bool:
        """Send all spans that ended before now; back within `timeout_s`.

        True when all of them were stored and none was lost since the last flush; False otherwise, also when the
        time is up: what is not sent by then is still tried.
        """
        if self._outcome is not None:
            return self._ledger.report_losses() == 0  # all there was has met its fate
        sent = self._flushed(time.monotonic() + timeout_s)
        return self._ledger.report_losses() == 0 and sent

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Flush, then end the export path; back within `timeout_s` (default: the settings' exit deadline).

        True when no span was lost since the last flush. What is not sent by then is counted as lost, and so is
        every span that ends later. A second call changes nothing and says the same.
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
        return flusher.joined(deadline) and settled

    def _started_flusher(self) -> Beside:
        """The flush that is under way, or a new one: a hung endpoint never costs more than one thread."""
        if self._flusher is None or self._flusher.done:
            self._flusher = Beside(self.provider.force_flush)
        return self._flusher

    def _shut_down(self, timeout_s: float) -> bool:
        start = time.monotonic()
        self._ledger.close()
        # A tenth is kept for the end itself, which closes connections and stops the worker.
        sent = self._flushed(start + timeout_s * 0.9)
        Beside(self._end_export_path).joined(start + timeout_s)
        self._ledger.seal()
        atexit.unregister(self._at_exit)
        return self._ledger.report_losses() == 0 and sent

    def _end_export_path(self) -> bool:
        if self._exporter is not None:
            self._exporter.shutdown()  # first, as it ends the waits between retries, for which the worker is waiting
        self.provider.shutdown()
        return True

    def _at_exit(self) -> None:
        self.shutdown()


class SeededIds(IdGenerator):
    """Ids that are the same on every run, for documentation that shows them; never in production."""

    def __init__(self, seed: int) -> None:
        # Two streams: the number of spans in one trace must not move the id of the next trace.
        self._traces, self._spans = random.Random(f"trace {seed}"), random.Random(f"span {seed}")

    def generate_trace_id(self) -> int:
        """The next trace id."""
        return self._traces.getrandbits(128) or 1

    def generate_span_id(self) -> int:
        """The next span id."""
        return self._spans.getrandbits(64) or 1


def configure_tracing(
    settings: Settings,
    *,
    span_processors: Sequence[SpanProcessor] = (),
    exporter: SpanExporter | None = None,
    id_generator: IdGenerator | None = None,
    register_global: bool = False,
    measures: Measures | None = None,
) -> Telemetry:
    """Set tracing up as the settings say (S1.1 to S1.4) and give what to flush and shut down.

    `exporter` replaces the OTLP exporter, with all guards around it. Where `span_processors` are given without an
    `exporter`, nothing is exported by OTLP: they are where the spans go. With `register_global` the provider becomes
    the global one, unless one is there already: then one line is logged and `Telemetry.is_global` is False.
    `measures` are told of every operation and command, sampled or not.
    """
    bound_sdk_logs()
    for warning in settings.warnings:
        logger.warning("%s", warning)
    ledger = SpanLedger()
    provider = TracerProvider(
        sampler=sampler_of(settings),
        resource=resource_of(settings),
        shutdown_on_exit=False,  # the SDK's own would block the exit for half a minute
        id_generator=id_generator or (SeededIds(settings.id_seed) if settings.id_seed is not None else None),
        span_limits=_limits(),
    )
    provider.add_span_processor(CorrelationProcessor())
    for processor in span_processors:
        provider.add_span_processor(GuardedProcessor(processor))
    guarded = None
    if not settings.sdk_disabled:
        guarded = _guarded_exporter(settings, ledger, exporter, wanted=not span_processors)
    if guarded is not None:
        provider.add_span_processor(CountingProcessor(guarded, ledger, settings))
    is_global = register_global and _registered(provider)
    return Telemetry(
        provider,
        ledger,
        exporter=guarded,
        is_global=is_global,
        exit_deadline_s=settings.exit_deadline_s,
        measures=measures,
    )


def sampler_of(settings: Settings) -> Sampler:
    """The sampler that the settings name; by default parent-based, so that a trace is whole or absent (S1.4)."""
    if settings.sdk_disabled:
        return ALWAYS_OFF  # the SDK itself heeds the variable only, not an argument
    name = settings.sampler
    roots: dict[str, Sampler] = {
        "always_on": ALWAYS_ON,
        "always_off": ALWAYS_OFF,
        "traceidratio": TraceIdRatioBased(settings.sampling_rate),
    }
    root = roots[name.removeprefix("parentbased_")]
    return ParentBased(root) if name.startswith("parentbased_") else root


def resource_of(settings: Settings) -> Resource:
    """The resource of S1.2: what OTEL_RESOURCE_ATTRIBUTES says, and what it lacks from the settings.

    The environment stands there under its old and its new name, as backends and conventions differ.
    """
    given = dict(settings.resource_attributes)
    by_argument = settings.origins.get("environment") == "argument"
    place = given.get("deployment.environment.name") or given.get("deployment.environment")
    place = settings.environment if by_argument or not place else place
    own = {
        "service.name": settings.service_name,
        "service.version": settings.service_version,
        "deployment.environment": place,
        "deployment.environment.name": place,
    }
    return Resource.create({**given, **own})


def _limits() -> SpanLimits:
    said = any(os.environ.get(name) for name in _LENGTH_LIMITS)
    return SpanLimits() if said else SpanLimits(max_attribute_length=MAX_TEXT)


def _guarded_exporter(
    settings: Settings, ledger: SpanLedger, exporter: SpanExporter | None, *, wanted: bool
) -> SplittingExporter | None:
    if exporter is not None:
        return SplittingExporter(exporter, ledger)
    if not wanted or settings.traces_exporter == "none":
        return None

    def hurried() -> bool:
        return ledger.has_backlog(settings.max_queue_size // _HURRY)

    inner, rejections = otlp_exporter(settings, hurried=hurried)
    return SplittingExporter(inner, ledger, rejections=rejections, hurried=hurried)


def _registered(provider: TracerProvider) -> bool:
    trace.set_tracer_provider(provider)
    if trace.get_tracer_provider() is not provider:
        logger.warning("another tracer provider is registered already and stays: use this one's own tracers")
        return False
    propagate.set_global_textmap(PROPAGATOR)
    return True
