"""Run studio-api and audit-api as processes, on a Redis and a database of the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from containers.servers.redis_server import RedisBackend
from demo.flows.breaker import breaker_environ
from demo.flows.client import SECRET, Deployment
from demo.services.process import AuditProcess, ServiceProcess

__all__ = ["Services", "flows_environ", "running_services"]

_LONG_DEADLINES = ("DATABASE_CHECKOUT_TIMEOUT", "DATABASE_DEADLINE", "BREAKER_SLOW_CALL_SECONDS", "AUDIT_DEADLINE")


@dataclass(frozen=True, slots=True)
class Services:
    """Both services as they run, and the deployment that the flows are driven against."""

    deployment: Deployment
    audit: AuditProcess
    studio: ServiceProcess


@contextmanager
def running_services(
    redis: RedisBackend,
    database: str,
    folder: Path,
    *,
    breakage: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Services]:
    """Run both services for as long as the context lasts; their logs are in `folder`.

    `database` is a SQLAlchemy URL, `breakage` the name of a way to break the tracing (`demo.breakages`). Settings in
    `environ` override the demo's own. Raise ServiceFailed where a service does not start.
    """
    given = dict(environ or {})
    shared = {**flows_environ(redis, database), "DEMO_LOGS": str(folder), **given}
    with (
        AuditProcess(shared, breakage=breakage) as audit,
        ServiceProcess({"AUDIT_URL": audit.url, **shared}, breakage=breakage) as studio,
    ):
        yield Services(Deployment(studio.url, redis, database), audit, studio)


def flows_environ(redis: RedisBackend, database: str) -> dict[str, str]:
    """Return settings of both services with which the breaker can be opened and a busy machine makes nothing fail."""
    given = {"REDIS_URL": redis.url, "STUDIO_SESSION_SECRET": SECRET}
    return given | dict.fromkeys(_LONG_DEADLINES, "20") | breaker_environ(database)
