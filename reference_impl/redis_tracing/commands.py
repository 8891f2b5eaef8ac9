"""One span for each Redis command and each pipeline, at redis-py's command level (docs/specification.md S2).

`instrument` traces one client, never a whole class: it gives the client a subclass of its own class, whose methods
`execute_command` and `pipeline` make spans. redis-py's lower levels, such as connecting, are not traced; neither are
`pubsub()` and `monitor()`, which read messages instead of sending commands. A pipeline is one span, also with MULTI and
with the scripts that it loads first. A command that a pipeline sends immediately (WATCH, and those up to `multi()`)
has its own span. A client that repeats commands and has a method `execute_once` gets a span for each attempt.

Telemetry never changes the caller's result: its own faults are caught, counted and logged once, and the exceptions of a
command pass through unchanged. Samplers see the span's name and kind; attributes are set in one call at the end.
"""

from __future__ import annotations

from typing import Any, TypeVar, get_args

import redis
import redis.asyncio
from opentelemetry.trace import Tracer
from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.client import Pipeline as SyncPipeline

from reference_impl.redis_tracing.attributes import server_attributes
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.redis_tracing.spans import RedisTracing
from reference_impl.vocabulary import DEFAULT_MODE, Mode

Client = TypeVar("Client", bound="redis.asyncio.Redis | redis.Redis")


def instrument(
    client: Client,
    *,
    pool_name: str = "default",
    keys: KeyTemplates | None = None,
    tracer: Tracer | None = None,
    mode: Mode = DEFAULT_MODE,
    activate: bool = True,
) -> Client:
    """Trace every command and pipeline of this client, and return the client; a second call changes nothing.

    `pool_name` is the value of `connection_pool`. `keys` are the registered templates; without them, every key is
    `[unregistered]`. `tracer` defaults to that of the global provider at the time of each call. With `activate=False`
    the span is not current during the call: a little cheaper, but logs written during it lack the span.

    Raise TypeError for anything but a Redis client (a pipeline, a cluster), ValueError for an unknown mode.
    """
    if mode not in get_args(Mode):
        raise ValueError(f"mode {mode!r}: one of {', '.join(get_args(Mode))} is accepted")
    given: object = client
    if not isinstance(given, (redis.asyncio.Redis, redis.Redis)) or isinstance(given, (AsyncPipeline, SyncPipeline)):
        raise TypeError(f"{type(client).__name__} cannot be traced: a redis.asyncio.Redis or redis.Redis is accepted")
    if not is_instrumented(client):
        server = server_attributes(client.connection_pool.connection_kwargs)
        tracing = RedisTracing(pool_name, keys or KeyTemplates(), tracer, mode=mode, activate=activate, server=server)
        _trace(client, _client_layer(client), tracing)
    return client


def uninstrument(client: Client) -> Client:
    """Stop tracing this client and its pipelines, and return the client; an untraced one stays as it is."""
    if is_instrumented(client):
        traced: Any = client
        traced._tracing.enabled = False
        traced.__class__ = type(client).__bases__[1]  # see _with_layer
        del traced._tracing
    return client


def is_instrumented(client: object) -> bool:
    """Return whether `instrument` was called for this client."""
    return "_tracing" in getattr(client, "__dict__", ())


def tracing_of(client: object) -> RedisTracing | None:
    """Return the tracing of an instrumented client, for its counters; None for any other client."""
    return getattr(client, "_tracing", None) if is_instrumented(client) else None


def _trace(traced: Any, layer: type, tracing: RedisTracing) -> None:
    traced._tracing = tracing
    traced.__class__ = _with_layer(type(traced), layer)


def _with_layer(base: type, layer: type) -> type:
    """Return a subclass of a client's class with our layer on top, under the old name."""
    layered = _layered.get((base, layer))
    if layered is None:
        names = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": base.__doc__}
        layered = _layered[base, layer] = type(base.__name__, (layer, base), names)
    return layered


_layered: dict[tuple[type, type], type] = {}  # one for each class of client, made at its first use


def _client_layer(client: object) -> type:
    if isinstance(client, redis.asyncio.Redis):
        return _AsyncAttempts if hasattr(client, "execute_once") else _AsyncCommands
    return _SyncAttempts if hasattr(client, "execute_once") else _SyncCommands


class _AsyncLayer(redis.asyncio.Redis):
    _tracing: RedisTracing

    def pipeline(self, *args: Any, **options: Any) -> AsyncPipeline:
        pipe = super().pipeline(*args, **options)
        _trace(pipe, _AsyncPipelineLayer, self._tracing)
        return pipe


class _AsyncCommands(_AsyncLayer):
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        call = self._tracing.begin(args)
        if call is None:
            return await below.execute_command(*args, **options)
        with call:
            call.result = await below.execute_command(*args, **options)
            return call.result


class _AsyncAttempts(_AsyncLayer):
    async def execute_once(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        call = self._tracing.begin(args)
        if call is None:
            return await below.execute_once(*args, **options)
        with call:
            call.result = await below.execute_once(*args, **options)
            return call.result


class _AsyncPipelineLayer(AsyncPipeline):
    _tracing: RedisTracing
    _executing = False

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        call = self._tracing.begin_pipeline(self.command_stack, self.watching)
        self._executing = True
        try:
            if call is None:
                return await super().execute(raise_on_error)
            with call:
                call.result = results = await super().execute(raise_on_error)
                return results
        finally:
            self._executing = False

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        call = None if self._executing else self._tracing.begin(args)
        if call is None:
            return await below.immediate_execute_command(*args, **options)
        with call:
            call.result = await below.immediate_execute_command(*args, **options)
            return call.result


class _SyncLayer(redis.Redis):
    _tracing: RedisTracing

    def pipeline(self, *args: Any, **options: Any) -> SyncPipeline:
        pipe = super().pipeline(*args, **options)
        _trace(pipe, _SyncPipelineLayer, self._tracing)
        return pipe

    def client(self) -> Any:
        """Return a client with its own connection, traced like this one."""
        below: Any = super()
        made = below.client()
        made._tracing = self._tracing
        return made


class _SyncCommands(_SyncLayer):
    def execute_command(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        call = self._tracing.begin(args)
        if call is None:
            return below.execute_command(*args, **options)
        with call:
            call.result = below.execute_command(*args, **options)
            return call.result


class _SyncAttempts(_SyncLayer):
    def execute_once(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        call = self._tracing.begin(args)
        if call is None:
            return below.execute_once(*args, **options)
        with call:
            call.result = below.execute_once(*args, **options)
            return call.result


class _SyncPipelineLayer(SyncPipeline):
    _tracing: RedisTracing
    _executing = False

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        call = self._tracing.begin_pipeline(self.command_stack, self.watching)
        self._executing = True
        try:
            if call is None:
                return super().execute(raise_on_error)
            with call:
                call.result = results = super().execute(raise_on_error)
                return results
        finally:
            self._executing = False

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        call = None if self._executing else self._tracing.begin(args)
        if call is None:
            return below.immediate_execute_command(*args, **options)
        with call:
            call.result = below.immediate_execute_command(*args, **options)
            return call.result
