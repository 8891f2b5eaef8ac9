"""Who gets to the deployed Jaeger: a person and a program to read, a service to write, and nobody else."""

from __future__ import annotations

import base64

import pytest

from containers.servers.processes import free_port
from integration.deployments.proxy import PERSON, READ_TOKEN, USER, WRITE_TOKEN, Proxy, running_proxy

PAGES = ("/", "/search", "/trace/1", "/api/services", "/api/v3/services", "/api/v3/traces/1")
WRONG = {
    "nobody": None,
    "another password": "Basic " + base64.b64encode(f"{USER}:guess".encode()).decode(),
    "another user": "Basic " + base64.b64encode(b"eve:correct horse").decode(),
    "another token": "Bearer guess",
    "a part of a token": f"Bearer {READ_TOKEN[:-1]}",
    "no token": "Bearer",
    "an empty token": "Bearer ",
}
WAYS_AROUND = (
    "/v1/traces/../../api/services",
    "/v1/..%2fapi/services",
    "//api/services",
    "/v1/traces",
    "/proxy-health/../api/services",
    "/proxy-health/api/services",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("authorization", [*WRONG.values(), f"Bearer {WRITE_TOKEN}"], ids=[*WRONG, "to write only"])
def test_nobody_reads_without_a_password_or_a_token(proxy: Proxy, path: str, authorization: str | None) -> None:
    assert proxy.ask(path, authorization)[0] == 401


@pytest.mark.parametrize("authorization", [PERSON, f"Bearer {READ_TOKEN}"], ids=["a person", "a program"])
def test_people_and_programs_read(proxy: Proxy, authorization: str) -> None:
    assert proxy.ask("/search", authorization)[0] == 200
    status, text = proxy.ask("/api/v3/services", authorization)
    assert (status, '"services"' in text) == (200, True)


@pytest.mark.parametrize(
    "authorization", [*WRONG.values(), PERSON, f"Bearer {READ_TOKEN}"], ids=[*WRONG, "a person", "to read only"]
)
def test_nobody_writes_without_the_token_for_it(proxy: Proxy, authorization: str | None) -> None:
    assert proxy.ask("/v1/traces", authorization, method="POST")[0] == 401


def test_the_token_to_write_gets_to_jaeger(proxy: Proxy) -> None:
    status, text = proxy.ask("/v1/traces", f"Bearer {WRITE_TOKEN}", method="POST")
    assert (status, "unsupported media type" in text) == (415, True)  # Jaeger's own answer to what is no OTLP


@pytest.mark.parametrize("authorization", [None, f"Bearer {WRITE_TOKEN}"], ids=["nobody", "to write only"])
@pytest.mark.parametrize("path", WAYS_AROUND)
def test_there_is_no_way_around(proxy: Proxy, path: str, authorization: str | None) -> None:
    status, text = proxy.ask(path, authorization)
    assert '"data"' not in text
    assert status == 401 or (status, text) == (200, "") or status in (400, 404)


def test_a_token_that_is_not_set_lets_nobody_in(hashed: str) -> None:
    nowhere = free_port()
    with running_proxy(nowhere, nowhere, hashed, JAEGER_READ_TOKEN="", JAEGER_WRITE_TOKEN="") as proxy:
        assert proxy.ask("/api/services", PERSON)[0] == 502
        for authorization in ("Bearer", "Bearer ", "Bearer  ", ""):
            assert proxy.ask("/api/services", authorization)[0] == 401
            assert proxy.ask("/v1/traces", authorization, method="POST")[0] == 401
