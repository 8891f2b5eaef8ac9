"""The span of one Redis command or pipeline: from its start to its end (docs/specification.md S2.2, S2.3).

`commands` connects this to redis-py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Final, Literal

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, ProxyTracerProvider, Span, SpanKind, Tracer
from opentelemetry.util.types import AttributeValue

from reference_impl import vocabulary as words
from reference_impl.instrumentation.errors import record_exception_type
from reference_impl.instrumentation.faults import FaultCount
from reference_impl.instrumentation.measures import measures_of, unwrap_tracer
from reference_impl.instrumentation.sampling_rules import SPAN_KEY, is_below_unsampled, sampling_rules
from reference_impl.instrumentation.unchecked_attributes import set_unchecked_attributes
from reference_impl.redis_tracing.attributes import FixedAttributes
from reference_impl.redis_tracing.command_keys import first_key
from reference_impl.redis_tracing.command_table import THE_PIPELINE, Command, keys_of, look_up
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates

Stack = Sequence[tuple[Sequence[object], object]]
"""A pipeline's commands as redis-py keeps them: (arguments, options)."""

TRACER_NAME: Final = "reference_impl.redis_tracing.commands"
_CLIENT: Final = SpanKind.CLIENT  # a member of an enumeration is looked up slowly
_log = logging.getLogger(__name__)


_CERTAINLY: Final[Mapping[str, Callable[[Context], bool]]] = {
    "never": lambda _: False,
    "below unsampled": is_below_unsampled,
    "always": lambda _: True,
}
"""Whether a span in a context would be dropped, by `SamplingRules.drops`."""


class RedisTracing:
    """The tracing of one instrumented client and its pipelines. `faults` counts telemetry's own errors."""

    __slots__ = (
        "_activate",
        "_fault_count",
        "_is_dropped",
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
        self._is_dropped = _CERTAINLY[sampling_rules(self._tracer).drops]

    def begin(self, args: Sequence[object], stack: Stack | None = None) -> Call | None:
        """Start the span of one command, or of a pipeline with a stack. Return None if nothing is traced."""
        if not self.enabled:
            return None
        try:
            if not self._settled:
                self._settle()
            context = context_api.get_current()
            is_dropped = self._is_dropped(context)
            if is_dropped and self.measures is None:
                return None
            command = look_up(args) if stack is None else THE_PIPELINE
            if is_dropped:  # a dropped span is measured too (S4.4)
                return Call(self, INVALID_SPAN, None, command, args, stack)
            # The context is passed on, because the SDK would otherwise look up the current one at each step.
            span = self._tracer.start_span(command.span, context, _CLIENT)
            token = context_api.attach(Context({**context, SPAN_KEY: span})) if self._activate else None
            return Call(self, span, token, command, args, stack)
        except Exception as fault:
            self.count_fault(fault)
            return None

    def begin_pipeline(self, stack: Stack, watching: bool) -> Call | None:
        """Start the span of a pipeline. Return None if nothing is traced, or for an empty one, which sends nothing."""
        return self.begin((), stack) if stack or watching else None

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

    def _settle(self) -> None:
        """Take the tracer of the global provider once it is set: only then is the sampler known."""
        provider = trace.get_tracer_provider()
        if not isinstance(provider, ProxyTracerProvider):
            self._tracer = provider.get_tracer(TRACER_NAME)
            self._is_dropped = _CERTAINLY[sampling_rules(self._tracer).drops]
            self._settled = True

    def __repr__(self) -> str:
        return f"<RedisTracing of pool {self.pool_name}, {'on' if self.enabled else 'off'}, {self.faults} faults>"


class Call:
    """A running command or pipeline: a context manager that ends its span in any case.

    Inside, set `result` to the command's, for `cache_hit`.
    """

    __slots__ = ("_args", "_command", "_span", "_stack", "_started", "_token", "_tracing", "result")

    def __init__(
        self,
        tracing: RedisTracing,
        span: Span,
        token: Any,
        command: Command,
        args: Sequence[object],
        stack: Stack | None,
    ) -> None:
        self._tracing = tracing
        self._span = span
        self._token = token
        self._command = command
        self._args = args
        self._stack = stack
        self.result: Any = None
        self._started = perf_counter_ns()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace_back: TracebackType | None
    ) -> Literal[False]:
        latency_ms = (perf_counter_ns() - self._started) / 1e6
        tracing, span = self._tracing, self._span
        try:
            self._report(latency_ms, error)
        except Exception as fault:
            tracing.count_fault(fault)
        if span is INVALID_SPAN:
            return False
        try:
            if self._token is not None:
                context_api.detach(self._token)
            span.end()
        except Exception as fault:
            tracing.count_fault(fault)
        return False

    def _report(self, latency_ms: float, error: BaseException | None) -> None:
        """Describe the call on its span, if that is recorded, and to the measures, if there are any."""
        span, measures, command = self._span, self._tracing.measures, self._command
        recording = span.is_recording()
        if not recording and measures is None:
            return
        if self._stack is not None and error is None:
            error = _first_failure(self.result)
        hit = None
        if command.hit is not None and error is None:
            try:
                hit = command.hit(self.result)
            except Exception:  # a user's response callback made the result: its truth value may raise
                hit = None
        if recording:
            self._describe(span, latency_ms, error, hit)
        if measures is not None:
            pool, seconds = self._tracing.pool_name, latency_ms / 1000
            measures.redis_command(pool, command.operation, seconds, error=error, hit=hit, span=span)

    def _describe(self, span: Span, latency_ms: float, error: BaseException | None, hit: bool | None) -> None:
        tracing = self._tracing
        fixed = tracing.fixed
        attributes = fixed[self._command.operation].copy()
        attributes[words.LATENCY_MS] = latency_ms
        if self._stack is None:
            key = tracing.key(self._command, self._args)
        else:
            key = tracing.pipeline_key(self._stack)
            attributes[words.DB_OPERATION_BATCH_SIZE] = len(self._stack)
        if key is not None:
            attributes[words.KEY] = key
        if hit is not None:
            attributes[words.CACHE_HIT] = hit
            attributes[words.CACHE_MISS] = not hit
        if error is not None:
            span.set_attributes(attributes | fixed.failure(error))
            record_exception_type(span, error)
        elif fixed.can_skip_checks:
            set_unchecked_attributes(span, attributes)
        else:
            span.set_attributes(attributes)


def _first_failure(result: object) -> BaseException | None:
    """Return the first failure in the results of a pipeline with `raise_on_error=False`."""
    results = result if isinstance(result, list) else ()
    return next((one for one in results if isinstance(one, BaseException)), None)
