"""One trace through two processes: studio-api creates a session and reports it to audit-api (S5.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import httpx2

from demo.flows.client import DemoFailed, FlowResult, trace_id_of

__all__ = ["INTERLEAVED", "AuditService", "two_services"]

INTERLEAVED = 25


class AuditService(Protocol):
    """An audit-api that runs."""

    @property
    def url(self) -> str:
        """Return its base URL."""

    def stop(self) -> object:
        """Stop it."""


def two_services(url: str, audit: AuditService) -> Iterator[FlowResult]:
    """Create one session, many at once, and one after audit-api was stopped; it is not started again."""
    with httpx2.Client(timeout=30, trust_env=False) as client:
        yield _result(client.post(f"{url}/sessions", json=_body(0), headers=_headers("demo-audit")), "audit: reported")
        found = client.get(f"{audit.url}/audit/records", params={"correlation_id": "demo-audit"}).json()["records"]
        if [record["event"] for record in found] != ["session.created"]:
            raise DemoFailed(f"audit-api has {len(found)} records of one session")
        yield asyncio.run(_interleaved(url))
        audit.stop()
        yield _result(client.post(f"{url}/sessions", json=_body(0), headers=_headers("demo-down")), "audit: down")


async def _interleaved(url: str) -> FlowResult:
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        requests = (
            client.post(f"{url}/sessions", json=_body(number), headers=_headers(f"demo-{number}"))
            for number in range(INTERLEAVED)
        )
        answers = await asyncio.gather(*requests)
    *others, last = [_result(answer, f"audit: reported, {INTERLEAVED} at once") for answer in answers]
    return replace(last, other_trace_ids=tuple(other.trace_id for other in others))


def _body(number: int) -> dict[str, Any]:
    return {"email": f"audited{number}@example.com", "device": "web"}


def _headers(correlation_id: str) -> dict[str, str]:
    return {"x-correlation-id": correlation_id}


def _result(answer: httpx2.Response, name: str) -> FlowResult:
    if answer.status_code != httpx2.codes.CREATED:
        raise DemoFailed(f"{name}: POST /sessions answered {answer.status_code}: {answer.text}")
    correlation_id = answer.headers["x-correlation-id"]
    return FlowResult(name, trace_id_of(answer), f"{answer.status_code} correlation id {correlation_id}")
