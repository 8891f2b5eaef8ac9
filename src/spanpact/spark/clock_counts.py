"""Count the starts of spans by their content, so that each task knows how coarse the times of a resource are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from spanpact.sources.archive.rows.values import resource_of
from spanpact.spark.failures import failures
from spanpact.trace.clocks import COARSE_NS, Clocks
from spanpact.trace.model import Resource

if TYPE_CHECKING:
    from spanpact.spark.tables import ArchiveTables


class StartCounts(NamedTuple):
    """The starts of the spans of one content: those that are not 0, those of whole milliseconds and microseconds."""

    content: int
    number: int
    milliseconds: int
    microseconds: int


def count_starts(tables: ArchiveTables) -> list[StartCounts]:
    """Return the counts of all spans of the archive."""
    spans = tables.read("spans").selectExpr(
        "content", "start_ns", "if(extra IS NULL, NULL, get_json_object(extra, '$.times')) AS times"
    )
    counted = spans.where("times IS NULL").groupBy("content")
    with failures(tables.name):
        rows = counted.agg(*_sums()).collect()
        odd = spans.where("times IS NOT NULL").select("content", "times").collect()
    return [*(StartCounts(*row) for row in rows), *(_of_odd(row[0], json.loads(row[1])[0]) for row in odd)]


def _sums() -> Sequence[object]:
    from pyspark.sql.functions import expr

    return [expr(f"cast(count_if(start_ns <> 0 AND start_ns % {unit} = 0) AS bigint)") for unit in (1, *COARSE_NS)]


def _of_odd(content: int, start: int) -> StartCounts:
    """Return the counts of one start that 64 bits do not hold."""
    return StartCounts(content, int(start != 0), *(int(start != 0 and start % unit == 0) for unit in COARSE_NS))


def clocks_of(counts: Iterable[StartCounts], contents: Mapping[int, str]) -> Clocks:
    """Return the clocks of the resources of contents, by their starts."""
    clocks = Clocks()
    resources: dict[str, Resource] = {}
    for each in counts:
        if each.content in contents:  # else the span is refused where it is read
            written = json.loads(contents[each.content])["resource"]
            resource = resources.setdefault(json.dumps(written), resource_of(written))
            clocks.add_counted(resource, each.number, (each.milliseconds, each.microseconds))
    return clocks
