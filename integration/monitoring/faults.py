"""studio-api once for each fault, all at once: healthy, without Redis, with an open breaker, and so on, under load."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2

from containers.servers.private_redis import private_redis
from containers.servers.processes import free_port
from containers.servers.redis_server import RedisBackend
from demo.flows.client import SECRET
from demo.services import ServiceProcess
from integration.support.tcp_proxy import TcpProxy, tcp_proxy

FIRES: Final[Mapping[str, set[str]]] = {
    "healthy": set(),
    # Sessions are validated by the database, but cannot be ended.
    "redis-stopped": {"StudioRedisFailing", "StudioErrorRatioHigh"},
    "redis-slow": {"StudioLatencyHigh"},
    "breaker-open": {"StudioBreakerOpen", "StudioErrorRatioHigh"},
    # Calls wait for the only connection, most of them in vain: its call waits for a database that is silent.
    "pool-exhausted": {"StudioPoolExhausted", "StudioErrorRatioHigh", "StudioLatencyHigh"},
    "spans-lost": {"StudioSpansLost"},
    "no-traffic": {"StudioNoTraffic"},
    "studio-api": {"StudioDown"},
}
"""The alerts that fire in each fault, by the name of Prometheus' job; no other may."""

REDIS_DELAY_SECONDS: Final = 0.3
"""Of each reply: far below the client's deadline of 1 s, and with two commands above the bound of StudioLatencyHigh."""
_HANDSHAKE: Final = 4
"""Replies to a new connection, which come at once: delayed, they would take longer than the deadline."""
_PAUSE_SECONDS: Final = 0.05
_IMPATIENT_CLIENTS: Final = 4


@dataclass(slots=True)
class Faults:
    """The services that run, by fault, and what their faults are made of; `begin` starts the load and the faults."""

    targets: dict[str, str]
    redis: RedisBackend
    slow: TcpProxy
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _replies: Counter[socket.socket] = field(default_factory=Counter)

    def begin(self) -> None:
        """Send load to all services but the two that have none, then stop one Redis and slow another one down."""
        for fault, target in self.targets.items():
            for _ in range(_IMPATIENT_CLIENTS if fault == "pool-exhausted" else 1):
                if fault not in ("no-traffic", "studio-api"):
                    self._threads.append(threading.Thread(target=self._send, args=(f"http://{target}",)))
        for thread in self._threads:
            thread.start()
        self.redis.kill()
        self.slow.to_client = self._delayed

    def end(self) -> None:
        """Send no more load."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _delayed(self, client: socket.socket, data: bytes) -> None:
        self._replies[client] += 1
        if self._replies[client] > _HANDSHAKE:
            self._stopped.wait(REDIS_DELAY_SECONDS)
        client.sendall(data)

    def _send(self, url: str) -> None:
        with httpx2.Client(base_url=url, timeout=30, trust_env=False) as client:
            while not self._stopped.is_set():
                self._visit(client)

    def _visit(self, client: httpx2.Client) -> None:
        """Use every route once. What a service in a fault answers is Prometheus' to say."""
        made = client.post("/sessions", json={"email": "ada@example.com", "device": "web"})
        token = made.json().get("token", "none.given")
        own = {"authorization": f"Bearer {token}"}
        requests: Sequence[tuple[str, str, Mapping[str, str]]] = (
            ("GET", "/session", own),
            ("GET", "/session", own),
            ("GET", "/session", {"authorization": "Bearer tampered.with"}),
            ("DELETE", "/session", own),
            ("GET", "/session", own),
            ("DELETE", "/users/1/sessions", {}),
            ("POST", "/cache/warm", {}),
            ("POST", "/admin/purge", {}),
        )
        for method, path, headers in requests:
            client.request(method, path, headers=headers, json={} if method == "POST" else None)
            if self._stopped.wait(_PAUSE_SECONDS):
                return


@contextmanager
def running_faults(otlp_http: str, folder: Path) -> Iterator[Faults]:
    """Run all services for as long as the context lasts; their spans go to a collector, those that are lost nowhere."""
    with ExitStack() as opened:
        healthy, stopped = (opened.enter_context(private_redis()) for _ in range(2))
        redis_port = urlsplit(healthy.url).port
        assert redis_port is not None
        slow = opened.enter_context(tcp_proxy(redis_port))
        silent = opened.enter_context(socket.create_server(("127.0.0.1", 0)))  # takes connections, and says nothing
        exhausted = {
            "DATABASE_URL": f"postgresql+psycopg://127.0.0.1:{silent.getsockname()[1]}/studio",
            "DATABASE_POOL_SIZE": "1",
            "DATABASE_CHECKOUT_TIMEOUT": "0.7",
            "DATABASE_DEADLINE": "2",
            "BREAKER_WINDOW_CALLS": "10000",
            "BREAKER_MINIMUM_CALLS": "10000",
        }
        settings: dict[str, dict[str, str]] = {
            "healthy": {},
            "redis-stopped": {"REDIS_URL": stopped.url},
            "redis-slow": {"REDIS_URL": f"redis://127.0.0.1:{slow.port}/0"},
            "breaker-open": {"DATABASE_URL": f"postgresql+psycopg://127.0.0.1:{free_port()}/studio"},
            "pool-exhausted": exhausted,
            "spans-lost": {"JAEGER_ENDPOINT": f"http://127.0.0.1:{free_port()}", "OTEL_EXPORTER_OTLP_TIMEOUT": "0.3"},
            "no-traffic": {},
        }
        services = {
            fault: ServiceProcess(
                {
                    "REDIS_URL": healthy.url,
                    "DATABASE_URL": f"sqlite+aiosqlite:///{folder / f'{fault}.db'}",
                    "JAEGER_ENDPOINT": otlp_http,
                    "OTEL_BSP_SCHEDULE_DELAY": "200",
                    "STUDIO_SESSION_SECRET": SECRET,
                    "DEMO_LOGS": str(_made(folder / fault)),
                    **own,
                }
            )
            for fault, own in settings.items()
        }
        with ThreadPoolExecutor(2) as executor:  # all at once, each would take longer than a start may
            list(executor.map(opened.enter_context, services.values()))
        targets = {fault: urlsplit(service.url).netloc for fault, service in services.items()}
        faults = Faults({**targets, "studio-api": f"127.0.0.1:{free_port()}"}, stopped, slow)
        opened.callback(faults.end)
        yield faults


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
