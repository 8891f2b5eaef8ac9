"""Credentials in headers: parsed, and hidden in whatever a server repeats."""

from __future__ import annotations

import base64

import pytest

from spanpact.errors import UsageError
from spanpact.sources.http_headers import HIDDEN, bearer_header, redacted, secrets_of

SECRET = "s3cr3t-t0ken"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"Bearer {SECRET}", f"invalid token: {SECRET}!"),
        (f"Bearer {SECRET}", f"invalid: Bearer {SECRET}!"),
        ("Basic " + base64.b64encode(b"ada:" + SECRET.encode()).decode(), f"wrong password {SECRET}"),
        (f"a/b {SECRET}=", f"you sent a%2Fb%20{SECRET}%3D"),
    ],
)
def test_what_a_header_holds_is_hidden(value: str, shown: str) -> None:
    text = redacted(shown, secrets_of({"authorization": value}))
    assert SECRET not in text
    assert HIDDEN in text


def test_short_values_and_names_of_schemes_are_ordinary_words() -> None:
    assert secrets_of({"x-scope": "a", "authorization": "Bearer x"}) == ("Bearer%20x", "Bearer x")


@pytest.mark.parametrize("value", ["Basic ?", "Basic //8=", "Basic "])
def test_what_is_no_basic_authentication_is_hidden_as_it_is(value: str) -> None:
    assert all(each in value or "%" in each for each in secrets_of({"authorization": value}))


@pytest.mark.parametrize("token", ["", "  \n", f"Bearer {SECRET}", f"{SECRET}\nx", f"{SECRET}ä"])
def test_a_token_that_cannot_be_sent_is_not_shown(token: str) -> None:
    with pytest.raises(UsageError, match="VARIABLE: the token is empty or malformed") as raised:
        bearer_header(token, variable="VARIABLE")
    assert SECRET not in str(raised.value)


def test_a_token_may_end_with_a_line_break() -> None:
    assert bearer_header(f"{SECRET}\n", variable="VARIABLE") == f"Bearer {SECRET}"
