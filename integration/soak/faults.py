"""Make the faults of a plan happen to real backends, and note when they did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Self

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from integration.soak.schedule import BLACK_HOLE, BREAKER_OPENS, JAEGER_DIES, REDIS_FREEZES, REDIS_STOPS, Fault
from integration.soak.span_archive import SpanArchive


class Window(NamedTuple):
    """A fault that happened: its kind, and from when until when (Unix time, s)."""

    kind: str
    begun: float
    ended: float


Action = tuple[Callable[[], object], Callable[[], object]]
"""How a fault begins and how it ends."""


def actions(
    redis: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend, archive: SpanArchive
) -> Mapping[str, Action]:
    """Return how the faults of each kind begin and end."""
    return {
        REDIS_STOPS: (redis.kill, redis.restart),
        REDIS_FREEZES: (redis.pause, redis.resume),
        BREAKER_OPENS: (postgres.pause, postgres.resume),
        JAEGER_DIES: (jaeger.kill, jaeger.restart),
        BLACK_HOLE: (archive.swallow, archive.answer),
    }


class FaultRun:
    """A context manager in which the faults of a plan happen; at its end every backend answers again.

    `windows` are the faults that are over, `problems` what went wrong with one.
    """

    def __init__(self, plan: Mapping[str, Sequence[Fault]], actions: Mapping[str, Action]) -> None:
        self.windows: list[Window] = []
        self.problems: list[str] = []
        self._actions, self._over = actions, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(faults,)) for faults in plan.values()]

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, faults: Sequence[Fault]) -> None:
        try:
            for fault in faults:
                if self._over.wait(self._began + fault.begins - time.monotonic()):
                    return
                self._happen(fault)
        except Exception as error:
            self.problems.append(f"a fault could not be made: {type(error).__name__}: {error}")

    def _happen(self, fault: Fault) -> None:
        begin, end = self._actions[fault.kind]
        begun = time.time()
        begin()
        try:
            self._over.wait(fault.lasts)
        finally:
            end()
            self.windows.append(Window(fault.kind, begun, time.time()))
