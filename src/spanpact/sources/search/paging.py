"""Page over time: a search returns at most N traces, so the window is split until no answer is full.

    ──────────────── window ────────────────▶ time
                       [ full: ask for half ]
                                [ not full  ]    these are all that began in it
             [ not full         ]                the next part is as long as the last answer suggests

Parts overlap, as storages differ in whether a bound belongs to a search, so a trace may be found twice. Parts that
cannot be split further are asked with a higher limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from spanpact.errors import SourceError
from spanpact.sources.http_client import ResponseTooLarge
from spanpact.trace.model import Span

PAGE: Final = 200
"""The number of traces that one search asks for: few, so that memory does not depend on the number of traces."""

Ask: TypeAlias = Callable[[int, int, int], list[Span]]
"""Searches between two times (ns), both included, for at most so many traces; each has all its spans."""

_OVERLAP_NS: Final = 1_000_000
_NARROWEST_NS: Final = 1_000_000
_FULLEST: Final = 0.7  # the share of a page that the next part should fill
_GROWTH: Final = 4.0
_LESS: Final = 4  # by which a limit that a server rejects is divided
_REJECTED: Final = (400, 500)  # for a limit beyond what a storage allows, as for other errors
_SELECT_FEWER: Final = "select fewer traces by operation=, since= or until=, or set limit=N"


class Pages:
    """The parts of one time window, from the newest to the oldest.

    `wanted` returns how many traces are still wanted, None for all. With `exact` any traces of a window will do, so
    that a search need not ask for more. Raise SourceError where a part cannot be read.
    """

    def __init__(
        self, ask: Ask, window: tuple[int, int], *, wanted: Callable[[], int | None], exact: bool = False
    ) -> None:
        self._ask = ask
        self._start, self._end = window
        self._wanted = wanted
        self._exact = exact
        self._limit = self._largest = PAGE
        self._before: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Sequence[Span]]:
        width = float(self._end - self._start)
        while self._end > self._start:
            wanted = self._wanted()
            if wanted is not None and wanted <= 0:
                return
            part = max(self._start, self._end - max(_NARROWEST_NS, int(width)))
            spans = self._read(part, wanted if self._exact else None)
            if spans is None:  # too many, or too large
                width = (self._end - part) / 2
                continue
            found = len({span.trace_id for span in spans})
            width = (self._end - part) * min(_GROWTH, max(0.5, _FULLEST * PAGE / max(found, 1)))
            self._end, self._limit, self._before = part, self._largest, frozenset()
            yield spans

    def _read(self, part: int, wanted: int | None) -> list[Span] | None:
        """Return the spans of a part, from its start to the end of what is left; None if it must be split."""
        narrow = self._end - part <= _NARROWEST_NS
        limit = self._limit if wanted is None else min(self._limit, wanted)
        try:
            spans = self._ask(max(part - _OVERLAP_NS, 0), self._end, limit)
        except ResponseTooLarge as error:
            if narrow:
                what = f"what began within a millisecond cannot be read: {error.message}"
                raise SourceError(what, hint=_SELECT_FEWER) from None
            return None
        except SourceError as error:
            if error.status not in _REJECTED or limit == 1:
                raise
            if limit > self._largest:  # a lower one was full
                what = f"{limit // 2} or more matching traces began within a millisecond: {error.message}"
                raise SourceError(what, hint=_SELECT_FEWER) from None
            self._limit = self._largest = max(1, limit // _LESS)
            return self._read(part, wanted)
        found = frozenset(span.trace_id for span in spans)
        if len(found) < limit or (wanted is not None and len(found) >= wanted):
            return spans
        if len(found) > limit and found == self._before:  # a server that knows neither limits nor bounds
            self._start = part
            return spans
        self._before = found
        if not narrow:
            return None
        self._limit *= 2
        return self._read(part, wanted)
