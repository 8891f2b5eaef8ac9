"""A window is split until no answer is full: no trace is lost, whatever the limits and bounds of a storage."""

from __future__ import annotations

import itertools
import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanpact.errors import SourceError
from spanpact.sources.http_client import ResponseTooLarge
from spanpact.sources.search.paging import PAGE, Pages
from spanpact.trace.model import Span
from tests.properties import examples

SECOND = 1_000_000_000


@dataclass
class Storage:
    """A storage with spans of one service, which answers as Jaeger's do: whole traces, at most `limit` of them.

    `resolution` is that of its times and bounds; `bounds` says which bounds belong to a search; `largest` is the
    largest limit that it accepts, `spans` the most spans that fit into a response.
    """

    traces: Sequence[Sequence[int]]
    resolution: int = 1
    bounds: str = "[]"
    largest: int = 10**9
    spans: int = 10**9
    asked: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        starts = ((at // self.resolution, number) for number, each in enumerate(self.traces) for at in each)
        self._starts = sorted(starts)

    def ask(self, start: int, end: int, limit: int) -> list[Span]:
        self.asked.append((start, end, limit))
        if limit > self.largest:
            raise SourceError("search depth", status=500)
        low, high = start // self.resolution, end // self.resolution
        first = bisect_left(self._starts, (low + (self.bounds[0] == "("), 0))
        last = bisect_left(self._starts, (high + (self.bounds[1] == "]"), 0))
        found = list(dict.fromkeys(number for _, number in self._starts[first:last]))
        random.Random(start).shuffle(found)
        spans = [
            Span(f"{number + 1:032x}", f"{at:016x}", "s", start_ns=at)
            for number in found[:limit]
            for at in self.traces[number]
        ]
        if len(spans) > self.spans:
            raise ResponseTooLarge("too large")
        return spans


def found(storage: Storage, window: tuple[int, int]) -> set[str]:
    pages = Pages(storage.ask, window, wanted=lambda: None)
    return {span.trace_id for page in pages for span in page}


def expected(storage: Storage, window: tuple[int, int]) -> set[str]:
    inside = (any(window[0] <= at < window[1] for at in starts) for starts in storage.traces)
    return {f"{number + 1:032x}" for number, is_inside in enumerate(inside) if is_inside}


WINDOW = 10 * SECOND, 3610 * SECOND
AT = st.one_of(
    st.integers(*WINDOW),
    st.integers(10 * SECOND, 12 * SECOND),
    st.integers(0, 2000).map(lambda ms: 1800 * SECOND + ms * 1_000_000),
    st.just(17 * SECOND),
)
BURSTS = st.lists(st.tuples(AT, st.integers(1, 300), st.sampled_from([0, 1, 1_000_000])), min_size=1, max_size=4)


@given(
    bursts=BURSTS,
    straddling=st.lists(st.lists(AT, min_size=2, max_size=3), max_size=3),
    resolution=st.sampled_from([1, 1000]),
    bounds=st.sampled_from(["[]", "[)", "(]", "()"]),
    largest=st.sampled_from([10**9, 5000, 40]),
    spans=st.sampled_from([10**9, 900]),
)
@settings(max_examples=examples(60), deadline=None, derandomize=True, database=None)
def test_every_trace_of_the_window_is_found(
    bursts: list[tuple[int, int, int]],
    straddling: list[list[int]],
    resolution: int,
    bounds: str,
    largest: int,
    spans: int,
) -> None:
    """A trace is found, or an error says that more began at one time than this storage returns."""
    single = [[at + i * step] for at, number, step in bursts for i in range(number)]
    storage = Storage([*single, *straddling], resolution, bounds, largest, spans)
    try:
        lost = expected(storage, WINDOW) - found(storage, WINDOW)
    except SourceError as error:
        lost = set() if "began within a millisecond" in str(error) and min(largest, spans) < 10**9 else {str(error)}
    assert lost == set()


def test_few_traces_take_one_question() -> None:
    storage = Storage([[SECOND * i] for i in range(PAGE - 1)])
    assert len(found(storage, (0, 3600 * SECOND))) == PAGE - 1
    assert len(storage.asked) == 1


def test_many_traces_take_few_more_questions_than_pages() -> None:
    storage = Storage([[SECOND * i // 10] for i in range(10_000)])
    assert len(found(storage, (0, 3600 * SECOND))) == 10_000
    assert len(storage.asked) < 2 * 10_000 / PAGE


def test_more_traces_at_one_time_than_a_page_are_asked_for_at_once() -> None:
    storage = Storage([[7 * SECOND]] * 900)
    assert len(found(storage, (0, 3600 * SECOND))) == 900
    assert max(limit for *_, limit in storage.asked) < 2000


def test_more_traces_at_one_time_than_the_storage_returns_are_an_error() -> None:
    storage = Storage([[7 * SECOND]] * 900, largest=500)
    with pytest.raises(SourceError, match=r"400 or more matching traces began within a millisecond.*limit=N"):
        found(storage, (0, 3600 * SECOND))


def test_a_single_answer_that_is_too_large_is_an_error() -> None:
    storage = Storage([[7 * SECOND, 8 * SECOND]], spans=1)
    with pytest.raises(SourceError, match="what began within a millisecond cannot be read: too large"):
        found(storage, (0, 3600 * SECOND))


@pytest.mark.parametrize("exact", [True, False])
def test_reading_ends_when_enough_traces_were_found(exact: bool) -> None:
    storage, seen = Storage([[SECOND * i // 10] for i in range(10_000)]), set[str]()
    pages = Pages(storage.ask, (0, 3600 * SECOND), wanted=lambda: 300 - len(seen), exact=exact)
    for page in pages:
        seen |= {span.trace_id for span in page}
    assert 300 <= len(seen) <= 300 + PAGE
    assert len(seen) == 300 or not exact


def test_the_newest_are_read_first() -> None:
    storage = Storage([[SECOND * i] for i in range(1000)])
    pages = [page for page in Pages(storage.ask, (0, 1100 * SECOND), wanted=lambda: None) if page]
    newest = [max(span.start_ns for span in page) for page in pages]
    assert len(newest) > 4
    assert all(first > second for first, second in itertools.pairwise(newest))
