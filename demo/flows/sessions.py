"""The flows of sessions: create, validate, warm the cache, lose Redis, end (docs/specification.md S3)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from demo.flows.client import SECRET, Deployment, FlowResult, ServiceClient
from reference_impl.sessions.tokens import issue_token

__all__ = ["session_flows"]


def session_flows(deployment: Deployment) -> Iterator[FlowResult]:
    """Drive the flows one after the other; yield each when it is done.

    The flows without Redis are left out where Redis was not started here, and so cannot be killed.
    """
    with httpx2.Client(base_url=deployment.url, timeout=30) as http:
        client = ServiceClient(http)
        for flow in (_sessions, _bad_sessions, _cache_flows, _redis_down, _endings):
            yield from flow(client, deployment)


def _sessions(client: ServiceClient, deployment: Deployment) -> Iterator[FlowResult]:
    for device in ("web", "phone"):
        yield client.request(
            f"create a session ({device})", "POST", "/sessions", expect=201, email="ada@example.com", device=device
        )
    token = client.tokens[0]
    yield client.request("validate: hit", "GET", "/session", expect=200, token=token)
    deployment.evict(token)
    yield client.request("validate: miss", "GET", "/session", expect=200, token=token)


def _bad_sessions(client: ServiceClient, deployment: Deployment) -> Iterator[FlowResult]:
    yield client.request("validate: expired", "GET", "/session", expect=401, token=deployment.expired_token())
    yield client.request("validate: unknown", "GET", "/session", expect=401, token=issue_token("f" * 32, SECRET))
    yield client.request("validate: tampered", "GET", "/session", expect=401, token=client.tokens[0][:-4] + "AAAA")


def _cache_flows(client: ServiceClient, _: Deployment) -> Iterator[FlowResult]:
    for number in range(6):
        email = f"user{number}@example.com"
        client.request("more sessions", "POST", "/sessions", expect=201, email=email, device="web")
    yield client.request("warm the cache", "POST", "/cache/warm", expect=200, limit=100)


def _redis_down(client: ServiceClient, deployment: Deployment) -> Iterator[FlowResult]:
    if deployment.redis.process is None:
        return
    deployment.redis.kill()
    yield client.request("validate: Redis down", "GET", "/session", expect=200, token=client.tokens[0])
    deployment.redis.restart()
    yield client.request("validate: Redis is back", "GET", "/session", expect=200, token=client.tokens[0])


def _endings(client: ServiceClient, _: Deployment) -> Iterator[FlowResult]:
    yield client.request("end one session", "DELETE", "/session", expect=204, token=client.tokens[0])
    yield client.request("end a tampered session", "DELETE", "/session", expect=401, token="no.token")
    client.request("more sessions", "POST", "/sessions", expect=201, email="ada@example.com", device="web")
    yield client.request("end all of a user", "DELETE", "/users/1/sessions", expect=200)
    yield client.request("end all of nobody", "DELETE", "/users/999/sessions", expect=200)
