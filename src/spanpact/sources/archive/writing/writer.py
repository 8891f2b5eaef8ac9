"""Write an archive, commit by commit. What was committed is never written again, the rest never counts.

Spans and log records get numbers in the order in which they are read. A commit has all of a range of numbers: the files
of each partition, and then the manifest, which makes them count. A writer that is stopped at any point leaves files
that no manifest lists; the next one removes them and goes on after the last commit.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final, Self

from spanpact.errors import SourceError, UsageError
from spanpact.otlp import Batch
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.archive.rows.columns import AttributeColumns
from spanpact.sources.archive.rows.contents import SpanRows
from spanpact.sources.archive.rows.manifest import ArchivedSource, Commit, Manifest, read_manifest, write_manifest
from spanpact.sources.archive.rows.records import LogRow, log_row
from spanpact.sources.archive.rows.schema import MANIFEST, TABLES, partition_of
from spanpact.sources.archive.writing.parts import WaitingSpans, table_of, write_part

COMMITTED_SPANS: Final = 500_000
"""How many spans and log records a commit has, and a writer holds, in about 600 MB."""
_LOCK: Final = ".lock"


class ArchiveWriter:
    """Writes an archive to a folder, which is made, or goes on with the one that is there.

    `attributes` get a column from their first value on. `partitions` is a power of two; an archive keeps the number it
    began with. Use it as a context manager: it holds a lock, so that no other writer is at work.
    """

    def __init__(
        self,
        folder: Path,
        attributes: Iterable[str] = (),
        *,
        partitions: int = 16,
        committed_spans: int = COMMITTED_SPANS,
    ) -> None:
        self._folder, self._committed_spans = folder, committed_spans
        self._lock = _locked(folder)
        try:
            self.manifest = _found(folder, partitions)
        except BaseException:
            self._lock.close()
            raise
        self._columns = AttributeColumns(attributes, self.manifest.attribute_columns())
        self._rows = SpanRows(self._columns, self.manifest.next_content)
        self._begin(self.manifest.end)

    def _begin(self, seq: int) -> None:
        self._first = self._seq = seq
        self._spans: dict[int, WaitingSpans] = {}
        self._logs: list[tuple[int, LogRow]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back. What was not committed is lost."""
        self._lock.close()

    def source(self, name: str, identity: str = "") -> ArchivedSource:
        """Return the source of this name, as far as it was read; a new one comes last.

        Raise SourceError if another source was not read to its end, or this one is no longer what it was.
        """
        found = next((each for each in self.manifest.sources if each.name == name), None)
        if found is not None and found.identity != identity:
            problem = f"{name}: has changed since it was written to the archive"
            raise SourceError(problem, hint="write it to a new archive, or give it another name")
        unfinished = next((each for each in self.manifest.sources if not each.complete), None)
        if unfinished is not None and unfinished is not found:
            hint = f"give it again first: --from {unfinished.name}"
            raise SourceError(f"{self._folder}: holds only a part of {unfinished.name}", hint=hint)
        if found is None:
            found = ArchivedSource(name, identity, first=self._seq, end=self._seq)
            self.manifest.sources.append(found)
        return found

    def add(self, source: ArchivedSource, batch: Batch, *, publish: bool = True) -> None:
        """Add the next document of a source. With `publish=False` nothing of it counts before `finish`."""
        for span in batch.spans:
            row = self._rows.row(span)
            partition = partition_of(row.trace_lo or 0, self.manifest.partitions)
            waiting = self._spans.get(partition)
            if waiting is None:
                waiting = self._spans[partition] = WaitingSpans()
            waiting.add(self._seq, row)
            self._seq += 1
        for record in batch.logs:
            self._logs.append((self._seq, log_row(record)))
            self._seq += 1
        source.signals = sorted({*source.signals, *batch.signals})
        source.documents += 1
        if batch.unread:
            unread = UnreadFields()
            unread.update([*source.unread, *batch.unread])
            source.unread = list(unread.fields())
        if self._seq - self._first >= self._committed_spans:
            self.commit(source, publish=publish)

    def finish(self, source: ArchivedSource) -> None:
        """Commit the rest of a source: it was read to its end."""
        source.complete = True
        self.commit(source)

    def commit(self, source: ArchivedSource, *, publish: bool = True) -> None:
        """Write what has waited, and then the manifest that lists it; without `publish` a later commit lists it."""
        manifest, number, rows = self.manifest, len(self.manifest.commits) + 1, self._rows
        if self._seq > self._first:
            commit = Commit(self._first, self._seq)
            columns = self._columns.all
            for partition, waiting in sorted(self._spans.items()):
                path = f"spans/{partition:0{_digits(manifest.partitions)}x}/{number:06}.parquet"
                commit.spans.append(write_part(self._folder, path, waiting.table(columns)))
            if rows.new:
                path = f"contents/{number:06}.parquet"
                commit.contents.append(write_part(self._folder, path, table_of(rows.new, "contents")))
            if self._logs:
                path = f"logs/{number:06}.parquet"
                commit.logs.append(write_part(self._folder, path, table_of(self._logs, "logs")))
            manifest.commits.append(commit)
            manifest.columns = [(each.column, each.attribute, each.kind) for each in columns]
            manifest.next_content = rows.next_content
            rows.new.clear()
        source.end = self._seq
        if publish:
            write_manifest(self._folder, manifest)
        self._begin(self._seq)


def _digits(partitions: int) -> int:
    return max(1, (partitions.bit_length() + 2) // 4)


def _locked(folder: Path) -> IO[bytes]:
    """Make the folder, and return the file that holds its lock. Raise UsageError where there is another writer."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / _LOCK, "ab")  # noqa: SIM115 it is held while the writer is
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}", hint="name another folder") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise UsageError(f"{folder}: another process is writing to it", hint="wait for its end") from None
    return lock


def _found(folder: Path, partitions: int) -> Manifest:
    """Return the manifest of a folder, or a new one, and remove what none lists. Raise for what is no archive."""
    if not (folder / MANIFEST).exists():
        if others := sorted(set(os.listdir(folder)) - {f"{MANIFEST}.tmp", _LOCK}):
            hint = "name an empty folder, a new one, or an archive"
            raise UsageError(f"{folder}: is no archive, and not empty: it holds {others[0]}", hint=hint)
        write_manifest(
            folder, Manifest(partitions=partitions)
        )  # before any other file, so that those are known as ours
    manifest = read_manifest(folder)
    listed = {file.path for commit in manifest.commits for file in commit.files}
    for table in TABLES:
        for path in sorted((folder / table).rglob("*.parquet*")):
            if path.relative_to(folder).as_posix() not in listed:
                path.unlink()
    (folder / f"{MANIFEST}.tmp").unlink(missing_ok=True)
    return manifest
