"""Lines that skip the standard library's records are those that would have been written with them (S5.3)."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.logs import masking
from reference_impl.logs.json_lines import MAX_LINE, JsonLines, encode_line
from reference_impl.logs.structured import get_logger
from tests.reference_impl.logs.logs_support import LOGGER, SECRETS, Logs


class Handler(logging.Handler):
    """Another library's handler, which keeps the records that it gets."""

    def __init__(self, seen: list[logging.LogRecord]) -> None:
        super().__init__()
        self.seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record)


class Filter(logging.Filter):
    """Another library's filter, which keeps the records that it lets through."""

    def __init__(self, seen: list[logging.LogRecord]) -> None:
        super().__init__()
        self.seen = seen

    def filter(self, record: logging.LogRecord) -> bool:
        self.seen.append(record)
        return True


def say_everything(logs: Logs) -> list[dict[str, Any]]:
    """Log in every way; return the new lines without what differs at each call."""
    before = len(logs.lines)
    log = get_logger(LOGGER, shard=3)
    log.warning("session.rejected", reason="expired", tries=[1, 2.5, None], email="bob@example.com")
    log.info("%s of %d", "one", 2, service="forged")
    try:
        raise LookupError("no key session:4711")
    except LookupError:
        log.exception("it.failed", stack_info=True)
    log.log(logging.CRITICAL + 5, "ends")
    lines = logs.lines[before:]
    for line in lines:
        datetime.fromisoformat(line.pop("timestamp"))
        line.get("exception", {}).pop("places", None)
    return lines


@contextmanager
def listening(place: str) -> Iterator[list[logging.LogRecord]]:
    """Let something else see the records of the tests' logger; yield what it has seen."""
    seen: list[logging.LogRecord] = []
    root, logger = logging.getLogger(), logging.getLogger(LOGGER)
    (ours,) = root.handlers
    handler, a_filter = Handler(seen), Filter(seen)
    match place:
        case "handler of the root":
            root.handlers.append(handler)
        case "handler of the logger":
            logger.addHandler(handler)
        case "filter of the logger":
            logger.addFilter(a_filter)
        case _:
            ours.addFilter(a_filter)
    try:
        yield seen
    finally:
        root.handlers = [ours]
        logger.removeHandler(handler)
        logger.removeFilter(a_filter)
        ours.removeFilter(a_filter)


@pytest.mark.parametrize(
    "place", ["handler of the root", "handler of the logger", "filter of the logger", "filter of our handler"]
)
def test_another_handler_or_filter_sees_the_record_and_the_line_stays_the_same(logs: Logs, place: str) -> None:
    directly = say_everything(logs)
    with listening(place) as seen:
        by_record = say_everything(logs)
    assert by_record == directly
    assert [list(line) for line in by_record] == [list(line) for line in directly]
    assert len(seen) == len(by_record) == 4


def test_nobody_else_listens_and_no_record_is_made(logs: Logs) -> None:
    made: list[logging.LogRecord] = []
    factory = logging.getLogRecordFactory()

    def noting(*args: Any, **options: Any) -> logging.LogRecord:
        made.append(factory(*args, **options))
        return made[-1]

    logging.setLogRecordFactory(noting)
    try:
        get_logger(LOGGER).info("by structlog")
        logging.getLogger(LOGGER).info("by logging")
    finally:
        logging.setLogRecordFactory(factory)
    assert (len(logs.lines), [record.msg for record in made]) == (2, ["by logging"])


def test_logging_that_is_switched_off_writes_nothing(logs: Logs) -> None:
    logging.disable(logging.CRITICAL)
    try:
        get_logger(LOGGER).error("x")
    finally:
        logging.disable(logging.NOTSET)
    assert logs.lines == []


def test_before_logging_is_configured_lines_go_where_the_standard_library_s_go() -> None:
    seen: list[logging.LogRecord] = []
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, [Handler(seen)]
    try:
        get_logger(LOGGER).error("x", reason="y")
    finally:
        root.handlers = handlers
    (record,) = seen
    assert isinstance(record.msg, dict)
    assert (record.msg["event"], record.msg["reason"]) == ("x", "y")


VALUES = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=600).filter(str.isprintable)
)


@given(st.dictionaries(st.text(max_size=9).filter(str.isprintable), VALUES, max_size=9))
def test_a_line_is_ascii_json_of_its_fields_in_their_order(fields: dict[str, Any]) -> None:
    encoded = encode_line(fields)
    assert encoded.isascii()
    assert encoded.endswith("}\n")
    assert len(encoded) <= MAX_LINE
    read = json.loads(encoded)
    assert read.pop("cut", None) or list(read.items()) == list(fields.items())


@given(
    st.text()
    | st.from_regex(r"[2-6]\d{12,18}")
    | st.from_regex(r"eyJ\w{5,9}")
    | st.sampled_from(sorted(SECRETS.values()))
)
def test_one_word_is_masked_as_the_patterns_say(text: str) -> None:
    whole = masking._SECRET.sub(masking._masked, text)
    assert masking.mask(text) == whole


@given(st.floats(0, 4e9))
def test_the_time_of_a_line_is_that_of_its_record(seconds: float) -> None:
    stream = io.StringIO()
    lines = JsonLines("s", stream=stream)
    lines.handle(logging.makeLogRecord({"created": seconds, "levelno": logging.INFO, "name": "x", "msg": "x"}))
    stamp = json.loads(stream.getvalue())["timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stamp)
    assert abs(datetime.fromisoformat(stamp).timestamp() - seconds) < 2e-6
    assert datetime.fromisoformat(stamp).tzinfo == UTC
