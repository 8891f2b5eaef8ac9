"""No value breaks a line or makes a log call raise (S5.3, fault E20: evil values)."""

from __future__ import annotations

import io
import json
import logging
from collections import UserDict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

from reference_impl.logs.json_lines import MAX_LINE
from reference_impl.logs.masking import MAX_TEXT
from reference_impl.logs.structured import configure_logging, get_logger
from reference_impl.logs.values import fill_template
from reference_impl.propagation.correlation import correlation
from tests.properties import examples
from tests.reference_impl.logs.logs_support import LOGGER, SERVICE, Logs


@pytest.mark.parametrize("hostile", ["a\r\nb", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\u202eb", "a\ud800b"])
def test_control_characters_neither_break_a_line_nor_reach_it(logs: Logs, hostile: str) -> None:
    get_logger(LOGGER).info(hostile, field=hostile, **{hostile: hostile})
    logging.getLogger(hostile).error("%s", hostile)
    assert logs.stream.getvalue().isascii()
    for line in logs.lines:
        assert all(value.isprintable() for value in line.values() if isinstance(value, str))
    assert logs.lines[1]["event"] in ("a?b", "a  b", "a?[31mb")


class Evil:
    """Raises whatever it is asked."""

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __str__
    __format__ = __hash__ = __bool__ = __len__ = __iter__ = __str__  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class EvilText(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __len__ = __getitem__ = isprintable = __str__  # type: ignore[assignment]


class EvilList(list[int]):
    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("iter")


class EvilNumber(int):
    def __repr__(self) -> str:
        raise RuntimeError("repr")

    __str__ = __int__ = __index__ = __repr__  # type: ignore[assignment]


class EvilKind(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("name")


class Nameless(metaclass=EvilKind):
    pass


def cycle() -> dict[str, Any]:
    round_about: dict[str, Any] = {"list": []}
    round_about["self"] = round_about
    round_about["list"].append(round_about)
    return round_about


HOSTILE: dict[str, Any] = {
    "evil": Evil(), "text": EvilText("a"), "list": EvilList([1]), "number": EvilNumber(7), "nameless": Nameless(),
    "cycle": cycle(), "wide": [[[["x" * 2000] * 100] * 100] * 100] * 100, "surrogate": "\ud800", "huge": 10**5000,
    "nan": float("nan"), "inf": -float("inf"), "mapping": UserDict({"a": 1}), "bytes": b"\xff" * 10**6,
    "long": "\U0001f600" * 10**6, "class": Evil, "names": {Nameless(): 1, None: 2, "\U0001f600" * 500: 3},
    "oddly named": type("a b", (), {})(),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.fault("E20")
def test_no_value_makes_a_call_raise_or_a_line_too_long(exporting: Logs, records: Any, kind: str) -> None:
    value = HOSTILE[kind]  # pytest itself would ask a parameter for its class
    log, plain = get_logger(LOGGER), logging.getLogger(LOGGER)
    log.info("x", value=value)
    log.bind(value=value).info("%s", value)
    log.info(value, exc_info=value)
    plain.warning("got %s and %r", value, value)
    plain.warning(value)
    plain.warning("x", extra={"value": value})
    plain.warning("%(a)s", {"a": value})
    lines = exporting.stream.getvalue().splitlines(keepends=True)
    assert len(lines) == len(records.get_finished_logs()) == 7
    assert max(map(len, lines)) <= MAX_LINE
    assert all(json.loads(line, parse_constant=pytest.fail) for line in lines)
    assert set(exporting.pipeline.reading().dropped.values()) == {0}


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(50))
@given(st.text(), st.dictionaries(st.text(max_size=9), JSON_LIKE, max_size=4), JSON_LIKE)
def test_whatever_is_logged_makes_one_line_of_json(event: str, fields: dict[str, Any], argument: Any) -> None:
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, level="debug")
    try:
        get_logger(LOGGER).info(event, **{name: value for name, value in fields.items() if name != "event"})
        logging.getLogger(LOGGER).info(event, argument)
        (first, second) = stream.getvalue().splitlines(keepends=True)
    finally:
        pipeline.close()
    for line in (first, second):
        assert line.isascii()
        assert len(line) <= MAX_LINE
        assert json.loads(line)["logger"] == LOGGER


def test_a_line_that_is_too_long_keeps_the_trace_s_ids_and_says_that_it_is_cut(
    logs: Logs, provider: TracerProvider
) -> None:
    wide = "\U0001f600" * MAX_TEXT
    with provider.get_tracer("t").start_as_current_span("work"), correlation(wide):
        get_logger(wide.replace("\U0001f600", "\U0001f601")).error(wide, **{f"f{n}": [wide] * 3 for n in range(30)})
    line = logs.one
    assert line["cut"] is True
    assert (len(line["trace_id"]), len(line["span_id"])) == (32, 16)
    assert line["event"].startswith("\U0001f600" * 100)
    assert line["correlation_id"].startswith("\U0001f600" * 100)


def test_an_exception_with_endless_places_keeps_its_type(logs: Logs) -> None:
    name = "é" * 1000
    code = compile(f"def {name}(n):\n    {name}(n - 1) if n else 1 / 0\n", "x", "exec")
    space: dict[str, Any] = {}
    exec(code, space)
    try:
        space[name](20)
    except ZeroDivisionError:
        get_logger(LOGGER).exception("x")
    assert (logs.one["exception"], logs.one["cut"]) == ({"type": "ZeroDivisionError"}, True)


def test_a_template_that_does_not_fit_or_asks_for_endless_width_is_shown_as_it_is(logs: Logs) -> None:
    plain = logging.getLogger(LOGGER)
    plain.info("%s and %s", 1)
    plain.info("%999999999d", 1)
    plain.info("%*d", 999999999, 1)
    plain.info("100 %", 1)
    plain.info("%(a)s", {"b": 1})
    assert [line["event"] for line in logs.lines] == ["%s and %s", "%999999999d", "%*d", "100 %", "%(a)s"]
    assert fill_template("%d%%", (5,)) == "5%"
