"""The garbage collector under requests: a full collection would stop the process for 60 ms and more (S6.4)."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.reference_impl.export.otlp_sink import otlp_sink
from tests.reference_impl.python_process import serving_process
from tests.reference_impl.redis_tracing.redis_support import RedisServer

REQUESTS = 5_000
FULL = b"2"
PROGRAM = "tests.reference_impl.services.noted_collections"


def send_requests(url: str, token: str, number: int) -> set[int]:
    """Send GET /session on one connection, one after the other. Return the statuses of the answers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    statuses = set()
    for _ in range(number):
        connection.request("GET", "/session", headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
    connection.close()
    return statuses


@pytest.mark.timeout(300)
def test_no_request_meets_a_full_collection(empty_redis: RedisServer, tmp_path: Path) -> None:
    noted = tmp_path / "collections"
    with otlp_sink() as sink:
        environ = {
            "JAEGER_ENDPOINT": sink.url,
            "OTEL_SAMPLING_RATE": "1",
            "REDIS_URL": empty_redis.url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}",
        }
        with serving_process("studio-api", PROGRAM, str(noted), **environ) as (_, url):
            before = noted.read_bytes()
            token = httpx2.post(f"{url}/sessions", json={"email": "bob@example.com"}, timeout=60).json()["token"]
            assert send_requests(url, token, REQUESTS) == {200}
            during = noted.read_bytes()[len(before) :]
    assert before.endswith(FULL)  # the last step before serving; and collections are noted
    assert FULL not in during, f"{during.count(FULL)} full collections"
