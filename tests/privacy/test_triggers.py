"""The triggers of the known classes hide nothing: a scan without them finds the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from spanpact.privacy import KNOWN_CLASSES, Scanner, known_classes
from spanpact.privacy.scanner import Finder
from tests.privacy.test_screen import grown, leaking_texts
from tests.properties import examples

NUMBERS = [
    "4111111111111111", "378282246310005", "30569309025904", "6304000000000000", "3530 1113 3330 0000",
    "%B4111111111111111", "DE89370400440532013000", "NO93 8601 1117 947", "be68-5390-0754-7034",
    "GB82.WEST.1234.5698.7654.32", "LC14BOSL123456789012345678901234", "11010519491231002X", "1 84 12 76 451 089 46",
    "900101-1234568", "19811218-9876", "131052-308T", "85.07.30-033.28", "078-05-1120", "529.982.247-25",
    "11.222.333/0001-81", "12345678Z", "X1234567L", "RSSMRA85T10A562S", "AB 12 34 56 C", "2341 2341 2346",
]  # fmt: skip
BESIDE = [*"09aZé_ .-/:%", "", " ", "\n", "%B", "a-", "_.", "0/", "²"]


def surrounded(chance: random.Random) -> Iterator[str]:
    """Yield numbers with what may make them a part of something else, or not."""
    while True:
        parts = [chance.choice(BESIDE), chance.choice(BESIDE), chance.choice(NUMBERS), chance.choice(BESIDE)]
        yield "".join([*parts, chance.choice(BESIDE)] + ([chance.choice(NUMBERS)] if chance.random() < 0.3 else []))


def of_the_corpus(chance: random.Random) -> Iterator[str]:
    """Yield texts that grow out of leaking ones."""
    return grown(chance, leaking_texts())


@pytest.mark.unmeasured
@pytest.mark.parametrize(("texts", "leaks"), [(of_the_corpus, 0.25), (surrounded, 0.1)])
def test_a_scan_without_triggers_finds_the_same(
    texts: Callable[[random.Random], Iterator[str]], leaks: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [text for text, _ in zip(texts(random.Random(5)), range(examples(20_000)), strict=False)]
    found = list(map(Scanner(known_classes()).scan, chosen))
    monkeypatch.setattr(Finder, "suspects", lambda finder, _: (True, finder.names))
    for text, known, everything in zip(chosen, found, map(Scanner(known_classes()).scan, chosen), strict=True):
        assert list(known) == list(everything), text
    assert sum(map(bool, found)) > leaks * len(chosen)


def test_the_numbers_are_of_their_classes() -> None:
    scanner = Scanner(known_classes(["card", "iban", "national_id"]))
    alone = {number: [leak.name for leak in scanner.scan(number)] for number in NUMBERS}
    assert {name for names in alone.values() for name in names} <= KNOWN_CLASSES.keys()
    assert [number for number, names in alone.items() if not names] == []
