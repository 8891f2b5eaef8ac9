"""A line shows no secret (S5.3, fault S2: planted secrets)."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from reference_impl.logs.masking import MAX_TEXT, clean_text, mask
from reference_impl.logs.structured import get_logger
from reference_impl.logs.values import PlainValues
from reference_impl.propagation.correlation import correlation
from tests.reference_impl.logs.logs_support import LOGGER, MARKS, SECRETS, Logs


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.fault("S2")
def test_a_secret_is_masked_wherever_it_stands(exporting: Logs, records: Any, secret: str) -> None:
    log, plain = get_logger(LOGGER), logging.getLogger(LOGGER)
    log.info(f"about {secret} now")
    log.info("about %s now", secret)
    log.info("x", value=secret, deep=[{"value": (secret,)}], **{secret: 1})
    plain.warning(f"about {secret} now")
    plain.warning("about %(who)s now", {"who": secret})
    plain.warning("x", extra={"value": secret})
    logging.getLogger(secret).error("x")
    with correlation(secret):
        log.info("x")
    assert len(exporting.lines) == 8
    seen = exporting.stream.getvalue() + "".join(str(vars(r.log_record)) for r in records.get_finished_logs())
    assert [mark for mark in MARKS if mark in seen] == []


def test_what_is_masked_says_its_class() -> None:
    for name, secret in SECRETS.items():
        assert f"‹{name}›" in mask(f"about {secret} now")


@pytest.mark.parametrize("plain", ["4111 1111 1111 1112", "127.0.0.1", "12:37:56", "1.2.3", "10.0.0.1.5", "Cafe::add",
                                   "reference_impl.sessions.cache:validate:101", "a@b", "http://localhost:8080/x",
                                   "1700000000.123", "4bf92f3577b34da6a3ce929d0e0e4736"])  # fmt: skip
def test_what_is_no_secret_stays_readable(plain: str) -> None:
    assert mask(plain) == plain


@pytest.mark.parametrize("name", ["password", "session_token", "Authorization", "set-cookie", "API_KEY", "email"])
def test_a_value_whose_name_tells_of_a_secret_is_hidden(logs: Logs, name: str) -> None:
    get_logger(LOGGER).info("x", **{name: "opensesame"}, deep={name: ["opensesame"], "empty": None})
    assert "opensesame" not in logs.stream.getvalue()
    assert logs.one[name] == "***"


def test_a_secret_that_the_cut_goes_through_is_still_masked() -> None:
    for start in range(MAX_TEXT - 40, MAX_TEXT + 5):
        for secret in SECRETS.values():
            shown = clean_text(f"{'.' * (start - 1)} {secret} {'.' * 3000}")
            assert [mark for mark in MARKS if mark in shown] == []
            assert len(shown) <= MAX_TEXT


@dataclass
class Person:
    name: str


def test_an_object_shows_as_its_type_and_known_values_as_themselves() -> None:
    one = uuid.UUID(int=7)
    shown = PlainValues().plain([Person("bob"), b"bob", one, datetime(2026, 1, 1), {1: 2}, {3}])
    assert shown == ["<Person>", "<bytes>", str(one), "2026-01-01 00:00:00", {"1": 2}, [3]]
