"""The receiver source: an OTLP endpoint in this process, to which any traced program can export.

It listens on loopback, in a thread with its own event loop, and keeps all spans and log records that arrive.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from spanpact.errors import SourceError, UsageError
from spanpact.otlp import Batch, SharedValues, Signal
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.receiver.exporter_environment import Protocol, exporter_environment
from spanpact.sources.receiver.grpc_server import GrpcServer
from spanpact.sources.receiver.http_server import HttpServer, ReceiverLimits
from spanpact.sources.receiver.request_body import store_body
from spanpact.sources.receiver.request_head import RequestHead
from spanpact.sources.receiver.responses import Response
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import ALL_CAPABILITIES, Capability, Reading, SourceInfo

_BACKLOG = 1024
_ACCEPTED_AT_ONCE = 16  # few, so that a flood of new connections does not delay the established ones
DEFAULT_LIMITS = ReceiverLimits()


@dataclass(frozen=True, slots=True)
class ReceiverCounts:
    """The counters of a receiver.

    - `received`, `logs`: spans and log records stored; `dropped`: those beyond the limits.
    - `rejected`: requests refused; `metrics`: requests with metrics, which are accepted and ignored.
    - `unread`: spans, log records and attributes in fields that OTLP does not know.
    - `evicted`: connections closed to make room for new ones.
    - `http_2`, `tls`: connections to the HTTP port that began with HTTP/2, as gRPC does, or with TLS.
    """

    received: int = 0
    logs: int = 0
    dropped: int = 0
    rejected: int = 0
    metrics: int = 0
    evicted: int = 0
    unread: int = 0
    http_2: int = 0
    tls: int = 0


class OtlpReceiver(SourceBase):
    """An OTLP receiver over HTTP (protobuf and JSON, gzip) for traces and logs. Metrics are accepted and ignored.

    `port` 0 takes a free port. A `host` other than loopback needs `allow_remote=True`, as there is no authentication.
    `grpc=True` also accepts OTLP/gRPC, at a free port of its own; it needs the extra `grpc`. `scenarios` (labels by
    trace id) and `offered` (the number of requests made) may change while it runs. Traces are complete once `finish`
    was called. As a context manager it starts and stops itself. Any thread may call `read` and the counters.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        allow_remote: bool = False,
        scenarios: Mapping[str, str] | None = None,
        offered: int | None = None,
        limits: ReceiverLimits = DEFAULT_LIMITS,
        grpc: bool = False,
    ) -> None:
        if not allow_remote and not _is_loopback(host):
            message = f"the receiver listens on loopback, not on {host!r}"
            raise UsageError(message, hint="set allow_remote=True to listen on it")
        if not 0 <= port <= 65535:
            raise UsageError(f"the port cannot be {port}", hint="accepted: 0 to 65535; 0 takes a free one")
        self.scenarios = scenarios if scenarios is not None else {}
        self.offered = offered
        self._host = host
        self._port = port
        self._limits = limits
        self._state = "new"
        self._complete = False
        self._lock = threading.Lock()
        self._assembler = TraceAssembler()
        self._shared = SharedValues()
        self._dropped = self._rejected = self._metrics = 0
        self._unread = UnreadFields()
        self._server = HttpServer(self._handle, self._count_refusal, limits)
        self._grpc = self._grpc_server() if grpc else None
        self._grpc_port = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._grace = 0.0

    # Called from the caller's threads.

    def start(self) -> Self:
        """Listen. Raise SourceError where the port is not available, UsageError where it was started before."""
        if self._state != "new":
            raise UsageError("the receiver was started before", hint="create another one")
        listener = self._listen()
        if self._grpc is not None:
            try:
                self._grpc_port = self._grpc.start(self._host, 0)
            except SourceError:
                listener.close()
                raise
        ready = threading.Event()
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(listener, ready),), name="spanpact-receiver", daemon=True
        )
        self._thread.start()
        ready.wait()
        self._state = "listening"
        return self

    def stop(self, *, grace_seconds: float = 2.0) -> None:
        """Stop listening. Requests in progress have `grace_seconds` to finish. `read` still returns what was stored."""
        if self._state != "listening" or self._thread is None or self._loop is None or self._stopping is None:
            return
        self._state = "stopped"
        self._grace = grace_seconds
        self._loop.call_soon_threadsafe(self._stopping.set)
        if self._grpc is not None:
            self._grpc.stop(grace_seconds)
        self._thread.join()

    def close(self) -> None:
        """Stop listening, as `stop` does."""
        self.stop()

    def finish(self) -> None:
        """Declare that the traced programs have ended: from now on all traces are complete."""
        self._complete = True

    def __enter__(self) -> Self:
        return self.start()

    @property
    def url(self) -> str:
        """Return the base URL, for `OTEL_EXPORTER_OTLP_ENDPOINT`."""
        return self._url(self._port)

    @property
    def grpc_url(self) -> str:
        """Return the base URL for gRPC; "" where the receiver does not accept it."""
        return self._url(self._grpc_port) if self._grpc_port else ""

    def _url(self, port: int) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def env(self, *, protocol: Protocol = "http/protobuf") -> dict[str, str]:
        """Return the environment variables that make an OpenTelemetry SDK export to this receiver.

        They override what else is set. Raise UsageError for gRPC where the receiver does not accept it.
        """
        if protocol == "grpc" and not self._grpc_port:
            raise UsageError("the receiver does not accept gRPC", hint="create it with grpc=True, and start it")
        return exporter_environment(self.grpc_url if protocol == "grpc" else self.url, protocol, os.environ)

    @property
    def info(self) -> SourceInfo:
        """Return the receiver's address, with every capability; `offered` only where it is set."""
        lacking: set[Capability] = {"offered"} if self.offered is None else set()
        return SourceInfo(f"OTLP receiver {self.url}", ALL_CAPABILITIES - lacking)

    def read(self) -> Reading:
        """Return all traces received so far."""
        with self._lock:
            traces = self._assembler.traces(complete=self._complete, scenarios=self.scenarios)
            spanless = self._assembler.spanless(complete=self._complete, scenarios=self.scenarios)
            unread = self._unread.fields()
        return Reading(self.info, traces, self.offered, unread=unread, spanless=spanless)

    @property
    def counts(self) -> ReceiverCounts:
        """Return all counters, read at one moment."""
        with self._lock:
            return ReceiverCounts(
                self._assembler.spans,
                self._assembler.logs,
                self._dropped,
                self._rejected,
                self._metrics,
                self._server.evicted,
                sum(each.count for each in self._unread.fields()),
                self._server.http_2,
                self._server.tls,
            )

    @property
    def connections(self) -> int:
        """Return the number of open connections over HTTP."""
        return len(self._server.connections)

    @property
    def received(self) -> int:
        """Return the number of spans stored."""
        return self.counts.received

    @property
    def rejected(self) -> int:
        """Return the number of requests refused."""
        return self.counts.rejected

    @property
    def dropped(self) -> int:
        """Return the number of spans and log records beyond the limits."""
        return self.counts.dropped

    def __repr__(self) -> str:
        counts = self.counts
        return (
            f"<OtlpReceiver {self.url} {self._state}, {len(self._server.connections)} connections, "
            f"{counts.received} spans, {counts.logs} logs, {counts.rejected} rejected, {counts.dropped} dropped>"
        )

    # Called from the receiver's own threads.

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listener = socket.create_server((self._host, self._port), family=family, backlog=_BACKLOG)
        except OSError as error:
            message = f"OTLP receiver: cannot listen on {self._host} port {self._port}: {error.strerror}"
            raise SourceError(message, hint="port 0 takes a free one") from None
        self._port = listener.getsockname()[1]
        return listener

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._server.connected, sock=listener, backlog=_ACCEPTED_AT_ONCE)
        listener.listen(_BACKLOG)  # asyncio has reduced it to its `backlog`, the number that it accepts at one time
        ready.set()
        await self._stopping.wait()
        # asyncio loses sockets that are accepted in the iterations just before `close`: run these first.
        self._loop.remove_reader(listener)
        for _ in range(3):
            await asyncio.sleep(0)
        server.close()
        await self._server.drain(self._grace)

    def _handle(self, head: RequestHead, signal: Signal, body: bytes) -> Response:
        if signal == "metrics":
            self._count_metrics()
        return store_body(head, signal, body, store=self._store, shared=self._shared, limits=self._limits)

    def _store(self, batch: Batch) -> int:
        with self._lock:
            spans = batch.spans[: max(0, self._limits.spans - self._assembler.spans)]
            logs = batch.logs[: max(0, self._limits.logs - self._assembler.logs)]
            self._assembler.add(spans, logs)
            dropped = len(batch.spans) + len(batch.logs) - len(spans) - len(logs)
            self._dropped += dropped
            self._unread.update(batch.unread)
        return dropped

    def _grpc_server(self) -> GrpcServer:
        return GrpcServer(
            self._store, on_metrics=self._count_metrics, on_refusal=self._count_refusal, limits=self._limits
        )

    def _count_metrics(self) -> None:
        with self._lock:
            self._metrics += 1

    def _count_refusal(self) -> None:
        with self._lock:
            self._rejected += 1


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
