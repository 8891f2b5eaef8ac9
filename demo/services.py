"""studio-api and audit-api as processes, on a Redis and a database that are given: where the flows happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from containers.redis_server import RedisBackend
from demo.breaker_flow import BREAKER_ENVIRON
from demo.flows import SECRET, Stage
from demo.service_process import ServiceProcess
from demo.two_services_flow import AuditProcess


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
    shared = {"REDIS_URL": redis.url, "DATABASE_URL": database, "STUDIO_SESSION_SECRET": SECRET}
    shared |= {"DEMO_LOGS": str(folder), **BREAKER_ENVIRON, **given}
    with AuditProcess(shared, breakage=breakage) as audit:
        own = {"AUDIT_URL": audit.url, **audit.studio_environ, **given}
        with ServiceProcess(shared | own, breakage=breakage) as studio:
            yield Services(Stage(studio.url, redis, database), audit, studio)
