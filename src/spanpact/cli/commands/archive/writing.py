"""Write sources to an archive: documents of files one by one, everything else at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from spanpact.cli.output import print_message
from spanpact.cli.progress import progress
from spanpact.errors import UsageError
from spanpact.otlp import Batch
from spanpact.otlp.batch import Signal
from spanpact.sources import OtlpFileSource, TraceSource
from spanpact.sources.files import FileLimits

_FROM_STORES = 256  # traces in a document
_ANY_SIZE = FileLimits(total=sys.maxsize, spans=sys.maxsize)


@runtime_checkable
class _Batches(Protocol):
    """A source that is read document by document."""

    def batches(self) -> Iterator[Batch]:
        """Yield the documents, in order."""


def attributes_named(contracts: Sequence[str]) -> frozenset[str]:
    """Return the names of all attributes of spans that contracts speak of. Raise ContractError for a mistake in one."""
    if not contracts:
        return frozenset()
    from spanpact.contract.loader import load_contracts
    from spanpact.verification.shapes.plan_contents import attributes_of, contents_of_entries, contents_of_rules

    return frozenset(
        name
        for plan in load_contracts(contracts)
        for contents in (contents_of_entries(plan), contents_of_rules(plan))
        for content in contents
        for attribute in attributes_of(content)
        for name in attribute.names
    )


def write_sources(sources: Sequence[TraceSource], folder: Path, attributes: Iterable[str], *, partitions: int) -> None:
    """Write the sources to the archive in a folder, and say on standard error what was written.

    Sources that are in the archive already are left out. Raise UsageError without PyArrow, and for a folder that is
    something else; SourceError for a source that cannot be read, or has changed since a part of it was written.
    """
    try:
        from spanpact.sources.archive.writing.writer import ArchiveWriter
    except ImportError as error:
        hint = "pip install 'spanpact[archive]'"
        raise UsageError(f"writing archives needs the package {error.name}", hint=hint) from None
    with ArchiveWriter(folder, attributes, partitions=partitions) as writer, progress("writing"):
        for source in sources:
            if isinstance(source, OtlpFileSource) and source.path != "-":
                source = OtlpFileSource(source.path, limits=_ANY_SIZE)  # it is not held
            name = _name(source)
            archived = writer.source(name, _identity(source))
            if archived.complete:
                print_message(f"{name}: is in the archive already")
                continue
            written = archived.documents
            resumable = bool(archived.identity)
            for number, batch in enumerate(_documents(source)):
                if number >= written:
                    writer.add(archived, batch, publish=resumable)
            info = source.info
            archived.capabilities = sorted(info.capabilities - {"offered"})
            archived.resolution_ns, archived.version = info.resolution_ns, info.version
            before = archived.first
            writer.finish(archived)
            print_message(f"{name}: {archived.end - before} spans and log records")
        manifest = writer.manifest
        print_message(f"{folder}: {manifest.spans} spans and {manifest.records} log records")


def _name(source: TraceSource) -> str:
    return source.path if isinstance(source, OtlpFileSource) and source.path != "-" else source.info.name


def _identity(source: TraceSource) -> str:
    """Return the size of a file and the time of its last change; "" for what cannot be read again from its start."""
    if not isinstance(source, OtlpFileSource) or not Path(source.path).is_file():
        return ""
    found = os.stat(source.path)
    return f"{found.st_size} {found.st_mtime_ns}"


def _documents(source: TraceSource) -> Iterator[Batch]:
    if isinstance(source, _Batches):
        yield from source.batches()
        return
    reading = source.read()
    if growing := [trace for trace in reading.traces if not trace.complete]:
        print_message(f"warning: {len(growing)} traces that may still grow are left out: write them later")
    traces = [trace for trace in (*reading.traces, *reading.spanless) if trace.complete]
    signals: frozenset[Signal] = frozenset(["traces", "logs"] if "logs" in reading.source.capabilities else ["traces"])
    yield Batch([], [], signals, tuple(reading.unread))
    for first in range(0, len(traces), _FROM_STORES):
        some = traces[first : first + _FROM_STORES]
        spans = [span for trace in some for span in trace.spans]
        yield Batch(spans, [record for trace in some for record in trace.logs], signals)
