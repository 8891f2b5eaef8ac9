"""Fault S2: no private value that is planted in any place of an input is in what any command prints or writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from spanpact.cli.arguments.options import REPORT_FORMATS
from tests.hostile import outputs
from tests.hostile.canaries import CANARIES, SECRET, contract, forms, leaks
from tests.hostile.outputs import World
from tests.sources.scripted_http import ScriptedServer, answer

pytestmark = [pytest.mark.fault("S2"), pytest.mark.unmeasured, pytest.mark.timeout(300)]

ENVIRONMENT = {
    "DATABASE_URL": f"postgres://ada:{SECRET}-url@db/1",
    "API_KEY": f"{SECRET}-key",
    "OTEL_EXPORTER_OTLP_HEADERS": f"x-key={SECRET}-header",
    "OTEL_RESOURCE_ATTRIBUTES": f"owner={SECRET}-resource",
    "SPANPACT_FORWARD_HEADERS": f"x-key={SECRET}-forwarded",
    **{f"SPANPACT_{store}_TOKEN": f"{SECRET}-{store}" for store in ("JAEGER", "TEMPO", "ZIPKIN", "CLICKHOUSE")},
}
"""Secrets of the application, and of spanpact itself."""
TRACE = f"{1:032x}"
PRIVATE = CANARIES[0].whole


def tags(*values: str) -> list[dict[str, Any]]:
    return [{"key": value, "type": "string", "value": value} for value in values]


def old_answer() -> bytes:
    """Return an answer of Jaeger's old API with a canary in each place of a text."""
    span = {
        "traceID": TRACE, "spanID": f"{1:016x}", "operationName": CANARIES[1].whole, "startTime": 10**15, "duration": 9,
        "references": [{"refType": "FOLLOWS_FROM", "traceID": f"{9:032x}", "spanID": f"{9:016x}"}],
        "tags": tags(CANARIES[2].whole, CANARIES[3].whole), "processID": "p1", "warnings": [CANARIES[4].whole],
        "logs": [{"timestamp": 10**15, "fields": [*tags(CANARIES[5].whole), {**tags("event")[0], "value": PRIVATE}]}],
    }  # fmt: skip
    process = {"serviceName": CANARIES[6].whole, "tags": tags(CANARIES[7].whole)}
    trace = {"traceID": TRACE, "spans": [span], "processes": {"p1": process}, "warnings": [CANARIES[8].whole]}
    return json.dumps({"data": [trace], "total": 1, "limit": 0, "offset": 0, "errors": None}).encode()


def failures() -> Mapping[str, bytes]:
    """Return answers of a server that fails, each with a canary."""
    message = f"no such user: {PRIVATE}"
    return {
        "error": answer(500, json.dumps({"error": {"code": 500, "message": message}}).encode()),
        "old error": answer(400, json.dumps({"data": None, "errors": [{"code": 400, "msg": message}]}).encode()),
        "page": answer(502, f"<h1>{message}</h1>".encode(), "text/html"),
        "refused": answer(401, message.encode(), "text/plain", www_authenticate=f"Basic realm={PRIVATE}"),
        "not JSON": answer(200, f'{{"result": {message}'.encode()),
        "other JSON": answer(200, json.dumps({"result": {"resourceSpans": [{PRIVATE: PRIVATE}, PRIVATE]}}).encode()),
        "a reason": f"HTTP/1.1 503 {PRIVATE}\r\ncontent-length: 0\r\n\r\n".encode(),
        "elsewhere": answer(302, location=f"http://elsewhere.example/{PRIVATE}?token={SECRET}"),
        "no header": f"HTTP/1.1 200 OK\r\n{PRIVATE}\r\n\r\n".encode(),
    }


@pytest.mark.parametrize("form", [SECRET, *forms(SECRET), quote(SECRET), SECRET.upper(), SECRET.replace("k", "\uff4b")])
def test_a_canary_is_noticed_in_every_form(form: str) -> None:
    assert leaks(f"before {form} behind")
    assert not leaks("k7f3-qx9z")


@pytest.mark.parametrize("command", [*outputs.COMMANDS, "mcp"])
def test_s2_no_canary_is_in_any_output(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    world = World(tmp_path, CANARIES, contract_of=contract)
    assert SECRET in Path(world.traces).read_text(encoding="utf-8")
    found = asyncio.run(outputs.mcp(world)) if command == "mcp" else outputs.COMMANDS[command](world)
    for name, text in found.items():
        assert text
        assert leaks(text) == [], name


def outputs_of(source: str, world: World) -> Mapping[str, str]:
    """Return what the commands that read a store print about one."""
    found = world.in_formats("verify", REPORT_FORMATS, world.contract, "--from", source, "--all", "--trees")
    shown = world.run("show", source, "--attributes") + world.run("show", source, "--summary", "--values")
    more = world.run("compare", "--from", source, "--from", world.traces) + world.run("record", "--from", source)
    return {**found, "text": found["text"] + shown + more}


@pytest.mark.parametrize("api", ["legacy", "v3"])
def test_s2_no_canary_of_an_answer_of_jaeger_is_in_any_output(api: str, tmp_path: Path) -> None:
    world = World(tmp_path, CANARIES, contract_of=contract)
    body = {"legacy": old_answer(), "v3": b'{"result": ' + Path(world.traces).read_bytes() + b"}"}[api]
    with ScriptedServer(lambda head: answer(200, body)) as server:
        found = outputs_of(f"jaeger:{server.url}?trace={TRACE}&api={api}", world)
    assert '"verdict": "broken"' in found["json"]
    for name, text in found.items():
        assert leaks(text) == [], name


@pytest.mark.parametrize("name", failures())
def test_s2_no_canary_of_a_failure_of_jaeger_is_in_any_output(name: str, tmp_path: Path) -> None:
    world = World(tmp_path, CANARIES, contract_of=contract)
    with ScriptedServer(lambda head: failures()[name]) as server:
        for api in ("legacy", "v3"):
            source = f"jaeger:{server.url}?trace={TRACE}&api={api}"
            text = world.run("verify", world.contract, "--from", source) + world.run("show", source)
            assert text
            assert leaks(text) == []


@pytest.mark.parametrize("value", [SECRET, f"a b={SECRET}", f"x={SECRET}\nz", f"={SECRET}", f"x={SECRET}%zz,{SECRET}"])
@pytest.mark.parametrize("name", ["SPANPACT_JAEGER_HEADERS", "SPANPACT_JAEGER_TOKEN", "SPANPACT_JAEGER_TOKEN_FILE"])
def test_s2_an_error_about_a_variable_does_not_show_it(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    world = World(tmp_path, CANARIES, contract_of=contract)
    text = world.run("show", f"jaeger:http://127.0.0.1:1?trace={TRACE}")
    assert text.startswith("spanpact: error: ")
    assert leaks(text) == []
