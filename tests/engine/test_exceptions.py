"""Exceptions that an event and a log record report: paired as well as their types and messages allow."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from spanpact.engine.checks.keywords.exceptions import count_reported_twice
from spanpact.trace.model import Attributes, Event, LogRecord

KINDS = st.tuples(st.sampled_from("EF"), st.sampled_from([None, "m", "n"]))


def attributes(kind: tuple[str, str | None]) -> Attributes:
    type_, message = kind
    found: Attributes = {"exception.type": type_}
    return found if message is None else {**found, "exception.message": message}


def same(one: tuple[str, str | None], other: tuple[str, str | None]) -> bool:
    return one[0] == other[0] and (None in (one[1], other[1]) or one[1] == other[1])


@given(st.lists(KINDS, max_size=4), st.lists(KINDS, max_size=4))
def test_as_many_pairs_as_there_can_be(
    events: list[tuple[str, str | None]], records: list[tuple[str, str | None]]
) -> None:
    fewer, more = sorted((events, records), key=len)
    most = max(sum(map(same, fewer, chosen)) for chosen in permutations(more, len(fewer)))
    carriers: list[Event | LogRecord] = [Event("exception", attributes=attributes(each)) for each in events]
    carriers += [LogRecord("", attributes=attributes(each)) for each in records]
    assert count_reported_twice(carriers) == most
