"""K2: regular expressions that RE2 does not have are refused; those that hang other engines match in linear time."""

from __future__ import annotations

import json
import time

import pytest

from spanpact.contract.loader import load_text
from spanpact.errors import ContractError
from spanpact.trace import Reading, SourceInfo, Span, Trace
from spanpact.verification.verifying import verify

pytestmark = [pytest.mark.fault("K2"), pytest.mark.unmeasured]

BACKTRACKING = [
    r"(a+)+", r"([a-z]+)*", r"(a|aa)+", r"(a|a?)+", r"(.*a){20}", r"(a*)*b", r"(x+x+)+y", r"(a|a)*b",
    r"(?:a?){30}a{30}", r"(\w+\s?)*", r"(([a-z])+.)+[A-Z]([a-z])+", r"(.*)*", r"((.*)*)*", r".*.*.*.*=.*", r"(a+)*\d",
    r"[a-q][^u-z]{13}x", r"(?i)(a|A)*B", r"(?s)(.+)+\n", r"(\pL+)*\PL", r"(a{1,10}){1,10}b", r"a{0,1000}b",
    r"\pL{200}", r"(?:.|\n)*?b", r"^(a|b|ab)*c", r"(ab?c?)*d", r"\b(\w+\b\W?)+z", r"(|a)+", r"()*", r"(?:(?:a*)*)*b",
]  # fmt: skip
"""With a text of many `a`, these take engines that backtrack longer than anybody waits, and RE2 does not mind."""
REFUSED = [
    "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1", r"(?P<n>a)(?P=n)", r"\g<1>", "(?R)", "(?1)", "(?>a+)b", "a++",
    "a*+", "(?(1)a|b)", "(?#comment)", r"a\Zb", r"\Ga", r"\K", r"\R", r"\X", "a{1001}", "(a{1000}){1000}",
    "((a{99}){99}){99}", "(?:(?:(?:x{30}){30}){30}){30}", r"(\pL{900}){2}", "(", "a)", "[", "[z-a]", "[[:nope:]]",
    "\\", "*a", "+", "?", "a**", r"\p{Nope}", r"\x{110000}", r"\8", "(?P<n", "(?P<a-b>x)", "(?z)", "(?",
    "(" * 1000 + "a", "x" * 1001, "[" + "a" * 1000, "(?:" * 200 + "{" + ")" * 199, r"\pL{1000}{1000}",
]  # fmt: skip
TEXTS = ["a" * 100_000, "a" * 100_000 + "!", "ab" * 50_000 + "\n", "é" * 50_000, "a " * 50_000]
CPU_S = 1.0
"""Seconds of this process's own time: a busy machine hardly changes them. RE2 takes some hundredths."""


def contract_with(pattern: str, *, where: str = "attributes: {k: {matches: %s}}") -> str:
    return f"spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: top\n{where % json.dumps(pattern)}\n"


@pytest.mark.parametrize("pattern", BACKTRACKING)
def test_a_pattern_that_hangs_other_engines_is_matched_in_time(pattern: str) -> None:
    began = time.process_time()
    plan = load_text(contract_with(pattern), file="f")
    spans = [
        Span(f"{1:032x}", f"{n:016x}", "top", start_ns=1, end_ns=2, attributes={"k": text}) for n, text in _texts()
    ]
    report = verify([plan], Reading(SourceInfo("test"), [Trace(span.trace_id, [span]) for span in spans]))
    assert report.results[0].flows == len(TEXTS)
    assert time.process_time() - began <= CPU_S


def _texts() -> list[tuple[int, str]]:
    return list(enumerate(TEXTS, 1))


@pytest.mark.parametrize("where", ["attributes: {k: {matches: %s}}", "classes: {own: %s}"], ids=["matches", "class"])
@pytest.mark.parametrize("pattern", REFUSED, ids=lambda pattern: pattern[:30])
def test_a_pattern_that_is_refused_is_one_line_with_its_place(pattern: str, where: str) -> None:
    began = time.process_time()
    with pytest.raises(ContractError) as caught:
        load_text(contract_with(pattern, where=where), file="f")
    message = str(caught.value)
    assert message.startswith("f:5:")
    assert "pattern" in message
    assert message.isprintable()
    assert len(message) < 1_500
    assert time.process_time() - began <= CPU_S


def test_names_with_many_wildcards_are_matched_in_time() -> None:
    name = "a*" * 200 + "b"
    began = time.process_time()
    plan = load_text(f"spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: '{name}'\n", file="f")
    span = Span(f"{1:032x}", f"{1:016x}", "a" * 100_000, start_ns=1, end_ns=2)
    assert verify([plan], Reading(SourceInfo("test"), [Trace(span.trace_id, [span])])).verdict == "not checked"
    assert time.process_time() - began <= CPU_S


def test_the_corpus_holds_many_patterns() -> None:
    assert len(set(BACKTRACKING)) + len(set(REFUSED)) >= 70
