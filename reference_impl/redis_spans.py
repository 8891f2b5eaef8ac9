"""The span of one Redis command or pipeline: from its name to its attributes (docs/specification.md S2.2, S2.3).

Knows OpenTelemetry and nothing of how redis-py is hooked into, which is `redis_commands`.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping, Sequence
from threading import Lock
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import INVALID_SPAN, ProxyTracerProvider, Span, SpanKind, Tracer
from opentelemetry.util.types import AttributeValue

from reference_impl import vocabulary as words
from reference_impl.key_patterns import KeyTemplates
from reference_impl.measuring import measures_of
from reference_impl.redis_command_table import THE_PIPELINE, Command, keys_of, look_up
from reference_impl.safe_errors import error_type, record_failure, redis_code

Result = TypeVar("Result")
Stack = Sequence[tuple[Sequence[object], object]]
"""A pipeline's commands as redis-py keeps them: (arguments, options)."""

TRACER_NAME: Final = "reference_impl.redis_commands"
_log = logging.getLogger(__name__)
_BOTH_WAYS: Final = {
    "simple": {words.OPERATION, words.DB_TYPE, words.ERROR},
    "semconv": {
        words.DB_OPERATION_NAME,
        words.DB_SYSTEM_NAME,
        words.DB_NAMESPACE,
        words.ERROR_TYPE,
        words.DB_RESPONSE_STATUS_CODE,
        words.SERVER_ADDRESS,
        words.SERVER_PORT,
        words.NETWORK_PEER_ADDRESS,
        words.NETWORK_PEER_PORT,
        words.NETWORK_TRANSPORT,
    },
}
"""What only one of the two vocabularies says."""


def server_attributes(connection: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Where a client's commands go, from the options of its connections: never a user, a password or a URL.

    The peer's address is said where the host is an address already; a name is resolved by each connection for itself.
    """
    attributes: dict[str, AttributeValue] = {words.DB_NAMESPACE: str(connection.get("db") or 0)}
    path, host = connection.get("path"), connection.get("host")
    if path:
        return attributes | {words.SERVER_ADDRESS: str(path), words.NETWORK_TRANSPORT: "unix"}
    if not host:  # the address is found out at each connection, as with Sentinel
        return attributes
    port = int(connection.get("port") or 6379)
    attributes |= {words.SERVER_ADDRESS: str(host), words.SERVER_PORT: port, words.NETWORK_TRANSPORT: "tcp"}
    if _is_address(str(host)):
        attributes |= {words.NETWORK_PEER_ADDRESS: str(host), words.NETWORK_PEER_PORT: port}
    return attributes


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class RedisTracing:
    """What one instrumented client, and the pipelines that it makes, share. `faults` counts telemetry's own errors."""

    __slots__ = (
        "_activate",
        "_fixed",
        "_keys",
        "_left_out",
        "_lock",
        "_server",
        "_settled",
        "_skips",
        "_tracer",
        "enabled",
        "faults",
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
        self.faults = 0
        self._keys = keys
        self._activate = activate
        self._left_out = {"simple": _BOTH_WAYS["semconv"], "semconv": _BOTH_WAYS["simple"]}.get(mode, set())
        self._server = dict(server)
        self._fixed: dict[str, dict[str, AttributeValue]] = {}
        self._lock = Lock()
        self._tracer = tracer or trace.get_tracer(TRACER_NAME)
        self.measures = None if tracer is None else measures_of(tracer)
        self._settled = tracer is not None
        self._skips = _drops_below_unsampled(self._tracer)

    def begin(self, args: Sequence[object]) -> Call | None:
        """Start the span of one command; None where nothing is to be traced."""
        if not self.enabled:
            return None
        try:
            if self._nothing_to_record():
                return self._unrecorded(look_up(args), args, None) if self.measures is not None else None
            return self._start(look_up(args), args, None)
        except Exception as fault:
            self.note(fault)
            return None

    def begin_pipeline(self, stack: Stack, watching: bool) -> Call | None:
        """Start the span of a pipeline; None for an empty one too, as redis-py sends nothing for it."""
        if not self.enabled or not (stack or watching):
            return None
        try:
            if self._nothing_to_record():
                return self._unrecorded(THE_PIPELINE, (), stack) if self.measures is not None else None
            return self._start(THE_PIPELINE, (), stack)
        except Exception as fault:
            self.note(fault)
            return None

    def note(self, fault: Exception) -> None:
        """Count an error of telemetry itself, and log the first one, by its type."""
        with self._lock:
            self.faults += 1
            first = self.faults == 1
        if first:
            _log.warning("tracing a Redis command failed (%s); later failures are only counted", type(fault).__name__)

    def fixed(self, operation: str) -> dict[str, AttributeValue]:
        """A fresh copy of the attributes that all spans of an operation have."""
        known = self._fixed.get(operation)
        if known is None:
            known = self._fixed[operation] = self.said(
                {
                    words.OPERATION: operation,
                    words.DB_TYPE: words.REDIS,
                    words.CONNECTION_POOL: self.pool_name,
                    words.DB_SYSTEM_NAME: words.REDIS,
                    words.DB_OPERATION_NAME: operation,
                    **self._server,
                }
            )
        return known.copy()

    def said(self, attributes: dict[str, AttributeValue]) -> dict[str, AttributeValue]:
        """The attributes without those that the mode leaves out."""
        left_out = self._left_out
        return {name: value for name, value in attributes.items() if name not in left_out} if left_out else attributes

    def key(self, command: Command, args: Sequence[object]) -> str | None:
        """The sanitized key of a command, None where it has none."""
        keys = keys_of(command, args)
        if command.pattern:
            return self._keys.show_pattern(keys[0]) if keys else None
        return self._keys.show(keys[0]) if len(keys) == 1 else self._keys.show_all(keys)

    def pipeline_key(self, stack: Stack) -> str | None:
        """The key that all commands of a pipeline share; commands without a key do not count."""
        common: str | None = None
        for args, _ in stack:
            shown = self.key(look_up(args), args)
            if common is None:
                common = shown
            elif shown is not None and shown != common:
                return words.SEVERAL
        return common

    def _start(self, command: Command, args: Sequence[object], stack: Stack | None) -> Call:
        span = self._tracer.start_span(command.span, kind=SpanKind.CLIENT)
        token = context_api.attach(trace.set_span_in_context(span)) if self._activate else None
        return Call(self, span, token, command, args, stack)

    def _unrecorded(self, command: Command, args: Sequence[object], stack: Stack | None) -> Call:
        """A call without a span, which is measured all the same (S4.4)."""
        return Call(self, INVALID_SPAN, None, command, args, stack)

    def _nothing_to_record(self) -> bool:
        """Whether the span would be dropped for certain, so that none need be made."""
        if not self._settled:
            self._settle()
        if not self._skips:
            return False
        parent = trace.get_current_span().get_span_context()
        return parent.is_valid and not parent.trace_flags.sampled

    def _settle(self) -> None:
        """Take the global provider's tracer as soon as there is one: only then is the sampler known."""
        provider = trace.get_tracer_provider()
        if not isinstance(provider, ProxyTracerProvider):
            self._tracer = provider.get_tracer(TRACER_NAME)
            self._skips = _drops_below_unsampled(self._tracer)
            self._settled = True

    def __repr__(self) -> str:
        return f"<RedisTracing of pool {self.pool_name}, {'on' if self.enabled else 'off'}, {self.faults} faults>"


def _drops_below_unsampled(tracer: Tracer) -> bool:
    """Whether the tracer drops every span whose parent is not sampled: a ParentBased sampler that says so itself."""
    sampler = getattr(tracer, "sampler", None)
    if not isinstance(sampler, ParentBased) or type(sampler).should_sample is not ParentBased.should_sample:
        return False
    delegates = (getattr(sampler, f"_{place}_parent_not_sampled", None) for place in ("remote", "local"))
    return all(delegate is ALWAYS_OFF for delegate in delegates)


class Call:
    """One command or pipeline under way: a context manager around it, that ends its span whatever happens."""

    __slots__ = ("_args", "_command", "_result", "_span", "_stack", "_started", "_token", "_tracing")

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
        self._result: object = None
        self._started = perf_counter_ns()

    def returns(self, result: Result) -> Result:
        """Keep what the command returned, for `cache_hit`, and pass it on."""
        self._result = result
        return result

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace_back: TracebackType | None
    ) -> Literal[False]:
        latency_ms = (perf_counter_ns() - self._started) / 1e6
        try:
            self._tell(latency_ms, error)
        except Exception as fault:
            self._tracing.note(fault)
        self._close()
        return False

    def _tell(self, latency_ms: float, error: BaseException | None) -> None:
        """Say what became of the call: the span, if it is recorded, and the measures, if there are any."""
        recording, measures = self._span.is_recording(), self._tracing.measures
        if not recording and measures is None:
            return
        if self._stack is not None:
            error = error or _first_failure(self._result)
        hit = _hit(self._command, self._result) if error is None else None
        if recording:
            self._describe(latency_ms, error, hit)
        if measures is not None:
            pool, command, seconds = self._tracing.pool_name, self._command.operation, latency_ms / 1000
            measures.redis_command(pool, command, seconds, error=error, hit=hit, span=self._span)

    def _describe(self, latency_ms: float, error: BaseException | None, hit: bool | None) -> None:
        attributes = self._tracing.fixed(self._command.operation)
        attributes[words.LATENCY_MS] = latency_ms
        if self._stack is None:
            key = self._tracing.key(self._command, self._args)
        else:
            key = self._tracing.pipeline_key(self._stack)
            attributes[words.DB_OPERATION_BATCH_SIZE] = len(self._stack)
        if key is not None:
            attributes[words.KEY] = key
        if error is not None:
            attributes |= self._tracing.said(_failure(error))
        elif hit is not None:
            attributes[words.CACHE_HIT] = hit
            attributes[words.CACHE_MISS] = not hit
        self._span.set_attributes(attributes)
        if error is not None:
            record_failure(self._span, error)

    def _close(self) -> None:
        try:
            if self._token is not None:
                context_api.detach(self._token)
            self._span.end()
        except Exception as fault:
            self._tracing.note(fault)


def _hit(command: Command, result: object) -> bool | None:
    """Whether a read found something; None for a command that is no read, or a result that cannot tell."""
    try:
        return None if command.hit is None else command.hit(result)
    except Exception:  # a response callback of the user's made the result, its truth may raise
        return None


def _failure(error: BaseException) -> dict[str, AttributeValue]:
    code, name = redis_code(error), error_type(error)
    attributes: dict[str, AttributeValue] = {words.ERROR: name, words.ERROR_TYPE: name}
    return attributes if code is None else attributes | {words.DB_RESPONSE_STATUS_CODE: code}


def _first_failure(result: object) -> BaseException | None:
    """The first failed command of a pipeline that was told to return failures instead of raising them."""
    results = result if isinstance(result, list) else ()
    return next((one for one in results if isinstance(one, BaseException)), None)
