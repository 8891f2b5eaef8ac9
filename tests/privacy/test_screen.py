"""The screen of bytes: a text that it calls clean leaks nothing, under whatever name that is not one of a secret."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator

import pytest

from spanpact.privacy import PrivacyClass, Scanner, TextScreen, known_classes
from tests.privacy.test_corpus import ENCODINGS, read
from tests.properties import examples

CLASSES = (*known_classes(), PrivacyClass("user_id", r"\bu-\d{3,}\b"), PrivacyClass("ticket", r"(?i)[a-z]{2}#é?\d"))
SCREEN, SCANNER = TextScreen(CLASSES), Scanner(CLASSES)
NAMES = ("", "text", "app.version", "user_agent.original")
SIGNS = 'abcdefeyJxX0123456789 .-:@%/_+=\t\\"&;#()[]{}<>~|BEGINKYMé\u00a0\u2028\u017f\u212a\u0663\uff13\x7f\x00'


def leaking_texts() -> list[str]:
    found = [str(entry["text"]) for entry in read("leaking.jsonl") if "text" in entry]
    return [*found, "user u-1234", "see AB#7", "see AB#é7"]


def grown(chance: random.Random, seeds: list[str]) -> Iterator[str]:
    """Yield texts that grow out of leaking ones: encoded, cut, joined, with some characters changed."""
    while True:
        text = chance.choice(seeds)
        if chance.random() < 0.2:
            text = chance.choice(list(ENCODINGS.values()))(text)
        if chance.random() < 0.3:
            start = chance.randrange(len(text) + 1)
            text = text[start : start + chance.randrange(1, 80)]
        characters = list(text)
        for _ in range(chance.randrange(5)):
            place = chance.randrange(len(characters) + 1)
            match chance.randrange(3):
                case 0:
                    characters.insert(place, chance.choice(SIGNS))
                case 1 if characters:
                    characters.pop(min(place, len(characters) - 1))
                case _ if characters:
                    characters[min(place, len(characters) - 1)] = chance.choice(SIGNS)
        yield "".join(characters) + (chance.choice(seeds) if chance.random() < 0.2 else "")


def test_a_clean_text_leaks_nothing() -> None:
    leaking = clean = 0
    for text, _ in zip(grown(random.Random(17), leaking_texts()), range(examples(20_000)), strict=False):
        is_clean = SCREEN.is_clean(text.encode())
        leaks = [SCANNER.scan(text, name) for name in NAMES]
        clean += is_clean
        leaking += any(leaks)
        assert not (is_clean and any(leaks)), text
    assert leaking > examples(20_000) // 4
    assert clean > examples(20_000) // 40


@pytest.mark.parametrize("text", leaking_texts())
def test_what_leaks_is_not_clean(text: str) -> None:
    if SCANNER.scan(text):
        assert not SCREEN.is_clean(text.encode())
    assert not SCREEN.is_clean(json.dumps(text + "\n").encode())


@pytest.mark.parametrize("text", [b"caf\xc3\xa9", b"\xff", b"a\\u0040b", b"a\nb", b"a\tb", b"\x7f", b"\x00"])
def test_a_text_that_is_not_plain_is_not_clean(text: bytes) -> None:
    assert not SCREEN.is_clean(text)


def test_nearly_all_ids_are_clean() -> None:
    chance = random.Random(17)
    ids = [f"{chance.getrandbits(128):032x}" for _ in range(1000)]
    ids += [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(1000)]
    ids += [f"GET /orders/{chance.randrange(10**6)}/lines" for _ in range(1000)]
    assert sum(SCREEN.is_clean(each.encode()) for each in ids) > 2700


def test_one_pattern_fits_where_a_text_is_not_clean() -> None:
    assert SCREEN.patterns[-2:] == tuple(each.pattern for each in CLASSES[-2:])
    assert len(SCREEN.patterns) == len(CLASSES) + 1
