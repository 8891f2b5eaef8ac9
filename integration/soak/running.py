"""Run a soak: backends, service, callers and faults; then judge what was stored."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from containers.servers.jaeger_server import JaegerBackend, jaeger_backend
from containers.servers.postgres_server import PostgresBackend, postgres_backend
from containers.servers.redis_server import RedisBackend, redis_backend
from demo.services import ServiceProcess
from integration.soak.faults import FaultRun, Window, actions
from integration.soak.outcome import EXPORT_S, Soak
from integration.soak.schedule import SATURATED, plan_faults
from integration.soak.service_log import exceptions_in
from integration.soak.span_archive import SpanArchive, span_archive
from integration.soak.stored_traces import judge_archive
from integration.soak.traffic import CONNECTIONS, Order, Record, read_records, send_traffic
from integration.soak.watching import Reading, Watch, read_metrics
from integration.support.evidence import stored_traces
from integration.support.studio import temporary_database
from spanpact.errors import SourceError

SHARE: Final = 0.7
"""The part of its capacity at which the service is loaded."""
QUEUE: Final = 8192
"""Spans that wait in memory: two to three seconds of them."""
_SETTLED_S: Final = 60.0
_PAUSE_S: Final = 0.2
_LOOKED_FOR: Final = 50
"""Traces that are looked up in Jaeger at the end."""


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """How long, with which seed, and whether spans wait in a spool."""

    minutes: float = 30.0
    seed: int = 7
    has_spool: bool = False

    @property
    def seconds(self) -> float:
        """Return the seconds in which requests are sent and faults happen."""
        return self.minutes * 60


@dataclass(frozen=True, slots=True)
class Backends:
    """The servers of a soak, all of which were started here."""

    redis: RedisBackend
    postgres: PostgresBackend
    jaeger: JaegerBackend


@contextmanager
def own_backends(rung: str | None = None) -> Iterator[Backends]:
    """Start the servers, from this rung of their ladders, else the first usable one. Raise BackendUnavailable."""
    with redis_backend(rung) as redis, postgres_backend(rung) as postgres, jaeger_backend(rung) as jaeger:
        yield Backends(redis, postgres, jaeger)


def run_soak(plan: SoakPlan, backends: Backends, say: Callable[[str], object] = print) -> tuple[Soak, list[Record]]:
    """Run a soak and judge its traces. Return what happened, and the record of each answer.

    Raise BackendUnavailable for a backend that was not started here.
    """
    for backend in (backends.redis, backends.postgres, backends.jaeger):
        backend.controls()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, ExitStack() as stack:
        folder = Path(name)
        answers, archived = folder / "answers", folder / "stored.otlp"
        archive = stack.enter_context(span_archive(backends.jaeger.otlp_http, archived))
        database = stack.enter_context(temporary_database(backends.postgres))
        service = stack.enter_context(ServiceProcess(_environ(plan, backends.redis, database, archive, folder)))
        capacity, saturated = _capacity(service, plan, answers)
        rate = SHARE * capacity
        say(f"capacity: {capacity:,.0f} requests a second; {rate:,.0f} are sent for {plan.minutes:g} minutes")
        watch = Watch(service.url, service.pid)
        faults = FaultRun(plan_faults(plan.seconds, plan.seed), actions(*_of(backends), archive))
        began = time.time()
        with watch, faults:
            sent = send_traffic(Order(service.url, rate, plan.seconds, CONNECTIONS, plan.seed, str(answers)))
        final = _settled(service.url)
        records = list(read_records(answers))
        in_jaeger = _found_in(backends.jaeger, records)
        exit_code = service.stop()
        say("judging the stored traces")
        soak = Soak(
            plan.seconds, plan.seed, plan.has_spool, capacity, rate, began, sent,
            [saturated, *faults.windows, *watch.stalls], watch.samples, final, exit_code,
            exceptions_in(service.log_lines()), judge_archive(archived, folder), in_jaeger,
            [*faults.problems, *watch.problems],
        )  # fmt: skip
        return soak, records


def _of(backends: Backends) -> tuple[RedisBackend, PostgresBackend, JaegerBackend]:
    return backends.redis, backends.postgres, backends.jaeger


def _environ(
    plan: SoakPlan, redis: RedisBackend, database: str, archive: SpanArchive, folder: Path
) -> Mapping[str, str]:
    own = {
        "DEMO_LOGS": str(folder),
        "REDIS_URL": redis.url,
        "DATABASE_URL": database,
        "DATABASE_DEADLINE": "2",
        "DATABASE_CHECKOUT_TIMEOUT": "10",
        "BREAKER_SLOW_CALL_SECONDS": "10",
        "BREAKER_MINIMUM_CALLS": "5",  # the connections that wait in vain when the database freezes
        "BREAKER_WINDOW_CALLS": "10",
        "BREAKER_RESET_SECONDS": "1",
        "STUDIO_SESSION_SECRET": secrets.token_hex(16),
        "STUDIO_LOG_LEVEL": "warning",
        "JAEGER_ENDPOINT": archive.url,
        "OTEL_EXPORTER_OTLP_TIMEOUT": str(EXPORT_S),
        "OTEL_BSP_MAX_QUEUE_SIZE": str(QUEUE),
    }
    return {**own, "STUDIO_SPOOL_DIR": str(folder / "spool")} if plan.has_spool else own


def _capacity(service: ServiceProcess, plan: SoakPlan, answers: Path) -> tuple[float, Window]:
    """Return the requests a second that the service answers, after a warm-up, and when that was measured."""
    seconds = min(10.0, plan.seconds / 12)
    begun = time.time()
    order = Order(service.url, 0, seconds, CONNECTIONS, plan.seed, str(answers))
    send_traffic(order)
    sent = send_traffic(order)
    _settled(service.url)
    return sent.answered / sent.seconds, Window(SATURATED, begun, time.time())


def _settled(url: str) -> Reading:
    """Wait until no span is pending, at most for _SETTLED_S. Return what the metrics say then."""
    deadline = time.monotonic() + _SETTLED_S
    while (reading := read_metrics(url)).pending and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
    return reading


def _found_in(jaeger: JaegerBackend, records: Sequence[Record]) -> tuple[int, int]:
    """Return how many of the last traces are in Jaeger, and of how many."""
    wanted = [record.trace_id.hex() for record in records[-_LOOKED_FOR:]]
    deadline = time.monotonic() + _SETTLED_S
    found = 0
    while found < len(wanted) and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
        with suppress(SourceError):  # it may be gone: then none of them is there
            found = len(stored_traces(jaeger, wanted))
    return found, len(wanted)
