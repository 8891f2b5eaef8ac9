"""Recall and precision of the privacy classes on two corpora of texts, one that leaks and one that is harmless."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from spanpact.engine.checks.keywords.leaks import attribute_leaks, attribute_texts, leaks
from spanpact.engine.checks.outcomes import Breach
from spanpact.privacy import KNOWN_CLASSES, Scanner, known_classes
from spanpact.trace.model import ALL_CAPABILITIES, Value

CORPUS = Path(__file__).parent / "corpus"
RECALL = {"plain": 0.98, "other": 0.90, "encoded": 0.90}
"""At least so many of the leaks of a kind are found: written plainly, in other forms, encoded."""
PRECISION = 0.98
"""Of the texts that a class is found in, at least so many leak."""
SCANNER = Scanner(known_classes())
ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe=""),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "HTML": lambda text: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
}


def read(name: str) -> list[dict[str, Value]]:
    """Return the texts of a corpus.

    A `¦` in a text is left out: it keeps the made-up keys from being taken for real ones where this file is scanned.
    """
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line.replace("¦", "")) for line in lines]


def value_of(entry: dict[str, Value]) -> Value:
    return entry.get("map") or entry.get("members") or entry["text"]


def classes_in(entry: dict[str, Value]) -> set[str]:
    name = str(entry.get("attribute", "text"))
    found = attribute_leaks(name, value_of(entry), SCANNER, frozenset(), ALL_CAPABILITIES)
    return {each.message.split(" in ")[0] for each in found if isinstance(each, Breach)}


@pytest.fixture(scope="module")
def leaking() -> Sequence[tuple[dict[str, Value], bool]]:
    """Return the leaking texts, and whether their class is found in them."""
    return [(entry, entry["class"] in classes_in(entry)) for entry in read("leaking.jsonl")]


@pytest.fixture(scope="module")
def harmless() -> Sequence[tuple[dict[str, Value], set[str]]]:
    """Return the harmless texts with the classes that are found in them."""
    return [(entry, classes_in(entry)) for entry in read("harmless.jsonl")]


def test_one_pass_over_an_attribute_loses_no_leak() -> None:
    plain: list[Value] = ["x", 7, ["x"], None]
    attributes = [("bob@post.example", value) for value in plain]
    for entry in read("leaking.jsonl") + read("harmless.jsonl"):
        name, value = str(entry.get("attribute", "text")), value_of(entry)
        attributes += [(name, value), (name, ["x", value]), (name, [value, "7"])]
    for name, value in attributes:
        texts = attribute_texts(("attribute", "the name of an attribute"), {name: value}, frozenset())
        assert list(attribute_leaks(name, value, SCANNER, frozenset(), ALL_CAPABILITIES)) == leaks(texts, SCANNER)


@pytest.mark.parametrize("kind", RECALL)
def test_leaks_of_a_kind_are_found(kind: str, leaking: Sequence[tuple[dict[str, Value], bool]]) -> None:
    of_kind = [(entry, found) for entry, found in leaking if entry["kind"] == kind]
    missed = [f"{entry['class']!r}: {value_of(entry)!r}" for entry, found in of_kind if not found]
    assert 1 - len(missed) / len(of_kind) >= RECALL[kind], "\n".join(missed)


@pytest.mark.parametrize("name", KNOWN_CLASSES)
def test_a_class_is_found_in_few_harmless_texts(
    name: str,
    leaking: Sequence[tuple[dict[str, Value], bool]],
    harmless: Sequence[tuple[dict[str, Value], set[str]]],
) -> None:
    right = sum(found for entry, found in leaking if entry["class"] == name)
    wrong = [f"{value_of(entry)!r}" for entry, classes in harmless if name in classes]
    assert right / (right + len(wrong)) >= PRECISION, "\n".join(wrong)


def test_few_harmless_texts_are_flagged(harmless: Sequence[tuple[dict[str, Value], set[str]]]) -> None:
    wrong = [f"{classes}: {value_of(entry)!r}" for entry, classes in harmless if classes]
    assert len(wrong) <= len(harmless) / 100, "\n".join(wrong)


@pytest.mark.parametrize("name", ENCODINGS)
def test_encoded_texts_are_judged_as_what_they_say(name: str) -> None:
    """Decoding must not lose what is next to a value: a version is none less where its text is percent-encoded."""
    encode = ENCODINGS[name]
    leaks = [
        (str(e["text"]), e["class"]) for e in read("leaking.jsonl") if e["kind"] == "plain" and "attribute" not in e
    ]
    missed = [text for text, of in leaks if of not in {leak.name for leak in SCANNER.scan(encode(text))}]
    harmless = [str(e["text"]) for e in read("harmless.jsonl") if "attribute" not in e and "members" not in e]
    flagged = [text for text in harmless if SCANNER.scan(encode(text))]
    assert len(missed) <= len(leaks) / 50, missed
    assert len(flagged) <= len(harmless) / 100, flagged


def test_the_corpora_have_enough_of_everything() -> None:
    leaks, others = read("leaking.jsonl"), read("harmless.jsonl")
    assert min(len(leaks), len(others)) >= 600
    assert {str(entry["class"]) for entry in leaks} == set(KNOWN_CLASSES)
    assert min(Counter(str(entry["class"]) for entry in leaks).values()) >= 30
    assert min(Counter(str(entry["kind"]) for entry in leaks).values()) >= 150


def test_no_masked_text_leaks_again() -> None:
    """A mask is a placeholder: masking what is masked already changes nothing."""
    for entry in read("leaking.jsonl"):
        if isinstance(text := entry["text"], str):
            masked = SCANNER.mask(text)
            assert SCANNER.mask(masked) == masked, text
