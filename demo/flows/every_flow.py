"""Every flow of the demo, in order."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from demo.flows.background import background_job
from demo.flows.breaker import breaker_lifecycle
from demo.flows.client import Deployment, FlowResult, ServiceClient
from demo.flows.sessions import session_flows
from demo.flows.two_services import AuditService, two_services

__all__ = ["every_flow"]


def every_flow(deployment: Deployment, audit: AuditService, *, breaker_trace_id: str = "") -> Iterator[FlowResult]:
    """Drive all flows; yield each when it is done. audit-api is stopped at the end.

    `breaker_trace_id` is the trace id of the circuit breaker's flow, random unless given.
    """
    yield from session_flows(deployment)
    with httpx2.Client(base_url=deployment.url, timeout=30, trust_env=False) as http:
        client = ServiceClient(http)
        yield from background_job(client, deployment)
        yield from breaker_lifecycle(client, deployment, trace_id=breaker_trace_id)
    yield from two_services(deployment.url, audit)
