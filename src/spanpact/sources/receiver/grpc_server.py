"""The receiver's gRPC server: `Export` of the OTLP services for traces, logs and metrics.

It needs the extra `grpc`, imported when the server is created. Source: the OTLP specification, "OTLP/gRPC".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Final, TypeAlias

from spanpact.errors import SourceError, UsageError
from spanpact.otlp import Signal
from spanpact.sources.receiver.access import Access
from spanpact.sources.receiver.limits import ReceiverLimits
from spanpact.sources.receiver.responses import Cause, Refusal, mistake

Handler: TypeAlias = Callable[[Signal, Mapping[str, str], bytes], bytes]
"""Returns the response to a message with these metadata, or raises Refusal."""

_SERVICES: Final[dict[Signal, str]] = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_STATUSES: Final = {
    401: "UNAUTHENTICATED", 410: "FAILED_PRECONDITION", 413: "RESOURCE_EXHAUSTED", 429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_WORKERS: Final = 4
_CALLS_AT_ONCE: Final = 32  # each call keeps a whole message in memory


class GrpcServer:
    """Serves `Export` in threads of its own until it is stopped.

    `handler` answers each message; `on_refusal` is called for each refused one. Raise UsageError where the package
    grpcio is not installed.
    """

    def __init__(
        self, handler: Handler, *, on_refusal: Callable[[Cause], None], limits: ReceiverLimits, access: Access
    ) -> None:
        self._grpc = _import_grpc()
        self._handler = handler
        self._on_refusal = on_refusal
        self._access = access
        self._server = self._grpc.server(
            ThreadPoolExecutor(_WORKERS, thread_name_prefix="spanpact-grpc"),
            handlers=[self._service(signal) for signal in _SERVICES],
            options=[
                ("grpc.max_receive_message_length", limits.inflated),  # holds before and after inflating
                ("grpc.max_metadata_size", 16 << 10),
                ("grpc.so_reuseport", 0),
            ],
            maximum_concurrent_rpcs=_CALLS_AT_ONCE,
        )

    def start(self, host: str, port: int) -> int:
        """Listen and return the port; port 0 takes a free one. Raise SourceError where the port is not available."""
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if self._access.certificate:
                credentials = self._grpc.ssl_server_credentials([self._access.pem_files()])
                bound: int = self._server.add_secure_port(address, credentials)
            else:
                bound = self._server.add_insecure_port(address)
        except RuntimeError:
            message = f"OTLP receiver: cannot listen on {host} port {port} for gRPC"
            raise SourceError(message, hint="port 0 takes a free one") from None
        self._server.start()
        return bound

    def stop(self, grace_seconds: float) -> Callable[[], None]:
        """Refuse new calls. Those in progress have `grace_seconds` to finish; return a function that waits for them."""
        stopped = self._server.stop(grace_seconds)
        return lambda: stopped.wait() and None

    def _service(self, signal: Signal) -> Any:
        """Return the handler of one service. Without a deserializer it gets bytes, so it can count before decoding."""

        def export(message: bytes, context: Any) -> bytes:
            try:
                return self._export(signal, message, context)
            except Refusal as why:
                refusal = why
            except Exception as error:  # the last resort: the sender gets a response, the report a number
                refusal = mistake(error)
            self._on_refusal(refusal.cause)
            status = getattr(self._grpc.StatusCode, _STATUSES.get(refusal.status, "INVALID_ARGUMENT"))
            aborted: bytes = context.abort(status, refusal.reason)
            return aborted  # never reached: `abort` raises

        method = self._grpc.unary_unary_rpc_method_handler(export)
        return self._grpc.method_handlers_generic_handler(_SERVICES[signal], {"Export": method})

    def _export(self, signal: Signal, message: bytes, context: Any) -> bytes:
        metadata = {name: value for name, value in context.invocation_metadata() if isinstance(value, str)}
        if not self._access.admits(metadata):
            raise Refusal(401, "the token is missing or wrong", cause="token")
        return self._handler(signal, metadata, message)


def _import_grpc() -> Any:
    try:
        return import_module("grpc")
    except ImportError:
        raise UsageError("OTLP over gRPC needs the package grpcio", hint="pip install 'spanpact[grpc]'") from None
