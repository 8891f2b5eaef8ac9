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
    """The starts of some spans of a resource: how many are not 0, and of these multiples of each of `COARSE_NS`."""

    resource: Resource
    number: int
    multiples: Sequence[int]


def starts_of(source: ArchiveSource, relation: str) -> list[CountedStarts]:
    """Count the starts of all spans, content by content."""
    database = source.database
    whole = ", ".join(f"count(*) FILTER (WHERE start_ns <> 0 AND start_ns % {unit} = 0)" for unit in COARSE_NS)
    all_of_them = "count(*) FILTER (WHERE start_ns <> 0)"
    counted = f"SELECT content, [{all_of_them}, {whole}] AS counts FROM {relation} GROUP BY content"
    contents = database.relation("contents")
    statement = f"SELECT counts, span FROM ({counted}) JOIN {contents} USING (content)"
    return [
        CountedStarts(resource_of(json.loads(text)["resource"]), number, multiples)
        for (number, *multiples), text in database.rows(statement)
    ]


def add_starts(clocks: Clocks, starts: Iterable[CountedStarts]) -> None:
    """Add starts that were counted to `clocks`."""
    for each in starts:
        clocks.add_counted(*each)
