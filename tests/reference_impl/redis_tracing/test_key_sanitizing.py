"""Sanitized keys: no part of a key is shown (docs/specification.md S2.2)."""

from __future__ import annotations

import random
import threading

import pytest

from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.vocabulary import SEVERAL, UNREGISTERED

KEYS = KeyTemplates("session:{id}", "user:{id}:sessions", "user:{id}:{part}", "leaderboard", "{tenant}:config:{name}")
SHOWN = {*KEYS.shown, UNREGISTERED}


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("session:8f3a", "session:*"),
        (b"session:8f3a", "session:*"),
        (bytearray(b"session:8f3a"), "session:*"),
        (memoryview(b"session:8f3a"), "session:*"),
        ("session:bob@example.com", "session:*"),
        ("user:7:sessions", "user:*:sessions"),
        (b"user:7:sessions", "user:*:sessions"),
        ("user:7:basket", "user:*:*"),
        ("leaderboard", "leaderboard"),
        ("acme:config:colour", "*:config:*"),
        ("session", UNREGISTERED),
        ("session:", UNREGISTERED),
        ("session:a:b", UNREGISTERED),
        ("sessions:a", UNREGISTERED),
        ("Session:a", UNREGISTERED),
        ("user:7", UNREGISTERED),
        ("", UNREGISTERED),
        (b"\xff\xfe:\x00", UNREGISTERED),
        (b"session:\xff\xfe", "session:*"),
        (42, UNREGISTERED),
        pytest.param(10**5000, UNREGISTERED, id="too long a number"),
        (1.5, UNREGISTERED),
        (None, UNREGISTERED),
        (object(), UNREGISTERED),
        ("session:" + "x" * 40_000, "session:*"),
        (":" * 40_000, UNREGISTERED),
    ],
)
def test_a_key_shows_as_its_template_or_not_at_all(key: object, shown: str) -> None:
    assert KEYS.show(key) == shown


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("*", "*"),
        (b"*", "*"),
        ("session:*", "session:*"),
        (b"session:*", "session:*"),
        ("session:8f3a*", "session:*"),
        ("user:7:*", "user:*:*"),
        ("user:*", "user:*"),
        ("user:bob@example.com*", "user:*"),
        (b"user:*", "user:*"),
        ("user:7:sess*", "user:*:*"),
        ("acme:conf*", UNREGISTERED),
        ("bob@example.com*", UNREGISTERED),
        ("*bob*", UNREGISTERED),
        ("sess[io]on:*", UNREGISTERED),
        ("s?ssion:*", UNREGISTERED),
        ("secret:*", UNREGISTERED),
        ("user", UNREGISTERED),
    ],
)
def test_a_scan_pattern_shows_as_the_template_it_searches(pattern: str | bytes, shown: str) -> None:
    keys = KeyTemplates("session:{id}", "user:{id}:{part}")
    assert keys.show_pattern(pattern) == shown


def test_a_template_that_begins_with_a_placeholder_takes_any_head() -> None:
    keys = KeyTemplates("{tenant}:config:{name}")
    assert keys.show_pattern("acme:*") == "*:*"
    assert keys.show_pattern("acme:config:*") == "*:config:*"
    assert keys.show_pattern("acme:conf*") == UNREGISTERED
    assert KEYS.show_pattern("user:7:*") == "user:*:*"
    assert KeyTemplates("user:{id}:sessions").show_pattern("user:7:*") == "user:*:*"


def test_the_template_with_more_literals_wins_whatever_the_order_of_registration() -> None:
    for order in (("a:{x}", "a:list"), ("a:list", "a:{x}")):
        keys = KeyTemplates(*order)
        assert (keys.show("a:list"), keys.show("a:1")) == ("a:list", "a:*")
    assert KeyTemplates("a:{x}", "{t}:config").show("b:config") == "*:config"
    assert KeyTemplates("a:{x}:{y}", "{t}:b:c").show("a:b:c") == "*:b:c"


def test_several_keys_show_what_they_share() -> None:
    assert KEYS.show_all(["session:1", b"session:2"]) == "session:*"
    assert KEYS.show_all(["session:1", "leaderboard", "secret"]) == SEVERAL
    assert KEYS.show_all(["secret", "other"]) == UNREGISTERED
    assert KEYS.show_all([]) is None


def test_unregistered_keys_are_counted() -> None:
    keys = KeyTemplates("session:{id}")
    keys.show("session:1")
    keys.show("secret:1")
    keys.show_pattern("secret:*")
    assert keys.unregistered == 2
    assert repr(keys) == "<KeyTemplates session:*; 2 unregistered>"


def test_the_count_is_exact_under_threads() -> None:
    keys = KeyTemplates()
    threads = [threading.Thread(target=lambda: [keys.show("x") for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys.unregistered == 2000


def test_registering_returns_what_is_shown_and_can_be_repeated() -> None:
    keys = KeyTemplates()
    assert keys.register("session:{id}") == "session:*"
    assert keys.register("session:{key}") == "session:*"
    assert keys.shown == ("session:*",)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{id}",
        "{a}:{b}",
        "session:",
        ":x",
        "session:{id",
        "s{id}",
        "session:*",
        "a b:{id}",
        "é:{id}",
        "a:{}",
        "x" * 201,
        ":".join("abcdefghijklmnopq"),
    ],
)
def test_a_bad_template_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="key template"):
        KeyTemplates(template)


@pytest.mark.parametrize("separator", ["", "::", "a", "*", "{", "é"])
def test_a_bad_separator_is_refused(separator: str) -> None:
    with pytest.raises(ValueError, match="separator"):
        KeyTemplates(separator=separator)


def test_another_separator_cuts_keys_and_patterns() -> None:
    keys = KeyTemplates("user/{id}/{part}", separator="/")
    assert keys.show("user/7/x") == "user/*/*"
    assert keys.show_pattern(b"user/*") == "user/*"


class _Evil(str):
    """A key that lies about itself."""

    __slots__ = ()

    def partition(self, _sep: str, /) -> tuple[str, str, str]:
        return ("bob@example.com", "", "")

    def __str__(self) -> str:
        raise RuntimeError("bob@example.com")


class _EvilNumber(int):
    def __str__(self) -> str:
        raise RuntimeError("bob@example.com")


def test_a_key_that_lies_or_raises_is_harmless() -> None:
    assert KEYS.show(_Evil("session:1")) == "session:*"
    assert KEYS.show(_Evil("bob@example.com")) == UNREGISTERED
    assert KEYS.show(_EvilNumber(7)) == UNREGISTERED


SECRETS = [
    "bob@example.com",
    "4111111111111111",
    "10.1.2.3",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "Bearer abcdef123456",
    "+49 170 1234567",
    "078-05-1120",
    "hunter2",
    "-----BEGIN PRIVATE KEY-----",
    "https://bob:pw@host/",
    "Müller, Jürgen",
    "山田太郎",
    "a\nb\rc",
    "\x1b[31mred",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "\u202eevil",
    "\ud800",
    "{user}",
    "*?[a-z]\\",
]
SHAPES = [
    "{}",
    "{}:1",
    "session:{}",
    "session:{}:x",
    "x:{}:y",
    "user:{}",
    "user:{}:sessions",
    "user:{}:{}",
    "session{}",
    "{}session:1",
    "session:1:{}",
    "SESSION:{}",
    "{}/{}",
    "leaderboard:{}",
    "leaderboard{}",
    ":{}",
    "{}:",
    "::{}::",
    "session;{}",
    "user:1:sessions:{}",
    "tenant:{}:config",
    "config:{}",
    "{}:config:{}",
    "cache.{}.v1",
    "h:{{{}}}:x",
]


def _corpus() -> list[str | bytes]:
    """1,500 hostile keys: every secret in every shape, thrice: as text, as bytes, mutilated."""
    chance = random.Random(1500)
    texts = [shape.format(*[secret] * shape.count("{}")) for secret in SECRETS for shape in SHAPES]
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    cut = ["".join(chance.sample(text, len(text))) if i % 2 else text[::-1] for i, text in enumerate(texts)]
    return [*texts, *raw, *cut]


@pytest.mark.fault("S1")
def test_s1_none_of_1500_hostile_keys_leaks() -> None:
    corpus = _corpus()
    assert len(corpus) == 1500
    assert {KEYS.show(key) for key in corpus} <= SHOWN
    patterns = {KEYS.show_pattern(key) for key in corpus}
    assert patterns <= SHOWN | {"*", "user:*", "*:*", "*:config:*"}
