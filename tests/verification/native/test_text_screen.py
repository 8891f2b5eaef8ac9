"""In what the core calls clean no scanner finds anything, and it calls clean whatever Python's own screen does."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator

import pytest

from spanpact.privacy import PrivacyClass, Scanner, TextScreen, known_classes
from spanpact.verification.native.screen_patterns import patterns_of, screen_of
from spanpact.verification.shapes.alike_texts import AlikeTexts
from tests.privacy.test_screen import grown, leaking_texts
from tests.privacy.test_triggers import surrounded
from tests.properties import examples
from tests.verification.native.core_runs import installed_core

pytestmark = pytest.mark.core

OWN = [
    PrivacyClass("session_token", r"\b[0-9a-f]{32}\.[0-9A-Za-z_\-]{20,}"),
    PrivacyClass("user_id", r"u-[0-9]{3,8}"),
    PrivacyClass("secret", r"(?i)secret\s*="),
    PrivacyClass("document", r"\b[A-Z]{2}\d{6}[A-Z]$"),
]
LEAKING = ["0123456789abcdef" * 2 + "." + "a" * 25, "u-12345", "Secret = x", "of AB123456C"]
LONGEST = 256


def alike(*own: PrivacyClass) -> AlikeTexts:
    scanner = Scanner([*known_classes(), *own])
    return AlikeTexts(TextScreen(scanner.classes), scanner, frozenset(), LONGEST, types_are_known=True)


def of_leaking_ones(chance: random.Random) -> Iterator[str]:
    """Yield texts that grow out of leaking ones."""
    return grown(chance, [*leaking_texts(), *LEAKING * 20])


@pytest.mark.unmeasured
@pytest.mark.parametrize("texts", [of_leaking_ones, surrounded])
def test_what_is_clean_does_not_leak(texts: Callable[[random.Random], Iterator[str]]) -> None:
    by_python = alike(*OWN)
    screen = screen_of(installed_core(), by_python)
    assert screen.works
    leaking = clean = 0
    for text, _ in zip(texts(random.Random(11)), range(examples(80_000)), strict=False):
        is_clean, leaks = screen.is_clean(text.encode()), bool(by_python.scanner.scan(text))
        assert is_clean or not by_python.is_clean(text.encode()), text
        assert not (leaks and is_clean), text
        leaking += leaks
        clean += is_clean
    assert min(leaking, clean) > examples(80_000) // 40


def test_nearly_all_ids_are_clean() -> None:
    chance = random.Random(17)
    digits = [f"{chance.getrandbits(128):032x}" for _ in range(10_000)]
    screen = screen_of(installed_core(), alike())
    assert sum(screen.is_clean(each.encode()) for each in digits) > 9_900
    assert sum(screen.is_clean(str(uuid.UUID(each)).encode()) for each in digits) > 9_850


@pytest.mark.parametrize(
    "pattern", [r"[[a]b]", "[a&&b]", "[a~~b]", r"\<a", r"\b{start}", r"\pL", r"(?s)a", "(?P<a>b)", r"\Qa\E"]
)
def test_a_pattern_that_rust_may_read_otherwise_switches_the_screen_off(pattern: str) -> None:
    assert patterns_of(alike(PrivacyClass("own", pattern))) == ()
    assert not screen_of(installed_core(), alike(PrivacyClass("own", pattern))).is_clean(b"x")


@pytest.mark.parametrize("pattern", [*(each.pattern for each in OWN), "a|b", r"^(?:x\.y)+$", "[^ab-d]?"])
def test_a_usual_pattern_is_screened(pattern: str) -> None:
    assert screen_of(installed_core(), alike(PrivacyClass("own", pattern))).works
