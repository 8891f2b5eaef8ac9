"""The span of one Redis command or pipeline: from its start to its end (docs/specification.md S2.2, S2.3).

`commands` connects this to redis-py.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import INVALID_SPAN, NoOpTracer, ProxyTracerProvider, Span, SpanKind, Tracer
from opentelemetry.util.types import AttributeValue

from reference_impl import vocabulary as words
from reference_impl.instrumentation.errors import record_exception_type
from reference_impl.instrumentation.faults import FaultCount
from reference_impl.instrumentation.measures import measures_of, unwrap_tracer
from reference_impl.redis_tracing.attributes import FixedAttributes
from reference_impl.redis_tracing.command_keys import first_key
from reference_impl.redis_tracing.command_table import THE_PIPELINE, Command, Hit, keys_of, look_up
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.redis_tracing.unchecked_attributes import set_unchecked_attributes

Result = TypeVar("Result")
Stack = Sequence[tuple[Sequence[object], object]]
"""A pipeline's commands as redis-py keeps them: (arguments, options)."""

TRACER_NAME: Final = "reference_impl.redis_tracing.commands"
_log = logging.getLogger(__name__)

Drops = Literal["never", "below unsampled", "always"]
"""When a tracer certainly drops a span, so that none need be started."""


class RedisTracing:
    """The tracing of one instrumented client and its pipelines. `faults` counts telemetry's own errors."""

    __slots__ = (
        "_activate",
        "_drops",
        "_fault_count",
        "_keys",
        "_settled",
        "_tracer",
        "enabled",
        "fixed",
        "measures",
        "pool_name",
    )

    def __init__(
        self,
        pool_name: str,
        keys: KeyTemplates,
        tracer: Tracer | None,
        *,
        mode: words.Mode,
        activate: bool,
        server: Mapping[str, AttributeValue],
    ) -> None:
        self.pool_name = pool_name
        self.enabled = True
        self._fault_count = FaultCount(_log, "tracing a Redis command failed")
        self.fixed = FixedAttributes(pool_name, mode, server)
        self._keys = keys
        self._activate = activate
        self.measures = None if tracer is None else measures_of(tracer)
        self._tracer = unwrap_tracer(tracer or trace.get_tracer(TRACER_NAME))
        self._settled = tracer is not None
        self._drops = _drops_of(self._tracer)

    def begin(self, args: Sequence[object]) -> Call | None:
        """Start the span of one command. Return None if nothing is traced."""
        if not self.enabled:
            return None
        try:
            context = context_api.get_current()
            if not self._is_dropped(context):
                return self._start(context, look_up(args), args, None)
            # A dropped span is measured too (S4.4).
            return Call(self, INVALID_SPAN, None, look_up(args), args, None) if self.measures is not None else None
        except Exception as fault:
            self.count_fault(fault)
            return None

    def begin_pipeline(self, stack: Stack, watching: bool) -> Call | None:
        """Start the span of a pipeline. Return None if nothing is traced, or for an empty one, which sends nothing."""
        if not self.enabled or not (stack or watching):
            return None
        try:
            context = context_api.get_current()
            if not self._is_dropped(context):
                return self._start(context, THE_PIPELINE, (), stack)
            return Call(self, INVALID_SPAN, None, THE_PIPELINE, (), stack) if self.measures is not None else None
        except Exception as fault:
            self.count_fault(fault)
            return None

    def count_fault(self, fault: Exception) -> None:
        """Count an error of telemetry itself; log the first one by its type."""
        self._fault_count.add(fault)

    @property
    def faults(self) -> int:
        """Return the number of telemetry's own errors."""
        return self._fault_count.number

    def key(self, command: Command, args: Sequence[object]) -> str | None:
        """Return the sanitized key of a command, None if it has no key."""
        if command.keys is first_key and not command.pattern:  # nearly every command
            return self._keys.show(args[command.skip]) if len(args) > command.skip else None
        keys = keys_of(command, args)
        if command.pattern:
            return self._keys.show_pattern(keys[0]) if keys else None
        return self._keys.show_all(keys)

    def pipeline_key(self, stack: Stack) -> str | None:
        """Return the sanitized key that all commands of a pipeline share; commands without a key are ignored."""
        common: str | None = None
        for args, _ in stack:
            shown = self.key(look_up(args), args)
            if common is None:
                common = shown
            elif shown is not None and shown != common:
                return words.SEVERAL
        return common

    def _start(self, context: Context, command: Command, args: Sequence[object], stack: Stack | None) -> Call:
        # Passed on, because the SDK would otherwise look up the current context at each step.
        span = self._tracer.start_span(command.span, context, SpanKind.CLIENT)
        token = context_api.attach(trace.set_span_in_context(span, context)) if self._activate else None
        return Call(self, span, token, command, args, stack)

    def _is_dropped(self, context: Context) -> bool:
        if not self._settled:
            self._settle()
        if self._drops != "below unsampled":
            return self._drops == "always"
        parent = trace.get_current_span(context).get_span_context()
        return parent.is_valid and not parent.trace_flags & trace.TraceFlags.SAMPLED

    def _settle(self) -> None:
        """Take the tracer of the global provider once it is set: only then is the sampler known."""
        provider = trace.get_tracer_provider()
        if not isinstance(provider, ProxyTracerProvider):
            self._tracer = provider.get_tracer(TRACER_NAME)
            self._drops = _drops_of(self._tracer)
            self._settled = True

    def __repr__(self) -> str:
        return f"<RedisTracing of pool {self.pool_name}, {'on' if self.enabled else 'off'}, {self.faults} faults>"


def _drops_of(tracer: Tracer) -> Drops:
    """Return when the tracer drops spans, as far as its class and its sampler show.

    A ParentBased sampler with its default delegates drops spans below an unsampled parent; with other delegates it may
    not, and a subclass may do anything. A disabled SDK returns tracers that make no spans.
    """
    if type(tracer) is NoOpTracer:
        return "always"
    sampler = getattr(tracer, "sampler", None)
    if sampler is ALWAYS_OFF:
        return "below unsampled"  # a dropped root still passes its decision on, to other tracers
    if not isinstance(sampler, ParentBased) or type(sampler).should_sample is not ParentBased.should_sample:
        return "never"
    delegates = (getattr(sampler, f"_{place}_parent_not_sampled", None) for place in ("remote", "local"))
    return "below unsampled" if all(delegate is ALWAYS_OFF for delegate in delegates) else "never"


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """A running command or pipeline: a context manager that ends its span in any case."""

    _tracing: RedisTracing
    _span: Span
    _token: Any
    _command: Command
    _args: Sequence[object]
    _stack: Stack | None
    _result: object = field(default=None, init=False)
    _started: int = field(default_factory=perf_counter_ns, init=False)

    def returns(self, result: Result) -> Result:
        """Keep the command's result, for `cache_hit`, and return it."""
        self._result = result
        return result

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace_back: TracebackType | None
    ) -> Literal[False]:
        latency_ms = (perf_counter_ns() - self._started) / 1e6
        try:
            self._report(latency_ms, error)
        except Exception as fault:
            self._tracing.count_fault(fault)
        try:
            if self._token is not None:
                context_api.detach(self._token)
            self._span.end()
        except Exception as fault:
            self._tracing.count_fault(fault)
        return False

    def _report(self, latency_ms: float, error: BaseException | None) -> None:
        """Describe the call on its span, if that is recorded, and to the measures, if there are any."""
        recording, measures = self._span.is_recording(), self._tracing.measures
        if not recording and measures is None:
            return
        if self._stack is not None and error is None:
            error = _first_failure(self._result)
        hit = None if self._command.hit is None or error is not None else _hit(self._command.hit, self._result)
        if recording:
            self._describe(latency_ms, error, hit)
        if measures is not None:
            pool, command, seconds = self._tracing.pool_name, self._command.operation, latency_ms / 1000
            measures.redis_command(pool, command, seconds, error=error, hit=hit, span=self._span)

    def _describe(self, latency_ms: float, error: BaseException | None, hit: bool | None) -> None:
        fixed = self._tracing.fixed
        attributes = fixed[self._command.operation].copy()
        attributes[words.LATENCY_MS] = latency_ms
        if self._stack is None:
            key = self._tracing.key(self._command, self._args)
        else:
            key = self._tracing.pipeline_key(self._stack)
            attributes[words.DB_OPERATION_BATCH_SIZE] = len(self._stack)
        if key is not None:
            attributes[words.KEY] = key
        if hit is not None:
            attributes[words.CACHE_HIT] = hit
            attributes[words.CACHE_MISS] = not hit
        if error is not None:
            self._span.set_attributes(attributes | fixed.failure(error))
            record_exception_type(self._span, error)
        elif fixed.can_skip_checks:
            set_unchecked_attributes(self._span, attributes)
        else:
            self._span.set_attributes(attributes)


def _hit(found: Hit, result: object) -> bool | None:
    """Return whether a read found its value; None if the result does not show it."""
    try:
        return found(result)
    except Exception:  # a user's response callback made the result: its truth value may raise
        return None


def _first_failure(result: object) -> BaseException | None:
    """Return the first failure in the results of a pipeline with `raise_on_error=False`."""
    results = result if isinstance(result, list) else ()
    return next((one for one in results if isinstance(one, BaseException)), None)
