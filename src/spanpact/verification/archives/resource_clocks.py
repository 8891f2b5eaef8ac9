"""Find how coarse the times of each resource are, from what SQL counts of the starts of its spans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from spanpact.sources.archive import ArchiveSource
from spanpact.sources.archive.rows.values import resource_of
from spanpact.trace.clocks import COARSE_NS, Clocks
from spanpact.trace.model import Resource


class CountedStarts(NamedTuple):
    """The starts of some spans of a resource: how many are not 0, how many are whole milliseconds, of which unit all
    are multiples.
    """

    resource: Resource
    number: int
    whole: int
    unit_ns: int


def starts_of(source: ArchiveSource, relation: str) -> list[CountedStarts]:
    """Count the starts of all spans, content by content."""
    database = source.database
    whole = ", ".join(f"count(*) FILTER (WHERE start_ns <> 0 AND start_ns % {unit} = 0)" for unit in COARSE_NS)
    all_of_them = "count(*) FILTER (WHERE start_ns <> 0)"
    counted = f"SELECT content, [{all_of_them}, {whole}] AS counts FROM {relation} GROUP BY content"
    contents = database.relation("contents")
    statement = f"SELECT counts, span FROM ({counted}) JOIN {contents} USING (content)"
    return [
        CountedStarts(resource_of(json.loads(text)["resource"]), number, multiples[0], _unit(number, multiples))
        for (number, *multiples), text in database.rows(statement)
    ]


def _unit(number: int, multiples: Sequence[int]) -> int:
    """Return the coarsest unit of which all starts are multiples."""
    return next((unit for unit, fitting in zip(COARSE_NS, multiples, strict=True) if fitting == number), 1)


def add_starts(clocks: Clocks, starts: Iterable[CountedStarts]) -> None:
    """Add starts that were counted to `clocks`."""
    for each in starts:
        clocks.add_counted(*each)
