"""Verify an archive by groups of traces (ADR 0063): SQL finds facts, Python judges one trace of each key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.sources.archive import ArchiveSource
from spanpact.sources.archive.database import TooLarge
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Reading, SourceInfo
from spanpact.verification.archives.group_judge import GroupJudge
from spanpact.verification.archives.resource_clocks import add_starts, starts_of
from spanpact.verification.archives.span_forms import SpanForms
from spanpact.verification.archives.trace_keys import TraceKeys, batches_of
from spanpact.verification.archives.value_classes import NotGroupable
from spanpact.verification.documents.link_targets import LinkTargets
from spanpact.verification.documents.stored_documents import StoredDocuments
from spanpact.verification.options import VerificationOptions
from spanpact.verification.shapes import ObservedProperties, SpanShapes

_SPANS_OF_BATCH: Final = 800_000
_LEAST_ALIKE: Final = 5
"""Fewer traces of one key are judged one by one."""


def verify_groups(
    source: ArchiveSource,
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions,
) -> Report | None:
    """Return the report on an archive; None where its traces cannot be grouped, or where that does not pay."""
    if not _may_be_grouped(source, stored, options):
        return None
    plain = [each.plan if isinstance(each, CompiledContract) else each for each in plans]
    info = _info(source, stored)
    observed = ObservedProperties.of(plain, info)
    if observed is None or observed.summed or any(rule_needs_all(plan) for plan in plain):
        return None
    try:
        return _Grouping(source, stored, plans, options, info, observed).report()
    except (NotGroupable, TooLarge):
        return None


def _may_be_grouped(source: ArchiveSource, stored: StoredDocuments, options: VerificationOptions) -> bool:
    manifest = source.database.manifest
    whole = not (options.hold or options.observer or options.check_every or stored.scenarios or stored.only)
    limited = options.limits.seconds is not None or options.limits.mebibytes is not None
    with_logs = {"logs" in each.signals for each in manifest.sources}
    return whole and not limited and not manifest.records and len(with_logs) == 1 and bool(manifest.spans)


def rule_needs_all(plan: ContractPlan) -> bool:
    """Return whether a contract makes statements over all flows, which need each of them."""
    return bool(plan.across)


def _info(source: ArchiveSource, stored: StoredDocuments) -> SourceInfo:
    carries_logs = any("logs" in each.signals for each in source.database.manifest.sources)
    capabilities = stored.info.capabilities | ({"logs"} if carries_logs else frozenset())
    return msgspec.structs.replace(stored.info, capabilities=capabilities)


class _Grouping:
    """The steps of one verification."""

    def __init__(
        self,
        source: ArchiveSource,
        stored: StoredDocuments,
        plans: Sequence[ContractPlan | CompiledContract],
        options: VerificationOptions,
        info: SourceInfo,
        observed: ObservedProperties,
    ) -> None:
        self._source, self._stored, self._plans, self._options = source, stored, plans, options
        self._info, self._observed = info, observed
        database = source.database
        self._relation = f"(SELECT * FROM {database.relation('spans')} WHERE {source.condition})"
        for table in ("forms", "keys", "traces", "counted", "todo", "dirty"):
            database.execute(f"DROP TABLE IF EXISTS work.{table}")

    def report(self) -> Report:
        """Return the report. Raise NotGroupable."""
        self._starts = starts_of(self._source, self._relation)
        clocks = Clocks()
        add_starts(clocks, self._starts)
        self._resolutions = clocks.found()
        self._make_keys(self._clocks())
        self._count()
        targets = LinkTargets()
        judge = self._judged(targets)
        if targets.find_dangling(self._stored):
            judge = self._judged(targets)
        return judge.report()

    def _clocks(self) -> Clocks:
        clocks = Clocks(self._resolutions)
        add_starts(clocks, self._starts)
        return clocks

    def _make_keys(self, clocks: Clocks) -> None:
        database, shapes = self._source.database, SpanShapes(self._observed, clocks)
        keys = TraceKeys(database, SpanForms(self._source.reader, self._relation, shapes), self._observed)
        batches = list(batches_of(database, _SPANS_OF_BATCH))
        for number, batch in enumerate(batches, 1):
            keys.add_batch(batch)
            self._source.note_part(database.manifest.spans * number // len(batches))

    def _count(self) -> None:
        """Make the table `work.counted`: `alike` is how many traces of its key follow a trace that is judged for all.

        `is_alone`: it must be judged by itself. `is_counted`: it is one of those that follow.
        """
        database = self._source.database
        database.execute(
            "CREATE TABLE work.counted AS SELECT *, key IS NULL OR number < ? AS is_alone,"
            " CASE WHEN NOT is_alone AND first = first_of_key THEN number - 1 ELSE 0 END AS alike,"
            " NOT is_alone AND first <> first_of_key AS is_counted FROM work.traces LEFT JOIN"
            " (SELECT key, count(*) AS number, min(first) AS first_of_key FROM work.traces GROUP BY key) USING (key)",
            [_LEAST_ALIKE],
        )
        ((all_of_them, to_judge),) = database.rows(
            "SELECT count(*), count(*) FILTER (WHERE NOT is_counted) FROM work.counted"
        )
        if to_judge * 2 > all_of_them and all_of_them > 1000:
            raise NotGroupable

    def _judged(self, targets: LinkTargets) -> GroupJudge:
        """Judge the first trace of each key, and all where that is needed."""
        database = self._source.database
        ((alone,),) = database.rows("SELECT count(*) FROM work.counted WHERE is_alone")
        judge = self._judge(targets)
        judge.run("alike > 0")
        if not (judge.dirty or alone):
            return judge
        while True:
            dirty = judge.dirty
            if dirty:
                listed = ", ".join(map(str, sorted(dirty)))
                database.execute(
                    f"UPDATE work.counted SET is_alone = true, alike = 0, is_counted = false WHERE key IN ({listed})"
                )
            judge = self._judge(targets)
            judge.run("NOT is_counted")
            if not judge.dirty:
                return judge

    def _judge(self, targets: LinkTargets) -> GroupJudge:
        unread = self._source.database.manifest.unread()
        reading = Reading(self._info, (), self._stored.offered, unread=unread, clocks=self._clocks())
        return GroupJudge(self._source, self._relation, self._plans, reading, self._options, targets)
