"""Judge one trace of each key, and count it as often as there are traces of the key.

Traces are judged in the order of reading, as those of a file are. Where the first trace of a key has a finding, or adds
something that must be looked at in each trace, all traces of the key are judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.engine.linked_spans import FindSpan
from spanpact.findings import Report
from spanpact.sources.archive import ArchiveSource
from spanpact.sources.archive.rows.contents import trace_id_of
from spanpact.trace.clocks import Clocks
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.merging import merge_trace
from spanpact.trace.model import Reading, Span, Trace
from spanpact.verification.archives.grouped_flows import JudgedFlows, with_grouped_flows
from spanpact.verification.cache.cached_traces import CachedTrace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import Verification

_TRIES: Final = 4  # a trace is judged by the engine, then by its parts, then it is cached


class GroupJudge:
    """One verification of the traces in `work.traces`. `relation` are the spans that are verified.

    After `run`, `dirty` are the keys of which only the first trace was judged, and all must be.
    """

    def __init__(
        self,
        source: ArchiveSource,
        relation: str,
        plans: Sequence[ContractPlan | CompiledContract],
        reading: Reading,
        options: VerificationOptions,
        find_span: FindSpan,
    ) -> None:
        self._source, self._relation, self._reading = source, relation, reading
        assert isinstance(reading.clocks, Clocks)
        self.verification = Verification(plans, reading, options, find_span=find_span)
        self._borders = [each.first for each in source.database.manifest.sources][1:]
        self._held = HeldTraces()
        self._lost = 0  # spans that two sources hold
        self.dirty: set[int] = set()
        self.flows = JudgedFlows(self.verification)
        self._has_roots = False

    def run(self, condition: str) -> None:
        """Judge the traces of `work.counted` that fulfil a condition; `alike` is how many follow each of them."""
        for first, key, alike, spans in self._traces(condition):
            self._judge(self._trace(spans), first, key, alike)

    def _judge(self, trace: Trace, first: int, key: int | None, alike: int) -> None:
        verification = self.verification
        self.flows.begin(first)
        has_findings = verification.judge(trace)
        self.flows.end()
        if has_findings:
            self._held.append(trace)
        if not alike:
            return
        assert key is not None
        if has_findings or not self._add_alike(trace, key, alike):
            self.dirty.add(key)

    def _add_alike(self, trace: Trace, key: int, alike: int) -> bool:
        """Count other traces of the key. Return whether all that they add is counts and flows."""
        cache = self.verification.cache
        assert cache is not None
        tries = 0
        while cache.latest is None and alike:
            if tries == _TRIES or not cache.apply(trace):
                return False
            tries, alike = tries + 1, alike - 1
        cached = cache.latest
        if not alike:
            return not tries  # the flows of those that were applied are not known
        if cached is None or cached.recorded or cached.with_sums:
            return False
        cache.add_counts(cached, alike)
        self._note(cached, key)
        return True

    def _note(self, cached: CachedTrace, key: int) -> None:
        """Note the places of the flows of a key, and whether it has roots that other traces may miss."""
        self._has_roots = self._has_roots or bool(cached.roots)
        runs = {id(run): i for i, run in enumerate(self.verification.runs)}
        self.flows.note_key(key, [(runs[id(each.run)], each.flows) for each in cached.with_flows])

    def _trace(self, spans: Sequence[tuple[int, Span]]) -> Trace:
        """Return a trace; of several sources, equal copies of a span in two of them count once."""
        trace_id = spans[0][1].trace_id
        if not self._borders:
            return Trace(trace_id, tuple([span for _, span in spans]))
        parts = [
            Trace(trace_id, tuple([span for _, span in some]))
            for _, some in groupby(spans, key=lambda each: sum(each[0] >= border for border in self._borders))
        ]
        whole = merge_trace(parts)
        self._lost += len(spans) - len(whole.spans)
        return whole

    def _traces(self, condition: str) -> Iterator[tuple[int, int | None, int, list[tuple[int, Span]]]]:
        """Yield traces in the order of reading: the first number, the key, how many are alike, the spans."""
        reader, database = self._source.reader, self._source.database
        database.execute(
            "CREATE OR REPLACE TABLE work.todo AS SELECT first, key, alike, trace_hi, trace_lo, trace_text"
            f" FROM work.counted WHERE {condition}"
        )
        shown = ", ".join(f"s.{each}" for each in reader.selected)
        statement = (
            f"SELECT t.first, t.key, t.alike, {shown} FROM {self._relation} AS s JOIN work.todo AS t"
            " ON s.trace_hi IS NOT DISTINCT FROM t.trace_hi AND s.trace_lo IS NOT DISTINCT FROM t.trace_lo"
            " AND s.trace_text IS NOT DISTINCT FROM t.trace_text ORDER BY t.first, s.seq"
        )
        current: tuple[int, int | None, int] | None = None
        spans: list[tuple[int, Span]] = []
        for rows in database.stream(statement):
            for row, read in zip(rows, reader.spans([row[3:] for row in rows]), strict=True):
                if current != row[:3]:
                    if current:
                        yield *current, spans
                    current, spans = row[:3], []
                spans.append(read)
        if current:
            yield *current, spans

    def _note_roots(self) -> None:
        """Note the roots of all traces, also of those that were only counted."""
        index, database = self.verification.forget_roots(), self._source.database
        names = database.rows(f"SELECT content, name, span FROM {database.relation('contents')}")
        wanted = {number: json.loads(text)["name"] for number, _, text in names}
        wanted = {number: name for number, name in wanted.items() if index.is_wanted_name(name)}
        if not wanted:
            return
        listed = ", ".join(map(str, wanted))
        statement = (
            "SELECT s.content, s.start_ns, s.trace_hi, s.trace_lo, s.trace_text"
            f" FROM {self._relation} AS s JOIN work.counted AS t"
            " ON s.trace_hi IS NOT DISTINCT FROM t.trace_hi AND s.trace_lo IS NOT DISTINCT FROM t.trace_lo"
            " AND s.trace_text IS NOT DISTINCT FROM t.trace_text"
            f" WHERE s.parent_id = 0 AND s.content IN ({listed}) ORDER BY t.first, s.seq"
        )
        for rows in database.stream(statement):
            for content, start_ns, *ids in rows:
                index.note(wanted[content], start_ns, trace_id_of(*ids))

    def report(self) -> Report:
        """Return the report on all traces."""
        if self._has_roots and len(self._held):
            self._note_roots()
        ((traces, spans),) = self._source.database.rows("SELECT count(*), coalesce(sum(spans), 0) FROM work.traces")
        seen = self._held.shown_in(self._reading, traces=traces, spans=int(spans) - self._lost)
        return with_grouped_flows(self.verification.report(seen), self.flows, self._source, self._relation)
