"""What the surroundings of a value say: its range, the name of its attribute, and what is no secret."""

from __future__ import annotations

import pytest
import re2

from spanpact.privacy import KNOWN_CLASSES, Scanner, known_classes, mask, number_text
from spanpact.privacy.candidates import Candidate
from tests.privacy.test_corpus import read

KEY = "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAq7BFUpkGp3"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----\nend", "‹private_key›\nend"),
        (f"-----BEGIN PRIVATE KEY-----\\n{KEY}\\n-----END PRIVATE KEY-----\\nend", "‹private_key›\\nend"),
        (f"-----BEGIN EC PRIVATE KEY-----\n{KEY} (cut here)", "‹private_key› (cut here)"),
        ("-----BEGIN PRIVATE KEY----- was in the request", "‹private_key› was in the request"),
        (f"{KEY}\n{KEY}\n-----END PRIVATE KEY-----", "‹private_key›"),
        ("redis://app:half1@half2@cache:6379", "‹url_credentials›cache:6379"),
        ("redis://app:half3/half4@cache:6379", "‹url_credentials›cache:6379"),
        ("https://q7Zk29LmPw0xTr51@git.example/x", "‹url_credentials›git.example/x"),
        ("app:pw17@tcp(db:3306)/shop", "‹url_credentials›tcp(db:3306)/shop"),
        ("jdbc:oracle:thin:scott/tiger@db:1521", "jdbc:oracle:thin:‹url_credentials›db:1521"),
        ("password=hunter2&user=ada", "password=‹secret_pair›&user=ada"),
        ('{"password": "hunter2"}', '{"password": "‹secret_pair›"}'),
        ("Authorization: Basic YWRhOmh1bnRlcjI=", "Authorization: Basic ‹secret_pair›"),
        ("Cookie: theme=dark; session=8f14e45fceea", "Cookie: theme=dark; session=‹secret_pair›"),
        ("cookie: JSESSIONID=0A1B2C3D4E5F6071; lang=sv", "cookie: JSESSIONID=‹secret_pair›; lang=sv"),
        ("peer [fe80::1%eth0]:80", "peer [‹ip›]:80"),
        ("net 2001:db8:8a17::/48", "net ‹ip›/48"),
        ("ada (at) post (dot) example said", "‹email› said"),
        ("DE89 3704 0044 0532 0130 00 for rent", "‹iban› for rent"),
    ],
)
def test_the_whole_value_is_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("attribute", "value", "classes"),
    [
        ("db.password", "hunter2", {"secret_pair"}),
        ("app.clientSecret", "hunter2", {"secret_pair"}),
        ("http.request.header.authorization", "Basic YWRhOmh1bnRlcjI=", {"secret_pair"}),
        ("http.request.header.cookie", "theme=dark; sid=8f14e45fceea", {"secret_pair"}),
        ("http.request.header.cookie", "JSESSIONID=0A1B2C3D4E5F6071; theme=dark", {"secret_pair"}),
        ("http.request.header.cookie", "theme=dark", set()),
        ("db.password", "[REDACTED]", set()),
        ("db.password", "", set()),
        ("next_page_token", "CAUQAA", set()),
        ("gen_ai.usage.input_tokens", "17", set()),
        ("password.strength", "weak", set()),
        ("service.version", "2.14.0.7", set()),
        ("note", "2.14.0.7", {"ip"}),
        ("user_agent.original", "Mozilla/5.0 Chrome/131.0.0.0 (+http://198.51.100.23/)", {"ip"}),
    ],
)
def test_the_name_of_an_attribute_counts(attribute: str, value: str, classes: set[str]) -> None:
    assert {leak.name for leak in Scanner(known_classes()).scan(value, attribute)} == classes


def test_wherever_a_class_is_found_its_trigger_fits() -> None:
    for text in [str(entry["text"]) for entry in (*read("leaking.jsonl"), *read("harmless.jsonl"))]:
        for name, known in KNOWN_CLASSES.items():
            candidates = [Candidate(text, *match.span()) for match in re2.finditer(known.pattern, text)]
            if any(list(known.confirm(each)) for each in candidates):
                assert re2.search(known.trigger, text), (name, text)


@pytest.mark.parametrize(
    ("number", "digits"),
    [(4111111111111111, "4111111111111111"), (4111111111111111.0, "4111111111111111"),
     (-4111111111111111, "-4111111111111111"),
     (4111111111111111.5, ""), (17, ""), (float("inf"), ""), (float("nan"), ""), (True, ""), (10**19, "")],
)  # fmt: skip
def test_only_a_number_as_long_as_a_card_is_searched(number: int | float, digits: str) -> None:
    assert number_text(number) == digits


def test_few_long_texts_are_remembered() -> None:
    scanner = Scanner(known_classes())
    for number in range(2000):
        scanner.scan(f"{number} " + "x" * 3000)
        scanner.scan(f"{number} " + "x" * 30000)
        scanner.scan(f"{number} " + "x" * 300000)
    assert sum(map(len, scanner._seen)) <= 1 << 20
