"""Secrets planted in every input of the services: none is in a span, a log line, a metric or a report."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from integration.support.evidence import parse_response, settled_ledger, spans_of, stored_traces
from integration.support.studio import running_studio
from integration.support.waiting import wait_until
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.reporting import TextOptions
from spanpact.reporting.formats import FORMATS, render_report
from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, SourceInfo
from spanpact.verification.verifying import verify

PLACES = (
    "email",
    "device",
    "token",
    "path",
    "query",
    "agent",
    "correlation",
    "baggage",
    "state",
    "cookie",
    "body",
    "user",
)


def canary(place: str) -> str:
    """Return a secret for one place of input that nothing else contains."""
    return f"Canary{place}7Q2{sum(map(ord, place))}"


def forms(secret: str) -> Iterator[bytes]:
    """Yield a secret in the forms in which it may be found: plain, case folded, base64, hex, percent-encoded."""
    plain = secret.encode()
    yield from (plain, secret.casefold().encode(), secret.upper().encode(), plain.hex().encode(), plain[::-1])
    yield unicodedata.normalize("NFKD", secret).encode()
    yield from (quote(secret, safe="").encode(), "".join(f"%{byte:02X}" for byte in plain).encode())
    for shift in range(3):  # base64 of a text that contains it, at each place within three bytes
        yield base64.b64encode(b"x" * shift + plain)[4 if shift else 0 : -4]


@pytest.mark.fault("S2")
@pytest.mark.timeout(180)
def test_no_sink_shows_what_was_planted(
    redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend
) -> None:
    headers = {
        "user-agent": canary("agent"), "x-correlation-id": f"{canary('correlation')}@example.com",
        "baggage": f"correlation.id={canary('baggage')}%20x,other={canary('baggage')}", "cookie": canary("cookie"),
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-zz", "tracestate": f"A B={canary('state')}",
    }  # fmt: skip
    token = {"authorization": f"Bearer {canary('token')}"}
    with running_studio(redis_server, postgres, jaeger) as services:
        with httpx2.Client(base_url=services.studio.url, timeout=30, trust_env=False, headers=headers) as http:
            answers = [
                http.post("/sessions", json={"email": f"{canary('email')}@example.com", "device": canary("device")}),
                http.post("/sessions", content=canary("body").encode()),
                http.get("/session", headers=token),
                http.delete("/session", headers=token),
                http.get("/session", headers=token, params={"q": canary("query")}),
                http.delete(f"/users/{canary('user')}/sessions"),
                http.get(f"/{canary('path')}"),
            ]
            created = {"authorization": f"Bearer {answers[0].json()['token']}"}
            answers += [http.get("/session", headers=created), http.delete("/session", headers=created)]
        metrics = httpx2.get(f"{services.studio.url}/metrics", trust_env=False, timeout=30).content
        stored, ids = settled_ledger(services.studio.url).stored, {parse_response(each).trace_id for each in answers}
        wait_until(lambda: len(spans_of(stored_traces(jaeger, ids).values())) >= stored, "the spans")
        traces = list(stored_traces(jaeger, ids).values())
        services.studio.stop()
        logs = "".join([*services.studio.log_lines(), *services.audit.log_lines()]).encode()
    reading = Reading(SourceInfo("Jaeger"), traces)
    report = verify(load_contracts([shipped_contracts()]), reading)
    sinks = {"spans": encode_traces_json(reading), "logs": logs, "metrics": metrics}
    sinks |= {
        name: render_report(name, report, TextOptions(everything=True)).encode("utf-8", "replace") for name in FORMATS
    }
    assert all(sinks.values())
    shown = [
        (place, name)
        for place in PLACES
        for name, content in sinks.items()
        if any(form in content for form in forms(canary(place)))
    ]
    assert shown == []
    assert {str(answer.status_code // 100) for answer in answers} == {"2", "4"}
