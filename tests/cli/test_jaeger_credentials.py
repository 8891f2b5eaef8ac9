"""Credentials are sent and never shown: not on either output, in no report file, and not in a stack trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spanpact.cli import main
from spanpact.sources.jaeger.v3_api import JaegerV3
from tests.sources.jaeger.jaeger_traces import recorded
from tests.sources.scripted_http import Script, ScriptedServer, answer

SECRET = "s3cr3t-t0ken-42"
CONTRACT = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: GET /session\n"
WAYS = {
    "token": {"SPANPACT_JAEGER_TOKEN": SECRET},
    "header": {"SPANPACT_JAEGER_HEADERS": f"authorization=Bearer%20{SECRET},x-key={SECRET}2"},
    "basic": {"SPANPACT_JAEGER_HEADERS": "authorization=Basic%20YWRhOnMzY3IzdC10MGtlbi00Mg%3D%3D"},
}
ENCODED = "YWRhOnMzY3IzdC10MGtlbi00Mg=="


def echoed(head: str) -> str:
    """Return the credentials of a request in several forms, as a careless server repeats them."""
    sent = [
        line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith(("authorization", "x-key"))
    ]
    return f"you sent {' and '.join(sent)}, that is {SECRET}"


def error(status: int) -> Script:
    return lambda head: answer(status, json.dumps({"error": {"message": echoed(head)}}).encode())


SERVERS: dict[str, Script] = {
    "no access": error(401),
    "bad request": error(400),
    "failure": error(500),
    "stream": lambda head: answer(200, b'{"result":{}}\n' + json.dumps({"error": {"message": echoed(head)}}).encode()),
    "no OTLP": lambda head: answer(200, json.dumps({"result": {"resourceSpans": echoed(head)}}).encode()),
    "no JSON": lambda head: answer(200, b'{"result": ' + echoed(head).encode()),
    "redirect": lambda head: answer(302, location=f"http://{SECRET}.example/?token={SECRET}"),
    "no HTTP": lambda head: echoed(head).encode() + b"\r\n\r\n",
    "a bad header": lambda head: b"HTTP/1.1 200 OK\r\n" + echoed(head).encode() + b"\r\n\r\n",
    "traces": lambda head: recorded("200-page.html" if head.startswith("GET / ") else "200-v3-trace.json"),
}
COMMANDS: dict[str, Callable[[str, Path], list[str]]] = {
    "verify": lambda source, folder: ["verify", str(folder / "c.yaml"), "--from", source],
    "verify as JSON": lambda source, folder: [
        *("verify", str(folder / "c.yaml"), "--from", source),
        *("--format", "json", "--output", str(folder / "report.json")),
    ],
    "wait": lambda source, folder: ["verify", str(folder / "c.yaml"), "--from", source, "--wait", "0.1", "--trees"],
    "show": lambda source, folder: ["show", source, "--attributes"],
    "compare": lambda source, folder: ["compare", "--from", source, "--from", f"{source}&api=v3", "--trace", "abc"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.fault("S2")
def test_no_output_has_them(
    way: str,
    server: str,
    command: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**WAYS[way], "SPANPACT_DEBUG": "1"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "c.yaml").write_text(CONTRACT)
    with ScriptedServer(SERVERS[server]) as running:
        main(COMMANDS[command](f"jaeger:{running.url}?service=studio-api", tmp_path))
        assert any(SECRET in head or ENCODED in head for head in running.heads)
    reports = "".join(path.read_text() for path in tmp_path.iterdir() if path.name != "c.yaml")
    printed = "".join(capfd.readouterr()) + reports
    assert printed
    assert SECRET not in printed
    assert ENCODED not in printed


def test_a_stack_trace_does_not_have_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANPACT_JAEGER_TOKEN", SECRET)
    monkeypatch.setenv("SPANPACT_DEBUG", "1")
    monkeypatch.setattr(JaegerV3, "_decode", lambda self, body: 1 / 0)
    (tmp_path / "c.yaml").write_text(CONTRACT)
    with ScriptedServer(SERVERS["traces"]) as running, pytest.raises(ZeroDivisionError) as raised:
        main(["verify", str(tmp_path / "c.yaml"), "--from", f"jaeger:{running.url}?trace=abc"])
    assert SECRET not in f"{raised.getrepr()}{''.join(capfd.readouterr())}"


@pytest.mark.parametrize("where", [f"http://ada:{SECRET}@localhost:1", f"https://{SECRET}@localhost:1/ui"])
def test_a_url_with_a_password_is_refused_without_it(where: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["show", f"jaeger:{where}?service=a"]) == 2
    printed = "".join(capfd.readouterr())
    assert "credentials do not belong in a URL" in printed
    assert SECRET not in printed


def test_a_token_as_a_parameter_is_refused_without_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["show", f"jaeger:http://localhost:1?service=a&token={SECRET}"]) == 2
    printed = "".join(capfd.readouterr())
    assert "unknown parameter 'token'" in printed
    assert SECRET not in printed
