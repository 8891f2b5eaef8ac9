"""The source of archived traces. All of them are complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Literal, TypeAlias

from spanpact.errors import SourceError
from spanpact.otlp import Batch
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.archive.database import ArchiveDatabase
from spanpact.sources.archive.reader import ArchiveReader
from spanpact.sources.archive.rows.manifest import ArchivedSource, Manifest
from spanpact.sources.archive.selection import ArchiveSelection, condition_on_ids
from spanpact.sources.merging import merged, versions_of
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Capability, Reading, SourceInfo
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection

Storage: TypeAlias = Literal["parquet", "duckdb"]


class ArchiveSource(SourceBase):
    """The traces of an archive: of a folder of Parquet, or of a DuckDB database. All of them are complete.

    It carries what the sources carried from which the archive was written. `selection` says which traces are read, and
    `trace_ids` are whole ids or their beginnings. `scenarios` maps trace ids to labels, `offered` is the number of
    requests made.
    """

    def __init__(
        self,
        path: str,
        storage: Storage = "parquet",
        *,
        selection: ArchiveSelection | None = None,
        trace_ids: Sequence[str] = (),
        scenarios: Mapping[str, str] | None = None,
        offered: int | None = None,
    ) -> None:
        self.path, self._storage = path, storage
        self.selection = selection or ArchiveSelection()
        self.only = TraceSelection.of(trace_ids) if trace_ids else EVERY_TRACE
        self.scenarios = scenarios if scenarios is not None else {}
        self.offered = offered
        self.note: Callable[[str], None] = lambda _: None
        """Is called with how far the archive is read."""
        self._opened: ArchiveDatabase | None = None
        self._lent = False

    @property
    def name(self) -> str:
        """Return the path behind the kind of storage."""
        return f"{self._storage}:{self.path}"

    @property
    def info(self) -> SourceInfo:
        """Return the archive's name, and what every source of it carries."""
        infos = self.source_infos()
        capabilities = frozenset.intersection(*(each.capabilities for each in infos))
        return SourceInfo(self.name, capabilities, max(each.resolution_ns for each in infos), versions_of(infos))

    @property
    def database(self) -> ArchiveDatabase:
        """Return the tables, opened. Raise SourceError where the archive cannot be read, or was not written whole."""
        if self._opened is None:
            of = ArchiveDatabase.of_folder if self._storage == "parquet" else ArchiveDatabase.of_file
            database = of(self.path)
            try:
                check_whole(database.manifest, database.name)
            except SourceError:
                database.close()
                raise
            self._opened = database
        return self._opened

    @cached_property
    def reader(self) -> ArchiveReader:
        """Return what makes spans and log records of rows."""
        return ArchiveReader(self.database)

    @cached_property
    def condition(self) -> str:
        """Return the condition of SQL on the trace of a row that is read."""
        return f"({self.selection.condition(self.database)}) AND ({condition_on_ids(self.only)})"

    def source_infos(self) -> list[SourceInfo]:
        """Return what each of the archive's sources carries, by the archive's name."""
        return [info_of(each, self.name) for each in self.database.manifest.sources]

    def documents(self) -> list[partial[Iterator[Batch]]]:
        """Return for each of the archive's sources a function that yields what it has, in its order."""
        return [partial(self._batches, each) for each in self.database.manifest.sources]

    def batches(self) -> Iterator[Batch]:
        """Yield what the archive holds, in the order in which it was written."""
        for each in self.database.manifest.sources:
            yield from self._batches(each)

    def note_part(self, done: int) -> None:
        """Note that so many spans are read."""
        self.note(f"{self.name} {min(100, 100 * done // max(1, self.database.manifest.spans))} %")

    def _batches(self, source: ArchivedSource) -> Iterator[Batch]:
        done = source.first
        for batch in self.reader.batches(source, self.condition):
            done += len(batch.spans)
            self.note_part(done)
            yield batch if not self.only else _selected(batch, self.only)

    def read(self) -> Reading:
        """Return all traces that are selected. Raise SourceError where the archive cannot be read."""
        readings = []
        for source, info in zip(self.database.manifest.sources, self.source_infos(), strict=True):
            assembler, unread = TraceAssembler(), UnreadFields()
            for batch in self._batches(source):
                assembler.add(batch.spans, batch.logs)
                unread.update(batch.unread)
            traces = assembler.traces(complete=True, scenarios=self.scenarios)
            spanless = assembler.spanless(complete=True, scenarios=self.scenarios)
            readings.append(Reading(info, traces, self.offered, unread=unread.fields(), spanless=spanless))
        return merged(readings)

    def lend(self) -> ArchiveDatabase:
        """Return the tables, which then stay open as long as somebody has them, also after `close`."""
        self._lent = True
        return self.database

    def close(self) -> None:
        """Close the database, unless it was lent; a second call does nothing."""
        if self._opened is not None and not self._lent:
            self._opened.close()

    def __repr__(self) -> str:
        return f"<ArchiveSource {self.name}>"


def info_of(source: ArchivedSource, name: str) -> SourceInfo:
    """Return what a source of an archive carries, by the archive's name."""
    carried: set[Capability] = {*source.capabilities}  # type: ignore[arg-type]
    if "logs" in source.signals:
        carried.add("logs")
    return SourceInfo(name, frozenset(carried), source.resolution_ns, source.version)


def check_whole(manifest: Manifest, name: str) -> None:
    """Raise SourceError where an archive, which is called `name`, holds nothing, or a source only in part."""
    sources = manifest.sources
    if not sources:
        raise SourceError(f"{name}: holds nothing", hint="write sources to it: spanpact archive write")
    for each in sources:
        if not each.complete:
            hint = f"go on with `spanpact archive write --from {each.name}`"
            raise SourceError(f"{name}: {each.name} was not written to its end", hint=hint)


def _selected(batch: Batch, only: TraceSelection) -> Batch:
    return Batch(
        [span for span in batch.spans if span.trace_id in only],
        [record for record in batch.logs if record.trace_id in only],
        batch.signals,
        batch.unread,
    )
