"""studio-api and audit-api, two processes, one trace: a session is created, and the other service is told (S5.5)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import httpx

from demo.flows import DemoFailed, Driven
from demo.propagation_breakages import PROPAGATION_BREAKAGES
from demo.service_process import ServiceProcess

INTERLEAVED = 25
_OTHER_IDS = 1_000_003


class Audit(Protocol):
    """An audit-api that runs."""

    @property
    def url(self) -> str:
        """Its base URL."""

    def stop(self) -> object:
        """End it."""


class AuditProcess(ServiceProcess):
    """audit-api, started before studio-api, which needs its `url` as AUDIT_URL; its records are in memory."""

    name = "audit-api"

    def __init__(self, environ: Mapping[str, str], *, breakage: str | None = None) -> None:
        own = {"AUDIT_PORT": "0"}
        if "STUDIO_ID_SEED" in environ:  # with the same seed, both would make the same ids
            own["STUDIO_ID_SEED"] = str(int(environ["STUDIO_ID_SEED"]) + _OTHER_IDS)
        super().__init__({**environ, **own})
        broken = breakage in PROPAGATION_BREAKAGES
        module = ["demo.broken_audit_service", str(breakage)] if broken else ["reference_impl.services.audit_api"]
        self._command = [sys.executable, "-m", *module]

    def __enter__(self) -> AuditProcess:
        super().__enter__()
        return self


def two_services(url: str, audit: Audit) -> Iterator[Driven]:
    """One session of which audit-api is told, many at once, and one while audit-api is down, which it then stays."""
    with httpx.Client(timeout=30, trust_env=False) as client:
        yield _told(client.post(f"{url}/sessions", json=_body(0), headers=_headers("demo-audit")), "audit: told")
        found = client.get(f"{audit.url}/audit/records", params={"correlation_id": "demo-audit"}).json()["records"]
        if [record["event"] for record in found] != ["session.created"]:
            raise DemoFailed(f"audit-api has {len(found)} records of one session")
        yield asyncio.run(_interleaved(url))
        audit.stop()
        yield _told(client.post(f"{url}/sessions", json=_body(0), headers=_headers("demo-down")), "audit: down")


async def _interleaved(url: str) -> Driven:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        requests = (
            client.post(f"{url}/sessions", json=_body(number), headers=_headers(f"demo-{number}"))
            for number in range(INTERLEAVED)
        )
        answers = await asyncio.gather(*requests)
    *others, last = [_told(answer, f"audit: told, {INTERLEAVED} at once") for answer in answers]
    return replace(last, others=tuple(other.trace_id for other in others))


def _body(number: int) -> dict[str, Any]:
    return {"email": f"audited{number}@example.com", "device": "web"}


def _headers(correlation_id: str) -> dict[str, str]:
    return {"x-correlation-id": correlation_id}


def _told(answer: httpx.Response, name: str) -> Driven:
    if answer.status_code != httpx.codes.CREATED:
        raise DemoFailed(f"{name}: POST /sessions answered {answer.status_code}: {answer.text}")
    trace_id = answer.headers.get("traceresponse", "--").split("-")[1]
    correlation_id = answer.headers["x-correlation-id"]
    return Driven(name, trace_id or "not traced", f"{answer.status_code} correlation id {correlation_id}")
