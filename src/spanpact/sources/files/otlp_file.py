"""The file source: traces in a file of a format that `formats` recognises by its content.

It is read as a stream, one document at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.files.byte_stream import copy_input, display_name, is_read_once, open_file, unfinished
from spanpact.sources.files.formats import ACCEPTED, OTLP_JSON, TraceFormat, detect
from spanpact.sources.files.json_texts import Document
from spanpact.sources.files.limits import DEFAULT_LIMITS, FileLimits, too_large
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Capability, Reading, SourceInfo


class OtlpFileSource(SourceBase):
    """The traces of one file (`-`: standard input). All of them are complete, unless the file is `growing`.

    The content decides about format and compression, not the name. A file is read anew each time, standard input and a
    pipe once; `parts` may be called several times.
    `scenarios` maps trace ids to labels. `offered` is the number of requests that the file's traces come from.
    `growing`: it is still being written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        scenarios: Mapping[str, str] | None = None,
        offered: int | None = None,
        limits: FileLimits = DEFAULT_LIMITS,
        growing: bool = False,
    ) -> None:
        self.path = str(path)
        self.scenarios = scenarios if scenarios is not None else {}  # the caller may still fill an empty mapping
        self.offered = offered
        self._limits = limits
        self._growing = growing and not is_read_once(self.path)
        self._has_logs = False
        self._format = OTLP_JSON
        self._capabilities, self._resolution_ns = OTLP_JSON.capabilities, OTLP_JSON.resolution_ns
        self._read_once: Reading | None = None
        self._copy: IO[bytes] | None = None

    @property
    def limits(self) -> FileLimits:
        """Return the limits of the file."""
        return self._limits

    @property
    def name(self) -> str:
        """Return the path, or `standard input`."""
        return display_name(self.path)

    @property
    def info(self) -> SourceInfo:
        """Return the file's name, and what it can carry, which depends on its format and is known after a read.

        `logs` is among it only after a read that found log records.
        """
        lacking: set[Capability] = set() if self._has_logs else {"logs"}
        if self.offered is None:
            lacking.add("offered")
        return SourceInfo(self.name, self._capabilities - lacking, self._resolution_ns)

    def read(self) -> Reading:
        """Return all traces of the file. Raise SourceError where it is missing, malformed, empty or too large."""
        if self._read_once is None:
            once = self._copy is None and is_read_once(self.path)
            reading = self._read()
            if not once:
                return reading
            self._read_once = reading
        return self._read_once

    def has_parts(self) -> bool:
        """Return whether the file is of a format that `parts` knows. Raise SourceError as `read`."""
        self._copy_input()
        with open_file(self.path, self._copy) as file:
            return detect(file.start, file.name).parts is not None

    def parts(self) -> Iterator[Document | LogsMessage | bytes]:
        """Yield the parts of the file as `iter_parts`. What can be read only once is copied to a temporary file."""
        self._copy_input()
        return iter_parts(self.path, limits=self._limits, copy=self._copy)

    def _copy_input(self) -> None:
        if self._copy is None and is_read_once(self.path):
            self._copy = copy_input(self.path, self._limits.total)

    def batches(self) -> Iterator[Batch]:
        """Yield what the file holds, decoded, with one batch in memory. Raise SourceError as `read` does.

        After the last batch, `info` says what the file carries.
        """
        spans, signals, found = 0, frozenset[str](), None
        for batch in iter_format_batches(self.path, self._limits, self._set_format, self._copy):
            signals |= batch.signals
            spans += len(batch.spans)
            self.check_span_count(spans)
            if self._format.describe is not None:
                found = found or self._format.describe()
                found.add(batch.spans)
            yield batch
        if not signals:
            raise unfinished(
                f"{self.name}: holds no OTLP data: neither resourceSpans nor resourceLogs",
                self.path,
                hint=ACCEPTED,
            )
        self._has_logs = "logs" in signals
        format = self._format
        self._capabilities, self._resolution_ns = format.capabilities, format.resolution_ns
        if found is not None:
            self._capabilities = found.capabilities(format.capabilities)
            self._resolution_ns = max(format.resolution_ns, found.resolution_ns)

    def close(self) -> None:
        """Remove the copy of what can be read only once."""
        if self._copy is not None:
            self._copy.close()

    def check_span_count(self, spans: int) -> None:
        """Raise SourceError where `spans` is more than the file may hold."""
        if spans > self._limits.spans:
            raise too_large(self.name, f"more than {self._limits.spans:,} spans")

    def _set_format(self, format: TraceFormat) -> None:
        self._format = format

    @property
    def is_growing(self) -> bool:
        """Return whether the file is still being written, so that none of its traces is complete."""
        return self._growing

    def _read(self) -> Reading:
        assembler = TraceAssembler()
        unread = UnreadFields()
        for batch in self.batches():
            assembler.add(batch.spans, batch.logs)
            unread.update(batch.unread)
        traces = assembler.traces(complete=not self._growing, scenarios=self.scenarios)
        spanless = assembler.spanless(complete=not self._growing, scenarios=self.scenarios)
        return Reading(self.info, traces, self.offered, unread=unread.fields(), spanless=spanless)

    def __repr__(self) -> str:
        return f"<OtlpFileSource {self.name}>"


def iter_batches(path: str | Path, *, limits: FileLimits = DEFAULT_LIMITS) -> Iterator[Batch]:
    """Decode a trace file batch by batch, with one batch in memory. Raise SourceError as `OtlpFileSource.read` does."""
    return iter_format_batches(str(path), limits, lambda _: None)


def iter_format_batches(
    path: str, limits: FileLimits, tell: Callable[[TraceFormat], None], copy: IO[bytes] | None = None
) -> Iterator[Batch]:
    """Decode a trace file, or the copy of one, batch by batch. `tell` is called with its format before the first."""
    with open_file(path, copy) as file:
        format = detect(file.start, file.name)
        tell(format)
        yield from format.read(file, limits, SharedValues())


def iter_parts(
    path: str, *, limits: FileLimits = DEFAULT_LIMITS, copy: IO[bytes] | None = None
) -> Iterator[Document | LogsMessage | bytes]:
    """Yield the parts of an OTLP file without decoding them: JSON documents, and protobuf messages.

    Raise NeedsFullDecoding for a format that has no such parts, and SourceError as `OtlpFileSource.read` does, but not
    for content that is malformed: decoding finds that.
    """
    with open_file(path, copy) as file:
        format = detect(file.start, file.name)
        if format.parts is None:
            raise NeedsFullDecoding
        yield from format.parts(file, limits)
