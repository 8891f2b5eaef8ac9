"""The patterns of a contract are bounded together, and one error names the first that is too much."""

from __future__ import annotations

import pytest
import re2

from spanpact.contract.loader import load_text
from spanpact.contract.loader.patterns import MAX_PROGRAMS
from spanpact.errors import ContractError

HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\n"


def attributes(number: int, pattern: str) -> str:
    """Return a contract with many patterns, in each of which `N` is another number."""
    lines = [f"  k{n}: {{matches: '{pattern.replace('N', str(n))}'}}\n" for n in range(number)]
    return f"{HEAD}span: a\nattributes:\n{''.join(lines)}"


def refused(text: str) -> ContractError:
    with pytest.raises(ContractError) as caught:
        load_text(text, file="f")
    return caught.value


def test_many_large_patterns_are_one_error_at_the_first_that_is_too_much() -> None:
    error = refused(attributes(2_000, r"N\pL{300}"))
    assert str(error).startswith("f:11:17: the patterns of this contract are too large together (make repetitions")
    assert error.others == ()


def test_no_pattern_is_compiled_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_pattern = re2.compile

    def noting(text: str, options: object) -> object:
        compiled.append(text)
        return compile_pattern(text, options)

    monkeypatch.setattr(re2, "compile", noting)
    refused(attributes(20, r"N\pL{300}"))
    assert compiled == [rf"{n}\pL{{300}}" for n in range(6)]


def test_large_classes_and_patterns_are_bounded_together() -> None:
    classes = "".join(rf"  c{n}: '{n}\pL{{300}}'" + "\n" for n in range(4))
    text = f"{HEAD}span: a\nclasses:\n{classes}" + r"attributes: {x: {matches: 'a\pL{300}'}, y: {matches: 'b\pL{300}'}}"
    assert str(refused(text)).startswith("f:10:54: the patterns of this contract are too large together")


def test_the_same_pattern_counts_once() -> None:
    plan = load_text(attributes(300, r"\pL{300}"))
    (first, *others) = (each.matcher.regex for each in plan.top.content.attributes)
    assert first.programsize * 300 > MAX_PROGRAMS
    assert all(each is first for each in others)


def test_hundreds_of_ordinary_patterns_are_read() -> None:
    load_text(attributes(1_500, "(GET|POST) /vN/[a-z0-9-]{1,40}"))
