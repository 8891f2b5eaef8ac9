"""What the core calls clean is clean by Python's own screen of texts, and no scanner finds anything in it."""

from __future__ import annotations

import random

import pytest

from spanpact.privacy import PrivacyClass, Scanner, TextScreen, known_classes
from spanpact.verification.native.screen_patterns import patterns_of
from spanpact.verification.shapes.alike_texts import AlikeTexts
from tests.privacy.test_screen import grown, leaking_texts
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


@pytest.mark.unmeasured
def test_what_is_clean_does_not_leak() -> None:
    texts = alike(*OWN)
    screen = installed_core().Screen(patterns_of(texts), texts.longest)
    assert screen.works
    leaking = clean = 0
    for text, _ in zip(
        grown(random.Random(11), [*leaking_texts(), *LEAKING * 20]), range(examples(80_000)), strict=False
    ):
        is_clean, leaks = screen.is_clean(text.encode()), bool(texts.scanner.scan(text))
        assert is_clean == texts.is_clean(text.encode()), text
        assert not (leaks and is_clean), text
        leaking += leaks
        clean += is_clean
    assert min(leaking, clean) > examples(80_000) // 40


@pytest.mark.parametrize(
    "pattern", [r"[[a]b]", "[a&&b]", "[a~~b]", r"\<a", r"\b{start}", r"\pL", r"(?s)a", "(?P<a>b)", r"\Qa\E"]
)
def test_a_pattern_that_rust_may_read_otherwise_switches_the_screen_off(pattern: str) -> None:
    assert patterns_of(alike(PrivacyClass("own", pattern))) == ()
    assert not installed_core().Screen([], LONGEST).is_clean(b"x")


@pytest.mark.parametrize("pattern", [*(each.pattern for each in OWN), "a|b", r"^(?:x\.y)+$", "[^ab-d]?"])
def test_a_usual_pattern_is_screened(pattern: str) -> None:
    assert installed_core().Screen(patterns_of(alike(PrivacyClass("own", pattern))), LONGEST).works
