"""Make the keys of traces in SQL: traces with equal keys have equal shapes (`shapes.trace_shapes`).

A key is a list of integers. It may be finer than the shape. A trace has none if it breaks integrity, or holds what SQL
does not look at; only the engine judges it then.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from spanpact.sources.archive.database import ArchiveDatabase
from spanpact.verification.archives.span_forms import SpanForms
from spanpact.verification.shapes import ObservedProperties

_MOST_SPANS: Final = 400  # of a trace with a key: finding parents takes the square of it
_ID: Final = "trace_hi, trace_lo, trace_text"


class TraceKeys:
    """The tables `work.keys` (`key`, `parts`) and `work.traces`: `first` and `last` are the least and the greatest
    number of a span, `spans` how many it has, `key` NULL for none.
    """

    def __init__(self, database: ArchiveDatabase, forms: SpanForms, observed: ObservedProperties) -> None:
        self._database, self._forms = database, forms
        self._observed = observed
        database.execute("CREATE TABLE work.keys (key INTEGER, parts BIGINT[])")
        database.execute(
            "CREATE TABLE work.traces (first BIGINT, last BIGINT, spans INTEGER,"
            " trace_hi UBIGINT, trace_lo UBIGINT, trace_text VARCHAR, key INTEGER)"
        )

    def add_batch(self, where: str) -> None:
        """Add the traces whose rows fulfil a condition: all rows of these traces. Raise NotGroupable."""
        self._forms.classify(where)
        execute = self._database.execute
        execute(f"CREATE OR REPLACE TABLE work.keyed AS {_statement(self._forms, self._observed)}")
        execute(
            "INSERT INTO work.keys SELECT (SELECT count(*) FROM work.keys) + row_number() OVER () - 1, parts"
            " FROM (SELECT DISTINCT parts FROM work.keyed WHERE parts IS NOT NULL) AS new"
            " WHERE NOT EXISTS (SELECT 1 FROM work.keys AS old WHERE old.parts = new.parts)"
        )
        execute(
            f"INSERT INTO work.traces SELECT first, last, spans, {_ID}, key"
            " FROM work.keyed LEFT JOIN work.keys USING (parts)"
        )
        execute("DROP TABLE work.keyed")
        execute("DROP TABLE work.batch")


def _statement(forms: SpanForms, observed: ObservedProperties) -> str:
    """Return the statement that gives the traces of `work.batch` and the parts of their keys."""
    names = ", ".join(("content", *forms.class_names))
    whole = (
        "facts IS NOT NULL AND NOT is_odd AND span_id <> 0 AND parent_id IS NOT NULL AND trace_text IS NULL"
        " AND (trace_hi <> 0 OR trace_lo <> 0) AND end_ns > 0 AND end_ns >= start_ns"
    )
    fields = {"start": "start_ns", "id": "span_id", "parent": "parent_id", "end": "end_ns", "facts": "facts"}
    parts = ["[len(ids)]", "list_transform(facts, lambda f: f >> 34)", "parents"]
    if observed.times.duration_cuts_ns():
        fields["duration"] = "duration"
        parts.append("list_transform(s, lambda x: x.duration)")
    lists = []
    for i in range(len(forms.compared)):
        fields[f"value{i}"] = f"compared{i}"
        lists.append(f"list_transform(s, lambda x: x.value{i})")
    if forms.has_fixed:
        fields["fixed"] = "compared"
        lists.append("flatten(list_transform(s, lambda x: x.fixed))")
    if lists:
        parts.append("list_transform(compared_values, lambda v: list_position(compared_values, v)::BIGINT)")
    all_values = f"flatten([{', '.join(lists)}])" if len(lists) > 1 else "".join(lists) or "NULL"
    resource = f"(facts >> 2) & {(1 << 32) - 1}"
    parts.append(
        f"CASE WHEN one_resource THEN [-1] ELSE list_transform(facts, lambda f: {resource.replace('facts', 'f')}) END"
    )
    parts += list(_compared_times(observed))
    of_span = "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + "}"
    return f"""
WITH traces AS (
    SELECT {_ID}, min(seq) AS first, max(seq) AS last, count(*)::INTEGER AS spans,
        coalesce(bool_and({whole}), false) AND count(*) <= {_MOST_SPANS} AS whole,
        min({resource}) = max({resource}) AS one_resource, max(end_ns) - min(start_ns) AS longest,
        (min({resource}) = max({resource}) AND min(start_ns) < max(start_ns)) OR bool_and(start_ns < end_ns) AS moves,
        count(*) FILTER (WHERE facts & 2 > 0) AS ordered, count(*) FILTER (WHERE facts & 1 > 0) AS concurrent,
        list({of_span}) AS unordered
    FROM work.batch LEFT JOIN work.{"fixed" if forms.has_fixed else "forms"} USING ({names}) GROUP BY {_ID}
), sorted AS (
    SELECT * EXCLUDE (whole, unordered), CASE WHEN whole AND moves THEN list_sort(unordered) END AS s FROM traces
), taken_apart AS (
    SELECT *, list_transform(s, lambda x: x.id) AS ids, list_transform(s, lambda x: x.facts) AS facts,
        list_transform(s, lambda x: x.start) AS starts, list_transform(s, lambda x: x.end) AS ends,
        {all_values} AS compared_values
    FROM sorted
), with_parents AS (
    SELECT *, list_transform(
        list_transform(s, lambda x: x.parent),
        lambda p: CASE WHEN p = 0 THEN 0 ELSE coalesce(nullif(list_position(ids, p), 0), -1)::BIGINT END
    ) AS parents
    FROM taken_apart
), checked AS (
    SELECT *, s IS NOT NULL AND len(list_filter(ids, lambda x, i: list_position(ids, x) < i)) = 0
        AND len(list_filter(parents, lambda p, i: p > 0 AND (p >= i OR starts[p] > starts[i] OR ends[p] < ends[i]))) = 0
        AS has_key
    FROM with_parents
)
SELECT {_ID}, first, last, spans, CASE WHEN has_key THEN flatten([{", ".join(parts)}]) END AS parts FROM checked
"""


def _compared_times(observed: ObservedProperties) -> Iterator[str]:
    """Yield, for spans whose times are compared, how many have started before the end of each, give or take.

    A trace that is shorter than an allowance has no span that ends too late for another.
    """
    times = observed.times
    allowances = sorted({*times.allowances_ns(one_process=True), *times.allowances_ns(one_process=False)})
    for each in allowances if observed.ordered else ():
        counted = _started_before(2, f"x.end - {each}")
        yield f"CASE WHEN longest <= {each} OR ordered < 2 THEN [-1] ELSE {counted} END"
    for each in sorted({*allowances, *(-each for each in allowances)}) if observed.concurrent else ():
        counted = _started_before(1, f"greatest(x.end + {each}, x.start + 1)")
        yield f"CASE WHEN concurrent < 2 THEN [-1] ELSE {counted} END"


def _started_before(flag: int, moment: str) -> str:
    """Return, for each span with a flag, how many of them have started before a moment."""
    some = f"list_filter(s, lambda z: z.facts & {flag} > 0)"
    return (
        f"list_transform({some}, lambda x: len(list_filter(s, lambda y: y.facts & {flag} > 0 AND y.start < {moment})))"
    )


def batches_of(database: ArchiveDatabase, most: int) -> Iterator[str]:
    """Yield conditions on `trace_lo` that select at most so many spans each, if ids are spread evenly in a partition.

    The first one also selects the rows of odd trace ids.
    """
    borders = [0, *_borders(database, most)]
    odd = " OR trace_lo IS NULL"
    for begin, end in pairwise([*borders, 1 << 64]):
        yield f"(trace_lo >= {begin} AND trace_lo <= {end - 1}{odd})"
        odd = ""


def _borders(database: ArchiveDatabase, most: int) -> Iterator[int]:
    manifest = database.manifest
    size = (1 << 64) // manifest.partitions
    rows = dict.fromkeys(range(manifest.partitions), 0)
    for commit in manifest.commits:
        for file in commit.spans:
            rows[int(file.path.split("/")[1], 16)] += file.rows
    waiting = 0
    for partition, number in rows.items():
        if waiting and waiting + number > most:
            yield partition * size
            waiting = 0
        waiting += number
        if number > most:
            pieces = -(-number // most)
            yield from (partition * size + size * i // pieces for i in range(1, pieces))
            waiting = number // pieces
