"""`spanpact conform`: a service in another process performs scenarios over HTTP and is judged by what it exports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spanpact.cli.running import service_process
from spanpact.conformance import SCENARIOS
from tests.cli.commands import SPANPACT, Answer, CommandLine, heed_signals, one_line

SERVICE = (sys.executable, str(Path(__file__).parents[1] / "conformance" / "redis_service.py"))


def conform(cli: CommandLine, monkeypatch: pytest.MonkeyPatch, *arguments: str, mode: str = "") -> Answer:
    """Run `spanpact conform ARGUMENTS` on the service in a mode."""
    monkeypatch.setenv("BREAK", mode)
    return cli("conform", *arguments, "--", *SERVICE)


def test_service_that_keeps_the_contracts_of_its_scenarios(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = conform(cli, monkeypatch)
    lines = answer.out.splitlines()
    assert lines[0].startswith("service  shop at http://127.0.0.1:")
    assert "✓ kept         redis-get-hit  redis-command" in lines
    assert "✓ kept         redis-set      redis-command" in lines
    assert lines[-1] == f"kept: 2 scenarios, 2 kept; {len(SCENARIOS) - 2} not claimed"
    assert (answer.code, answer.err) == (0, "")


def test_span_of_the_endpoint_itself_is_not_judged(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = conform(
        cli, monkeypatch, mode="traced-endpoint"
    )  # the contract request-log asks for a log record below it
    assert (answer.code, answer.err) == (0, ""), answer.out


def test_broken_scenario_is_shown_with_its_trace(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = conform(cli, monkeypatch, "--scenario", "redis-set", mode="raw-key")
    assert answer.code == 1
    assert "✗ broken       redis-set  redis-command" in answer.out
    assert "redis/attribute-value" in answer.out
    assert answer.out.splitlines()[-1] == f"broken: 1 scenario, 1 broken; {len(SCENARIOS) - 1} not performed"
    assert "redis-get-hit" not in answer.out.partition("redis-set")[0]


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("unexercised", "its traces have no flow of redis-command"),
        ("never-exported", "no span of trace 11111111111111111111111111111111 arrived"),
    ],
)
def test_scenario_without_what_its_contracts_select_is_not_checked(
    mode: str, why: str, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = conform(cli, monkeypatch, "--scenario", "redis-set", mode=mode)
    assert f"? not checked  redis-set  redis-command  {why}" in answer.out
    assert answer.code == 3


def test_scenario_that_fails_does_not_hide_the_others(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = conform(cli, monkeypatch, mode="fails")
    assert "✓ kept         redis-get-hit  redis-command" in answer.out
    assert "redis-set      redis-command  POST /scenarios/redis-set was answered with status 500: " in answer.out
    assert "no such table" in answer.out
    assert answer.code == 3


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("unknown-claim", ["claims the scenario 'redis-gte-hit'", "did you mean `redis-get-hit`"]),
        ("no-claims", ["claims no scenario"]),
        (
            "wrong-claims",
            ["/scenarios was not answered with claims", '{"name": "my-service", "scenarios": ["redis-get-hit"]}'],
        ),
        ("exits", ["ended before it answered", "exit code was 5"]),
    ],
)
def test_service_that_cannot_be_asked_is_one_error_line(
    mode: str, words: list[str], cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = conform(cli, monkeypatch, mode=mode)
    assert answer.code == 3
    assert one_line(answer.err, words), answer.err
    assert all(word in answer.err for word in words), answer.err


def test_service_that_dies_meanwhile_is_not_checked(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = conform(cli, monkeypatch, mode="dies")
    assert answer.code == 3
    assert answer.out.count("? not checked") == 2
    assert "exit code was 7" in answer.err


def test_service_that_does_not_end_is_killed_and_reported(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_process, "STOP_SECONDS", 0.3)
    answer = conform(cli, monkeypatch, mode="stays")
    assert "the service did not end within 0.3 s after SIGTERM, and was killed" in answer.err


def test_service_that_never_answers_is_stopped(cli: CommandLine) -> None:
    answer = cli("conform", "--start-within", "0.3", "--", "sleep", "60")
    assert answer.code == 3
    assert one_line(answer.err, ["did not answer GET /scenarios within 0.3 s", "PORT"]), answer.err


def test_service_is_asked_at_an_address_of_its_own(cli: CommandLine) -> None:
    answer = cli("conform", "--url", "http://127.0.0.1:1/below", "--start-within", "0.3", "--", "sleep", "60")
    assert "http://127.0.0.1:1/below did not answer" in answer.err
    assert answer.code == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--", "no-such-command"], ["command not found: no-such-command"]),
        ([], ["there is no command to run"]),
        (["--scenario", "redis-gte-hit", "--", "true"], ["unknown scenario 'redis-gte-hit'", "redis-get-hit"]),
        (["--url", "ftp://host", "--", "true"], ["ftp://host", "http"]),
        (["--start-within", "soon", "--", "true"], ["soon", "number of seconds"]),
    ],
)
def test_wrong_usage_is_one_error_line(arguments: list[str], words: list[str], cli: CommandLine) -> None:
    answer = cli("conform", *arguments)
    assert answer.code == 2
    assert one_line(answer.err), answer.err
    assert all(word in answer.err for word in words), answer.err


def test_scenario_that_the_service_does_not_claim_is_an_error(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = conform(cli, monkeypatch, "--scenario", "redis-scan")
    assert answer.code == 3
    assert "shop does not claim redis-scan" in answer.err


def test_traces_that_arrived_are_saved(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = cli.folder / "traces.json"
    assert conform(cli, monkeypatch, "--save", str(saved)).code == 0
    assert cli("show", str(saved)).out.count("  redis.") == 2


def test_list_has_every_scenario_with_what_it_asks_for(cli: CommandLine) -> None:
    lines = cli("conform", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == [scenario.name for scenario in SCENARIOS]
    assert lines[0].endswith("GET of a key that is there (redis-command)")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_stops_the_service(number: int, cli: CommandLine) -> None:
    started = cli.folder / "started"
    os.mkfifo(started)
    script = f"echo $$ > {started}; exec sleep 60"
    process = subprocess.Popen(
        [*SPANPACT, "conform", "--", "sh", "-c", script],
        preexec_fn=heed_signals,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = int(started.read_text())
    process.send_signal(number)
    _, printed = process.communicate(timeout=50)
    assert process.returncode == 130
    assert printed == "spanpact: interrupted\n"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
