"""A line shows an exception's type, places and causes, never its message (S5.3)."""

from __future__ import annotations

import logging

import pytest
from redis.exceptions import ResponseError

from reference_impl.logs.structured import get_logger
from reference_impl.logs.values import MAX_PLACES, PlainValues, describe_exception
from reference_impl.settings import SettingsError
from tests.reference_impl.logs.logs_support import LOGGER, Logs, fail


def test_an_exception_is_shown_by_type_places_and_causes_never_by_its_message(logs: Logs) -> None:
    try:
        try:
            fail("no key session:4711")
        except LookupError as cause:
            raise ResponseError("WRONGTYPE of bob") from cause
    except ResponseError:
        get_logger(LOGGER).exception("it.failed", key="x")
    shown = logs.one["exception"]
    assert (shown["type"], shown["code"], shown["causes"]) == (
        "redis.exceptions.ResponseError", "WRONGTYPE", ["LookupError"],
    )  # fmt: skip
    place = shown["places"][0].rsplit(":", 2)
    assert place[0].endswith("test_exceptions")
    assert place[1].startswith("test_an_exception_is_shown")
    assert "4711" not in logs.stream.getvalue()
    assert "bob" not in logs.stream.getvalue()


@pytest.mark.parametrize("how", ["exc_info true", "exc_info error", "argument", "field", "message", "logging"])
def test_no_way_of_logging_an_exception_shows_its_message(logs: Logs, how: str) -> None:
    log, plain = get_logger(LOGGER), logging.getLogger(LOGGER)
    try:
        fail("no key session:4711")
    except LookupError as error:
        match how:
            case "exc_info true":
                log.error("x", exc_info=True)
            case "exc_info error":
                log.error("x", exc_info=error)
            case "argument":
                plain.error("x %s %r", error, error)
            case "field":
                log.error("x", error=error, deep=[{"error": error}])
            case "message":
                plain.error(error)
            case _:
                plain.exception("x", stack_info=True)
    assert "LookupError" in logs.stream.getvalue()
    assert "4711" not in logs.stream.getvalue()


def test_a_message_of_our_own_words_is_shown_but_not_that_of_a_subclass() -> None:
    class Ours(SettingsError):
        pass

    assert describe_exception(SettingsError("PORT: -1 is too low"))["message"] == "PORT: -1 is too low"
    assert "message" not in describe_exception(Ours("PORT: -1 is too low"))


def test_a_failure_of_the_system_says_which_one_but_not_of_what() -> None:
    taken = OSError(98, "bob's port is taken")
    assert PlainValues().plain(taken) == "OSError: address already in use"
    assert describe_exception(taken)["code"] == "EADDRINUSE"
    assert PlainValues().plain(OSError("bob")) == "OSError"
    assert "code" not in describe_exception(OSError("bob"))


def test_a_deep_recursion_shows_its_innermost_places_only() -> None:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as error:
        shown = describe_exception(error)
        assert [place.rsplit(":", 2)[1] for place in shown["places"]] == ["deeper"] * MAX_PLACES


def test_causes_in_a_circle_end() -> None:
    one, two = ValueError(), KeyError()
    one.__cause__, two.__cause__ = two, one
    assert describe_exception(one)["causes"] == ["KeyError"]
    three = ValueError()
    three.__context__, three.__suppress_context__ = two, True
    assert "causes" not in describe_exception(three)


def test_exc_info_without_an_exception_adds_nothing(logs: Logs) -> None:
    get_logger(LOGGER).error("x", exc_info=True)
    logging.getLogger(LOGGER).error("x", exc_info=True)
    assert all("exception" not in line for line in logs.lines)
