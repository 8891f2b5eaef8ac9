"""The flows of an archive: those of traces that were only counted are looked up in the database when asked for."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from heapq import merge

from spanpact.engine.flows.late_flows import FlowSpan, LateFlows
from spanpact.findings import Report
from spanpact.sources.archive import ArchiveSource
from spanpact.sources.archive.database import ArchiveDatabase
from spanpact.trace.topology import TOP
from spanpact.verification.verifying import Verification


class JudgedFlows:
    """Notes which flows were found in the traces that are judged, and where those of each key are in its traces."""

    def __init__(self, verification: Verification) -> None:
        self._runs = verification.runs
        self._firsts = array("q")
        self._bounds = [array("q") for _ in self._runs]
        self._begun: Sequence[int] = ()
        self.places: list[tuple[int, int, int, int]] = []
        """The contract, the key, the rank and the place of each flow in the traces of a key."""

    def begin(self, first: int) -> None:
        """Note that a trace is judged."""
        self._firsts.append(first)
        for run, bounds in zip(self._runs, self._bounds, strict=True):
            bounds.append(len(run.flows))

    def end(self) -> None:
        """Note that it was judged; flows that are added before the next one are of its like."""
        for run, bounds in zip(self._runs, self._bounds, strict=True):
            bounds.append(len(run.flows))

    def note_key(self, key: int, flows: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Note the places of the flows of each contract in all traces of a key."""
        self.places += [(run, key, rank, place) for run, places in flows for rank, place in enumerate(places)]

    def number(self, run: int) -> int:
        """Return how many flows of a contract were found in traces that were judged."""
        bounds = self._bounds[run]
        return sum(bounds[1::2]) - sum(bounds[::2])

    def of_run(self, run: int) -> Iterator[tuple[int, int, FlowSpan]]:
        """Yield the flows of a contract with the first number of their trace, in the order of reading."""
        flows, bounds = self._runs[run].flows, self._bounds[run]
        for i, first in enumerate(self._firsts):
            for rank, at in enumerate(range(bounds[2 * i], bounds[2 * i + 1])):
                yield first, rank, flows[at]


def _flows_of(judged: JudgedFlows, run: int, database: ArchiveDatabase, relation: str) -> Iterator[FlowSpan]:
    """Yield all flows of a contract, in the order of reading."""
    for *_, flow in merge(judged.of_run(run), _counted(judged, run, database, relation)):
        yield flow


def _counted(
    judged: JudgedFlows, run: int, database: ArchiveDatabase, relation: str
) -> Iterator[tuple[int, int, FlowSpan]]:
    """Yield the flows of traces that were only counted."""
    places = [each[1:] for each in judged.places if each[0] == run]
    if not places:
        return
    listed = ", ".join(f"({key}, {rank}, {place})" for key, rank, place in places)
    of_trace = "SELECT first, key, trace_hi, trace_lo FROM work.counted WHERE is_counted"
    statement = f"""
WITH flows (key, rank, place) AS (VALUES {listed}), traces AS ({of_trace}), spans AS (
    SELECT t.first, t.key, s.trace_hi, s.trace_lo, s.span_id,
        row_number() OVER (PARTITION BY s.trace_hi, s.trace_lo ORDER BY s.start_ns, s.span_id) - 1 AS place
    FROM {relation} AS s JOIN traces AS t USING (trace_hi, trace_lo)
    WHERE t.key IN (SELECT key FROM flows)
)
SELECT first, rank, trace_hi, trace_lo, span_id FROM spans JOIN flows USING (key, place)
UNION ALL SELECT first, rank, trace_hi, trace_lo, 0 FROM traces JOIN flows USING (key) WHERE place = {TOP}
ORDER BY first, rank
"""
    for rows in database.stream(statement):
        for first, rank, trace_hi, trace_lo, span_id in rows:
            yield first, rank, (f"{trace_hi:016x}{trace_lo:016x}", f"{span_id:016x}" if span_id else "")


def with_grouped_flows(report: Report, judged: JudgedFlows, source: ArchiveSource, relation: str) -> Report:
    """Return the report with the flows of traces that were only counted."""
    if not judged.places:
        return report
    database = source.lend()
    alike = dict(database.rows("SELECT key, alike FROM work.counted WHERE alike > 0"))
    results = list(report.results)
    for run, result in enumerate(results[: len(judged._runs)]):
        counted = sum(alike[key] for of, key, _, _ in judged.places if of == run)
        number = judged.number(run) + counted
        flows = LateFlows(number, partial(_flows_of, judged, run, database, relation))
        results[run] = replace(result, flows=number, flow_spans=flows)
    return replace(report, results=tuple(results))
