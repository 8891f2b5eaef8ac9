"""Keys and patterns of every kind, and the templates that replace them in spans (S2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from redis.exceptions import RedisError

from contracts.exact_scenarios.helpers import assert_raises, traced_clients, tracer_of
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates


class _Text(str):
    """Text whose `str` differs from its value."""

    __slots__ = ()

    def __str__(self) -> str:
        return "session:1"

    def partition(self, sep: str, /) -> Any:
        raise ValueError(sep)


class _Named:
    """An object whose `str` looks like a key."""

    def __str__(self) -> str:
        return "session:1"


class _Hostile:
    def __str__(self) -> str:
        raise ValueError(EMAIL)


KEYS: Final[Sequence[Any]] = (
    "session:1", "session:", "session", ":1", "", "session:1:2", "session:*", "user:me", "user:7", "user:me:cart",
    "user:7:cart", "user:7:likes", "user:7:", "user::cart", "app.config", "app.config:1", "acme:orders", ":orders",
    "acme:7:lines", "acme::lines", "user:orders", "a:b:1:d", "a:b::d", "a:c:1:d", "a:b:1", "x:1",
    "x:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15", "x:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16", "x:" + "1:" * 40,
    b"session:1", b"user:7:cart", b"acme:orders", b"acme:" + b"\xff" + b":lines", b"session:\xff", b"nothing",
    "*", b"*", "a:b:*", b"a:b:*", bytearray(b"user:me"), memoryview(b"a:b:*"),
    memoryview(b"session:1"), bytearray(b"session:1"), _Text("user:7"), 7, 7.5, "Session:1", EMAIL, f"session:{EMAIL}",
)  # fmt: skip


PATTERNS: Final[Sequence[Any]] = (
    "*", "session:*", "session:1*", "session", "user:*", "user:*:cart", "user:7:*", "user:*:c*", "user:me:*", "user*",
    "u*:7", "*:orders", "*:7:*", "acme:*", "x:*:2:3:*", "x:*:2:4:*", "x:1:2:3:4:5:6:7:8:9:10:11:12:13:14:*",
    "x:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:*", "app.*", "a:b:*", "a:*", "a:c:*", "a:b:1:*", "a:b:1:d*", "a:b::*", ":*",
    "[abc]", "session:[ab]", "", b"*", b"session:*", b"user:*:cart", b"a:b:*", b"\xff*", 7,
)  # fmt: skip


async def _keys(harness: Harness) -> None:
    _, client = traced_clients(harness)
    with operation_span(tracer_of(harness), "keys"), client:
        for key in KEYS:
            client.execute_command("EXISTS", key)
        for hostile in (_Hostile(), _Named(), None, ("session:1",)):
            with suppress(RedisError):
                client.execute_command("TYPE", hostile)
        client.execute_command("EXISTS", "user:1", "user:2")
        client.execute_command("EXISTS", "user:1", "session:2", "user:3")
        client.execute_command("EXISTS", "unknown", "unknown:2")
        with suppress(RedisError):
            client.execute_command("GET")
        with suppress(RedisError):
            client.execute_command("GET", "session:1", "user:2")
        client.execute_command("MSET", "user:1", "session:1", "user:2", "x")
        client.execute_command("OBJECT", "ENCODING", "user:1")
        client.execute_command("PING")
        client.execute_command("EVAL", "return 1", 1, "user:1", "session:1")


async def _patterns(harness: Harness) -> None:
    _, client = traced_clients(harness)
    with operation_span(tracer_of(harness), "patterns"), client:
        for pattern in PATTERNS:
            client.execute_command("SCAN", 0, "MATCH", pattern)
        client.execute_command("SCAN", 0)
        client.execute_command("KEYS", "user:*:cart")
        with suppress(RedisError):
            client.execute_command("KEYS")


async def _templates(harness: Harness) -> None:
    """Templates that are registered later, and other separators."""
    keys = KeyTemplates("a/{id}", separator="/")
    assert (keys.register("b/{id}"), keys.register("a/{other}"), keys.shown) == ("b/*", "a/*", ("a/*", "b/*"))
    _, client = traced_clients(harness, keys=keys)
    with operation_span(tracer_of(harness), "templates"), client:
        for key in ("a/1", b"a/1", "b/1", "a:1", "a/1:2", "c/1"):
            client.execute_command("EXISTS", key)
        client.execute_command("SCAN", 0, "MATCH", "a/*")
    assert (keys.unregistered, repr(keys)) == (2, "<KeyTemplates a/*, b/*; 2 unregistered>")
    assert repr(KeyTemplates()) == "<KeyTemplates none; 0 unregistered>"
    _, client = traced_clients(harness, keys=None)
    with client:
        client.execute_command("EXISTS", "a/1")
    _refused_templates()


def _refused_templates() -> None:
    one = "one ASCII character that no segment and no glob can hold"
    for separator in ("", "::", "a", "_", "*", "{", "§"):
        assert_raises(ValueError, f"separator {separator!r}: {one}", KeyTemplates, separator=separator)
    neither = "is neither a literal (letters, digits, `_`, `-`, `.`) nor one placeholder such as `{id}`"
    errors = {
        "": "key template of 0 characters: 1 to 200 are accepted",
        "a" * 201: "key template of 201 characters: 1 to 200 are accepted",
        "a:{b}": "",
        "a" * 200: "",
        ":".join("a" * 16): "",
        ":".join("a" * 17): f"key template {':'.join('a' * 17)!r}: 17 segments, at most 16 are accepted",
        "{a}:{b}": "key template '{a}:{b}': at least one segment must be a literal",
        "a:{b": f"key template 'a:{{b': segment '{{b' {neither}",
        "a:b}": f"key template 'a:b}}': segment 'b}}' {neither}",
        "a:{1}": f"key template 'a:{{1}}': segment '{{1}}' {neither}",
        "a:x{b}": f"key template 'a:x{{b}}': segment 'x{{b}}' {neither}",
        "a:": f"key template 'a:': segment '' {neither}",
        "a:*": f"key template 'a:*': segment '*' {neither}",
        "Az09_-.": "",
    }
    for template, text in errors.items():
        if text:
            assert_raises(ValueError, text, KeyTemplates, template)
        else:
            KeyTemplates(template)


ACTIONS: dict[str, Action] = {
    "client-keys": _keys,
    "client-patterns": _patterns,
    "client-templates": _templates,
}
"""By scenario."""
