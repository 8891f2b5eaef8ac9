"""studio-api and audit-api as processes, on a Redis and a database that are given: where the flows happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from containers.servers.redis_server import RedisBackend
from demo.breaker_flow import breaker_environ
from demo.flows import SECRET, Stage
from demo.service_process import ServiceProcess
from demo.two_services_flow import AuditProcess

_UNHURRIED = ("DATABASE_CHECKOUT_TIMEOUT", "DATABASE_DEADLINE", "BREAKER_SLOW_CALL_SECONDS", "AUDIT_DEADLINE")


@dataclass(frozen=True, slots=True)
class Services:
    """Both services as they run, and the stage that the flows are driven on."""

    stage: Stage
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
    """Both services for as long as the context lasts; their logs are in `folder`.

    `database` is a URL of SQLAlchemy, `breakage` the name of one of the ways to break the tracing, and what `environ`
    says goes before the demo's own settings. Raises ServiceFailed.
    """
    given = dict(environ or {})
    shared = {**flows_environ(redis, database), "DEMO_LOGS": str(folder), **given}
    with (
        AuditProcess(shared, breakage=breakage) as audit,
        ServiceProcess({"AUDIT_URL": audit.url, **shared}, breakage=breakage) as studio,
    ):
        yield Services(Stage(studio.url, redis, database), audit, studio)


def flows_environ(redis: RedisBackend, database: str) -> dict[str, str]:
    """Settings of services for the flows: nothing fails because the machine is busy, and the breaker can be tripped."""
    given = {"REDIS_URL": redis.url, "STUDIO_SESSION_SECRET": SECRET}
    return given | dict.fromkeys(_UNHURRIED, "20") | breaker_environ(database)
