"""The closed table of commands, compared with a real server (S2.1)."""

from __future__ import annotations

import pytest
import redis
import redis.asyncio

from reference_impl.redis_tracing.command_table import COMMANDS, HITS, keys_of, look_up
from reference_impl.vocabulary import mode_from_opt_in
from tests.reference_impl.redis_tracing.redis_support import RedisServer


def test_the_table_agrees_with_a_real_server(empty_redis: RedisServer) -> None:
    with redis.Redis(port=empty_redis.port) as client:
        real = {name.upper(): facts for name, facts in client.command().items()}
    web = {"HOST:", "POST"}  # commands that only exist to refuse HTTP
    assert set(real) - web <= set(COMMANDS)
    assert {
        name
        for name, facts in real.items()
        if name in COMMANDS and COMMANDS[name].reads and "write" in map(str, facts["flags"])
    } == set()
    arguments = [f"k{i}" for i in range(1, 7)]
    for name, facts in real.items():
        if (
            "movablekeys" in map(str, facts["flags"])
            or facts["first_key_pos"] == 0
            or "not_key" in str(facts["key_specifications"])  # a channel or a cursor: it only says which shard to ask
            or name in ("OBJECT", "XGROUP", "XINFO", "PFDEBUG")
        ):
            continue
        last = facts["last_key_pos"] if facts["last_key_pos"] > 0 else len(arguments) + 1 + facts["last_key_pos"]
        expected = arguments[facts["first_key_pos"] - 1 : last : facts["step_count"]]
        assert list(keys_of(COMMANDS[name], [name, *arguments])) == expected, name


@pytest.mark.parametrize(
    "line",
    [
        "SORT a BY w_* GET # GET o_*",
        "SORT a BY w_* GET # STORE d",
        "SORT a LIMIT 0 1 DESC ALPHA store d",
        "SORT a BY STORE GET STORE",
        "SORT a STORE d STORE e",
        "GEORADIUS g 1 2 3 m COUNT 3 ANY",
        "GEORADIUS g 1 2 3 m COUNT 3 STORE d",
        "GEORADIUS g 1 2 3 m STOREDIST d ASC",
        "GEORADIUSBYMEMBER g member 3 m STOREDIST d",
        "GEORADIUSBYMEMBER g STORE 3 m",
        "GEORADIUS_RO g 1 2 3 m COUNT 3",
        "XREAD COUNT 1 BLOCK 5 STREAMS a b 0 0",
        "XREADGROUP GROUP g c COUNT 1 STREAMS a b > >",
        "XREADGROUP GROUP STREAMS c STREAMS a >",
        "XREADGROUP GROUP g STREAMS NOACK BLOCK 5 STREAMS a b > >",
        "XREADGROUP NOACK GROUP STREAMS STREAMS STREAMS STREAMS >",
    ],
)
def test_keys_among_options_are_those_of_a_real_server(empty_redis: RedisServer, line: str) -> None:
    words = line.split()
    with redis.Redis(port=empty_redis.port, decode_responses=True) as client:
        expected = client.command_getkeys(*words)
    assert list(keys_of(look_up(words), words)) == expected
    in_bytes = [word.encode() for word in words]
    assert list(keys_of(look_up(in_bytes), in_bytes)) == [key.encode() for key in expected]


def test_every_name_is_short_and_low_in_number() -> None:
    names = {command.span for command in COMMANDS.values()}
    assert len(names) < 300
    assert all(name.startswith("redis.") and name == name.lower() and len(name) < 32 for name in names)
    assert set(HITS) <= set(COMMANDS)


@pytest.mark.parametrize("args", [(), (None,), (7,), (b"\xff",), ("ß" * 3,), ("", ""), ("GET session:1",)])
def test_what_is_not_a_command_is_other(args: tuple[object, ...]) -> None:
    assert look_up(args).span == "redis.other"


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        (None, "both"),
        ("", "both"),
        ("http", "both"),
        ("database", "semconv"),
        ("database/dup", "both"),
        ("http, database", "semconv"),
        ("database,database/dup", "both"),
        ("databases", "both"),
    ],
)
def test_the_standard_opt_in_chooses_the_mode(value: str | None, mode: str) -> None:
    assert mode_from_opt_in(value) == mode
