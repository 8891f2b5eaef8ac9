"""The receiver's gRPC server: `Export` of the OTLP services for traces, logs and metrics.

It needs the extra `grpc`, imported when the server is created. Source: the OTLP specification, "OTLP/gRPC".
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Final

from spanpact.errors import SourceError, UsageError
from spanpact.otlp import (
    Batch,
    SharedValues,
    Signal,
    decode_protobuf_logs,
    decode_protobuf_traces,
    logs_hold_more_than,
    traces_hold_more_than,
)
from spanpact.sources.receiver.http_server import ReceiverLimits
from spanpact.sources.receiver.request_body import Store
from spanpact.sources.receiver.responses import encode_success_protobuf

_SERVICES: Final[dict[Signal, str]] = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_WORKERS: Final = 4
_CALLS_AT_ONCE: Final = 32  # each call keeps a whole message in memory


class _Refusal(Exception):
    """A call that is refused: the name of a gRPC status, and the reason in one sentence."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class GrpcServer:
    """Serves `Export` in threads of its own until it is stopped.

    `store` stores a batch of spans or log records; `on_metrics` and `on_refusal` are called for each request with
    metrics and each refused one. Raise UsageError where the package grpcio is not installed.
    """

    def __init__(
        self,
        store: Store,
        *,
        on_metrics: Callable[[], None],
        on_refusal: Callable[[], None],
        limits: ReceiverLimits,
    ) -> None:
        self._grpc = _import_grpc()
        self._store = store
        self._on_metrics = on_metrics
        self._on_refusal = on_refusal
        self._limits = limits
        self._shared = SharedValues()
        self._server = self._grpc.server(
            ThreadPoolExecutor(_WORKERS, thread_name_prefix="spanpact-grpc"),
            handlers=[self._handler(signal) for signal in _SERVICES],
            options=[
                ("grpc.max_receive_message_length", limits.inflated),  # holds before and after inflating
                ("grpc.max_metadata_size", 16 << 10),
                ("grpc.so_reuseport", 0),
            ],
            maximum_concurrent_rpcs=_CALLS_AT_ONCE,
        )

    def start(self, host: str, port: int) -> int:
        """Listen and return the port; port 0 takes a free one. Raise SourceError where the port is not available."""
        address = f"[{host}]" if ":" in host else host
        try:
            bound: int = self._server.add_insecure_port(f"{address}:{port}")
        except RuntimeError:
            message = f"OTLP receiver: cannot listen on {host} port {port} for gRPC"
            raise SourceError(message, hint="port 0 takes a free one") from None
        self._server.start()
        return bound

    def stop(self, grace_seconds: float) -> None:
        """Stop listening. Calls in progress have `grace_seconds` to finish."""
        self._server.stop(grace_seconds).wait()

    def _handler(self, signal: Signal) -> Any:
        """Return the handler of one service. Without a deserializer it gets bytes, so it can count before decoding."""

        def export(message: bytes, context: Any) -> bytes:
            try:
                return self._export(signal, message)
            except _Refusal as refusal:
                self._on_refusal()
                aborted: bytes = context.abort(getattr(self._grpc.StatusCode, refusal.status), str(refusal))
                return aborted  # never reached: `abort` raises

        method = self._grpc.unary_unary_rpc_method_handler(export)
        return self._grpc.method_handlers_generic_handler(_SERVICES[signal], {"Export": method})

    def _export(self, signal: Signal, message: bytes) -> bytes:
        """Store a message and return the response. Raise `_Refusal` for one that is too large or not OTLP."""
        if signal == "metrics":
            self._on_metrics()
            return b""
        return encode_success_protobuf(signal, self._store(self._decode(signal, message)))

    def _decode(self, signal: Signal, message: bytes) -> Batch:
        limit = self._limits.messages
        holds_more = traces_hold_more_than if signal == "traces" else logs_hold_more_than
        if holds_more(limit, message):
            raise _Refusal("RESOURCE_EXHAUSTED", f"the body holds more than {limit:,} messages")
        decode = decode_protobuf_traces if signal == "traces" else decode_protobuf_logs
        try:
            return decode(message, name="request body", shared=self._shared)
        except SourceError as error:
            raise _Refusal("INVALID_ARGUMENT", str(error)) from None


def _import_grpc() -> Any:
    try:
        return import_module("grpc")
    except ImportError:
        raise UsageError("OTLP over gRPC needs the package grpcio", hint="pip install 'spanpact[grpc]'") from None
