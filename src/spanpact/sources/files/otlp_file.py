"""The file source: traces in an OTLP file, as JSON, JSON lines or protobuf, each also compressed with gzip.

A file holds what an exporter or the collector writes: one request (or TracesData), or several as JSON lines. It is read
as a stream, one document at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.protobuf_wire import iter_resource_spans
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.files.byte_stream import STANDARD_INPUT, display_name, open_stream, unfinished
from spanpact.sources.files.framing import Document, DocumentReader, format_of
from spanpact.sources.files.limits import DEFAULT_LIMITS, FileLimits, too_large
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import ALL_CAPABILITIES, Capability, Reading, SourceInfo


class OtlpFileSource(SourceBase):
    """The traces of one OTLP file (`-`: standard input). All of them are complete, unless the file is `growing`.

    The extension names the format (`.json`, `.jsonl`, `.ndjson`, `.pb`, `.binpb`); for others the content decides. gzip
    is recognised by its content. A file is read anew each time, standard input once. `scenarios` maps trace ids to
    labels. `offered` is the number of requests that the file's traces come from. `growing`: it is still being written.
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
        self._growing = growing and self.path != STANDARD_INPUT
        self._has_logs = False
        self._standard_input: Reading | None = None

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
        """Return the file's name, with every capability; `logs` only after a read that found log records."""
        lacking: set[Capability] = set() if self._has_logs else {"logs"}
        if self.offered is None:
            lacking.add("offered")
        return SourceInfo(self.name, ALL_CAPABILITIES - lacking)

    def read(self) -> Reading:
        """Return all traces of the file. Raise SourceError where it is missing, malformed, empty or too large."""
        if self._standard_input is None:
            reading = self._read()
            if self.path != STANDARD_INPUT:
                return reading
            self._standard_input = reading
        return self._standard_input

    def check_span_count(self, spans: int) -> None:
        """Raise SourceError where `spans` is more than the file may hold."""
        if spans > self._limits.spans:
            raise too_large(self.name, f"more than {self._limits.spans:,} spans")

    def _read(self) -> Reading:
        assembler = TraceAssembler()
        signals: set[str] = set()
        unread = UnreadFields()
        for batch in iter_batches(self.path, limits=self._limits):
            assembler.add(batch.spans, batch.logs)
            signals |= batch.signals
            unread.update(batch.unread)
            self.check_span_count(assembler.spans)
        if not signals:
            raise unfinished(
                f"{self.name}: holds no OTLP data: neither resourceSpans nor resourceLogs",
                self.path,
                hint="accepted: what an OTLP exporter or the collector's file exporter writes",
            )
        self._has_logs = "logs" in signals
        traces = assembler.traces(complete=not self._growing, scenarios=self.scenarios)
        spanless = assembler.spanless(complete=not self._growing, scenarios=self.scenarios)
        return Reading(self.info, traces, self.offered, unread=unread.fields(), spanless=spanless)

    def __repr__(self) -> str:
        return f"<OtlpFileSource {self.name}>"


def iter_batches(path: str | Path, *, limits: FileLimits = DEFAULT_LIMITS) -> Iterator[Batch]:
    """Decode an OTLP file batch by batch, with one batch in memory. Raise SourceError as `OtlpFileSource.read` does."""
    path = str(path)
    with open_stream(path) as stream:
        yield from DocumentReader(display_name(path), limits, SharedValues()).batches(stream, format_of(path))


def iter_documents(path: str, *, limits: FileLimits = DEFAULT_LIMITS) -> Iterator[Document | bytes]:
    """Yield the documents of an OTLP file without decoding them; of a protobuf message its parts, as bytes.

    Raise SourceError as `OtlpFileSource.read` does, but not for content that is not OTLP: decoding finds that.
    """
    with open_stream(path) as stream:
        format = format_of(path)
        if format == "json" or (format == "unknown" and stream.peek(1)[:1] == b"{"):
            yield from DocumentReader(path, limits, SharedValues()).documents(stream)
        elif format == "protobuf":
            yield from iter_resource_spans(stream, limits.document)
