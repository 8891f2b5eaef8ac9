"""The receiver source: an OTLP endpoint in this process, to which any traced program can export.

It listens on loopback, in a thread with its own event loop, and keeps all spans and log records that arrive.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from spanpact.errors import SourceError, UsageError
from spanpact.otlp import Signal
from spanpact.sources.receiver.access import ONLY_LOOPBACK, Access
from spanpact.sources.receiver.exporter_environment import Protocol, exporter_environment
from spanpact.sources.receiver.grpc_server import GrpcServer
from spanpact.sources.receiver.http_server import Control, HttpServer, no_control
from spanpact.sources.receiver.intake.forwarding import Forwarder, Upstream
from spanpact.sources.receiver.intake.injected_faults import NO_FAULTS, FaultInjector, InjectedFaults
from spanpact.sources.receiver.intake.intake import Export, Intake
from spanpact.sources.receiver.intake.received_traffic import ALL_GROW, NOTHING_GROWS, ReceivedTraffic
from spanpact.sources.receiver.intake.sessions import Sessions
from spanpact.sources.receiver.limits import ReceiverLimits
from spanpact.sources.receiver.receiver_counts import ReceiverCounts
from spanpact.sources.receiver.request_head import RequestHead, session_of
from spanpact.sources.receiver.responses import CONTENT_TYPES, Cause, Response
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.model import ALL_CAPABILITIES, Capability, Reading, SourceInfo

_BACKLOG = 1024
_ACCEPTED_AT_ONCE = 16  # few, so that a flood of new connections does not delay the established ones
DEFAULT_LIMITS = ReceiverLimits()


@dataclass(frozen=True, slots=True)
class ReceiverOptions:
    """How a receiver treats requests: who may send them, faults to inject, a collector to forward to, other paths."""

    access: Access = ONLY_LOOPBACK
    faults: InjectedFaults = NO_FAULTS
    upstream: Upstream | None = None
    control: Control = no_control


class OtlpReceiver(SourceBase):
    """An OTLP receiver over HTTP (protobuf and JSON, gzip, deflate) for traces and logs. Metrics are ignored.

    `port` 0 takes a free port. A `host` other than loopback needs `allow_remote=True`, or `options` that allow it.
    `grpc=True` also accepts OTLP/gRPC, at `grpc_port` of `grpc_host` (default: a free port of `host`); it needs the
    extra `grpc`. `scenarios` (labels by trace id) and `offered` (the number of requests made) may change while it runs.
    Traces are complete once `finish` was called. As a context manager it starts and stops itself. Any thread may call
    `read` and the counters.
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
        grpc_host: str = "",
        grpc_port: int = 0,
        options: ReceiverOptions | None = None,
    ) -> None:
        options = options or ReceiverOptions(Access(allow_remote=allow_remote))
        self._access = options.access
        for each in (host, grpc_host or host):
            self._access.check_host(each)
        for number in (port, grpc_port):
            if not 0 <= number <= 65535:
                raise UsageError(f"the port cannot be {number}", hint="accepted: 0 to 65535; 0 takes a free one")
        self.scenarios = scenarios if scenarios is not None else {}
        self.offered = offered
        self._host, self._port = host, port
        self._grpc_host, self._grpc_port = grpc_host or host, grpc_port
        self._limits = limits
        self._state = "new"
        self._complete = False
        self._refused: Counter[Cause] = Counter()
        self._lock = threading.Lock()
        self.sessions = Sessions(limits)
        self._faults = FaultInjector(options.faults)
        self._forwarder = Forwarder(options.upstream) if options.upstream else None
        self._intake = Intake(self.sessions, limits, self._faults, self._forwarder, token=bool(options.access.token))
        self._server = HttpServer(self._handle, self._count_refusal, limits, options.access, options.control)
        self._grpc = self._grpc_server() if grpc else None
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
        ready = threading.Event()
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(listener, ready),), name="spanpact-receiver", daemon=True
        )
        self._thread.start()
        ready.wait()
        self._state = "listening"
        if self._grpc is not None:
            try:
                self._grpc_port = self._grpc.start(self._grpc_host, self._grpc_port)
            except SourceError:
                self._grpc = None
                self.stop()
                raise
        return self

    def refuse_exports(self, *, grace_seconds: float = 2.0) -> None:
        """Refuse exports from now on; those in progress have `grace_seconds` to finish. Control requests go on."""
        if self._state != "listening" or self._loop is None:
            return
        finish_grpc = self._grpc.stop(grace_seconds) if self._grpc is not None else None
        asyncio.run_coroutine_threadsafe(self._server.quiesce(grace_seconds), self._loop).result()
        if finish_grpc:
            finish_grpc()

    def stop(self, *, grace_seconds: float = 2.0) -> None:
        """Stop listening. Requests in progress have `grace_seconds` to finish. `read` still returns what was stored."""
        if self._state != "listening" or self._thread is None or self._loop is None or self._stopping is None:
            return
        self._state = "stopped"
        self._grace = grace_seconds
        finish_grpc = self._grpc.stop(grace_seconds) if self._grpc is not None else None
        self._loop.call_soon_threadsafe(self._stopping.set)
        if finish_grpc:
            finish_grpc()
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
        return self._url(self._host, self._port)

    @property
    def grpc_url(self) -> str:
        """Return the base URL for gRPC; "" where the receiver does not accept it."""
        return self._url(self._grpc_host, self._grpc_port) if self._grpc and self._grpc_port else ""

    def _url(self, host: str, port: int) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        return f"{self._access.scheme}://[{host}]:{port}" if ":" in host else f"{self._access.scheme}://{host}:{port}"

    def env(self, *, protocol: Protocol = "http/protobuf") -> dict[str, str]:
        """Return the environment variables that make an OpenTelemetry SDK export to this receiver.

        They override what else is set. Raise UsageError for gRPC where the receiver does not accept it.
        """
        if protocol == "grpc" and not self.grpc_url:
            raise UsageError("the receiver does not accept gRPC", hint="create it with grpc=True, and start it")
        return exporter_environment(self.grpc_url if protocol == "grpc" else self.url, protocol, os.environ)

    @property
    def info(self) -> SourceInfo:
        """Return the receiver's address, with every capability; `offered` only where it is set."""
        lacking: set[Capability] = {"offered"} if self.offered is None else set()
        return SourceInfo(f"OTLP receiver {self.url}", ALL_CAPABILITIES - lacking)

    def read(self) -> Reading:
        """Return all traces received so far that are in no session."""
        return self.reading(self.sessions.default, NOTHING_GROWS if self._complete else ALL_GROW)

    def reading(self, traffic: ReceivedTraffic, growing_since: float) -> Reading:
        """Return the traces of a session. One to which something came after `growing_since` is incomplete."""
        traces, spanless = traffic.traces(growing_since=growing_since, scenarios=self.scenarios)
        return Reading(self.info, traces, self.offered, unread=traffic.unread, spanless=spanless)

    @property
    def counts(self) -> ReceiverCounts:
        """Return all counters, read at one moment."""
        sessions, intake, server, injected = self.sessions, self._intake, self._server, self._faults.counts
        with self._lock:
            refused = self._refused.copy()
        return ReceiverCounts(
            sessions.spans,
            sessions.logs,
            sessions.dropped,
            refused.total(),
            intake.metrics,
            server.evicted,
            sessions.unread,
            server.http_2,
            server.tls,
            injected.refused,
            injected.rejected,
            refused["collector"],
            intake.rejected_upstream,
            refused,
            server.failed_handshakes,
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
        self._intake.close()
        if self._forwarder is not None:
            self._forwarder.close()

    async def _handle(self, head: RequestHead, signal: Signal, body: bytes) -> Response:
        assert head.encoding is not None
        assert head.compression is not None
        export = Export(signal, head.session, head.encoding, head.compression, body, head.headers)
        return await self._intake.take(export)

    def _grpc_server(self) -> GrpcServer:
        return GrpcServer(self._handle_grpc, on_refusal=self._count_refusal, limits=self._limits, access=self._access)

    def _handle_grpc(self, signal: Signal, metadata: Mapping[str, str], message: bytes) -> bytes:
        assert self._loop is not None
        headers = {name: value for name, value in metadata.items() if not name.startswith("grpc-")}
        headers["content-type"] = CONTENT_TYPES["protobuf"]
        export = Export(signal, session_of(metadata), "protobuf", "identity", message, headers)
        return asyncio.run_coroutine_threadsafe(self._intake.take(export), self._loop).result().body

    def _count_refusal(self, cause: Cause) -> None:
        with self._lock:
            self._refused[cause] += 1
