"""Session tokens: only what was issued with the secret is read (S3)."""

from __future__ import annotations

import base64
import hmac
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.sessions.tokens import issue_token, read_token

SECRET = "a secret for tests only"
SESSION = uuid.UUID(int=7).hex
TOKEN = issue_token(SESSION, SECRET)


def test_a_token_gives_its_session_back() -> None:
    assert read_token(TOKEN, SECRET) == SESSION


@pytest.mark.parametrize("secret", ["", SECRET, "é" * 100])
def test_the_signature_is_the_hmac_sha256_of_the_prefixed_id(secret: str) -> None:
    digest = hmac.digest(secret.encode(), f"session:{SESSION}".encode(), "sha256")
    expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert [issue_token(SESSION, secret) for _ in range(2)] == [f"{SESSION}.{expected}"] * 2


def test_another_secret_reads_nothing() -> None:
    assert read_token(TOKEN, SECRET + "x") is None
    assert read_token(issue_token(SESSION, "another"), SECRET) is None


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_a_token_with_any_character_changed_reads_nothing(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    assert read_token(changed, SECRET) == (SESSION if changed == TOKEN else None)


@pytest.mark.parametrize("token", ["", ".", "a.b", SESSION, TOKEN + "=", TOKEN + "\n", " " + TOKEN, TOKEN * 2])
def test_what_is_no_token_reads_nothing(token: str) -> None:
    assert read_token(token, SECRET) is None


@given(st.text(st.characters(categories=["Lu", "Nd", "Cc", "Cs", "Po"])))
def test_whatever_comes_in_is_an_answer(token: str) -> None:
    assert read_token(token, SECRET) is None
