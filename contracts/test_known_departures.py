"""The departures of `opentelemetry-instrumentation-redis` are exactly the known ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from containers.servers.redis_server import RedisBackend
from contracts.known_departures.departures import FILE, KnownDepartures, differences
from contracts.known_departures.instrumented_redis import CLIENTS, PACKAGE, Observation, contract_name, main
from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.redis import REDIS_ACTIONS

KNOWN = KnownDepartures.load()


@pytest.mark.expensive
@pytest.mark.timeout(180)
@pytest.mark.parametrize("mode", KNOWN.modes)
def test_the_departures_are_those_that_are_known(redis: RedisBackend, mode: str) -> None:
    command = [sys.executable, "-m", "contracts.known_departures.instrumented_redis", redis.url]
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": KNOWN.modes[mode]}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=150, check=False)
    assert done.returncode == 0, done.stderr.decode()
    text = differences(KNOWN, mode, msgspec.json.decode(done.stdout, type=Observation))
    assert not text, text


def test_the_file_speaks_of_every_scenario_of_the_redis_commands() -> None:
    assert (KNOWN.subject, set(KNOWN.span_names)) == (PACKAGE, set(REDIS_ACTIONS))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("GET", "redis.get"), ("DEL", "redis.delete"), ("SET GET DEL", "redis.pipeline"), ("PLEASE", "redis.please")],
)
def test_spans_get_the_names_that_the_contracts_have(name: str, expected: str) -> None:
    assert contract_name(name) == expected


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        ([], 2, "the following arguments are required: REDIS_URL"),
        (["http://127.0.0.1"], 2, "'http://127.0.0.1' is no Redis URL: "),
        (["redis://127.0.0.1:{port}/0"], 3, "no Redis answers at redis://127.0.0.1:"),
    ],
)
def test_a_wrong_address_is_one_clear_line(
    arguments: list[str], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closed_port() as port:
        try:
            exit_code: object = main([argument.format(port=port) for argument in arguments])
        except SystemExit as error:
            exit_code = error.code
    assert exit_code == code
    assert line in capsys.readouterr().err.splitlines()[-1]


def as_known(mode: str) -> Observation:
    """Return the observation in which nothing has changed."""
    found = KNOWN.expected(mode)
    departures = {
        client: {scenario: sorted(d for c, s, d in found if (c, s) == (client, scenario)) for scenario in REDIS_ACTIONS}
        for client in CLIENTS
    }
    return Observation(KNOWN.version, KNOWN.as_it_is, KNOWN.span_names, departures)


def test_what_is_known_is_no_difference() -> None:
    assert [differences(KNOWN, mode, as_known(mode)) for mode in KNOWN.modes] == ["", ""]


def test_a_fix_and_a_regression_are_lines_of_their_own() -> None:
    seen = as_known("stable")
    seen.departures["sync"]["redis-set"].remove("redis/attribute-missing attributes.operation")
    seen.departures["asyncio"]["redis-set"].append("redis/kind kind")
    lines = differences(KNOWN, "stable", seen).splitlines()
    assert lines[:3] == [
        f"{PACKAGE} {KNOWN.version} in its mode 'stable' departs otherwise than "
        f"in contracts/known_departures/{FILE.name}:",
        "  new        asyncio redis-set: redis/kind kind",
        "  gone       sync redis-set: redis/attribute-missing attributes.operation",
    ]
    assert "add it to the file as pending, with a reason" in " ".join(lines[3:])


def test_another_version_another_verdict_and_other_names_are_differences() -> None:
    seen = msgspec.structs.replace(
        as_known("default"), version="9.9", as_it_is="kept", span_names={**KNOWN.span_names, "redis-set": ["redis.set"]}
    )
    assert differences(KNOWN, "default", seen).splitlines()[1:4] == [
        f"  version    9.9 is installed, {KNOWN.version} is known",
        "  as it is   kept, known as not checked",
        "  span_names redis-set: ['redis.set'], known as ['SET']",
    ]


@pytest.mark.parametrize("field", ["modes: [stabel]", "scenarios: [redis-sett]"])
def test_a_departure_of_no_mode_or_scenario_is_refused(field: str, tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(FILE.read_text() + f"  redis/kind kind:\n    pending: a test\n    {field}\n")
    with pytest.raises(ValueError, match=r"known\.yaml: redis/kind kind names .* no mode or scenario"):
        KnownDepartures.load(file)
