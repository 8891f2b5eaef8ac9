"""Write archives in tests, and read them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from spanpact.otlp import Batch
from spanpact.otlp.batch import Signal
from spanpact.sources.archive.database import ArchiveDatabase
from spanpact.sources.archive.reader import ArchiveReader
from spanpact.sources.archive.writing.writer import ArchiveWriter
from spanpact.trace.model import LogRecord, Reading, Span


def batch_of(reading: Reading) -> Batch:
    """Return all that a reading holds as one document."""
    traces = (*reading.traces, *reading.spanless)
    logs = [log for trace in traces for log in trace.logs]
    signals: frozenset[Signal] = frozenset(["traces", "logs"] if logs else ["traces"])
    return Batch([span for trace in traces for span in trace.spans], logs, signals)


def write_archive(
    folder: Path,
    batches: Iterable[Batch],
    *,
    attributes: Sequence[str] = (),
    partitions: int = 16,
    committed_spans: int = 500_000,
    name: str = "made",
) -> Path:
    """Write the documents of one source to an archive, or those that are not there yet, and return its folder."""
    with ArchiveWriter(folder, attributes, partitions=partitions, committed_spans=committed_spans) as writer:
        source = writer.source(name)
        done = source.documents
        for number, batch in enumerate(batches):
            if number >= done:
                writer.add(source, batch)
        source.capabilities = ["events"]
        writer.finish(source)
    return folder


def read_archive(folder: Path) -> tuple[list[Span], list[LogRecord]]:
    """Return all spans and log records of an archive, in its order."""
    spans: list[Span] = []
    logs: list[LogRecord] = []
    with ArchiveDatabase.of_folder(str(folder)) as database:
        reader = ArchiveReader(database)
        for source in database.manifest.sources:
            for batch in reader.batches(source):
                spans += batch.spans
                logs += batch.logs
    return spans, logs
