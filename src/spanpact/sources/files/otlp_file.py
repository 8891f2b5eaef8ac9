"""The file source: traces in an OTLP file, as JSON, JSON lines or protobuf, each also compressed with gzip.

A file is what an exporter or the collector writes: one request (or TracesData), or several as JSON lines. It is read
as a stream, one document at a time.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, cast

from spanpact.errors import SourceError
from spanpact.otlp import Batch, Origin, SharedValues, decode_json, decode_protobuf_traces
from spanpact.otlp.protobuf_wire import iter_resource_spans
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import ALL_CAPABILITIES, Capability, Reading, SourceInfo

Format: TypeAlias = Literal["json", "protobuf", "sniff"]

STANDARD_INPUT = "-"
_FORMATS: Mapping[str, Format] = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".pb": "protobuf",
    ".binpb": "protobuf",
}
_BUFFERED = 1 << 18  # bytes: lines of many spans are long
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much a file may hold. Sizes are bytes after inflating; a document is the whole file, or one JSON line.

    Duplicate keys are looked for in the first `checked_keys` bytes, in whole documents, as it is slow: whoever writes
    them, writes them from the start.
    """

    total: int = 4 << 30
    document: int = 256 << 20
    spans: int = 2_000_000
    checked_keys: int = 1 << 20


DEFAULT_LIMITS = FileLimits()


class OtlpFileSource(SourceBase):
    """The traces of one OTLP file (`-`: standard input), all of them complete.

    The name's ending says the format (`.json`, `.jsonl`, `.ndjson`, `.pb`, `.binpb`); otherwise the content does.
    gzip is recognised by its content. A file is read anew each time, standard input once. `scenarios` maps trace ids
    to labels, `offered` is the number of requests that the file's traces come from.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        scenarios: Mapping[str, str] | None = None,
        offered: int | None = None,
        limits: FileLimits = DEFAULT_LIMITS,
    ) -> None:
        self.path = str(path)
        self.scenarios = scenarios if scenarios is not None else {}  # an empty one may still fill
        self.offered = offered
        self._limits = limits
        self._logs_seen = False
        self._kept: Reading | None = None

    @property
    def limits(self) -> FileLimits:
        """How much the file may hold."""
        return self._limits

    @property
    def name(self) -> str:
        """The path, or `standard input`."""
        return "standard input" if self.path == STANDARD_INPUT else self.path

    @property
    def info(self) -> SourceInfo:
        """The file's name, with every capability; logs only when it turned out to hold some."""
        lacking: set[Capability] = set() if self._logs_seen else {"logs"}
        if self.offered is None:
            lacking.add("offered")
        return SourceInfo(self.name, ALL_CAPABILITIES - lacking)

    def read(self) -> Reading:
        """All traces of the file. Raises SourceError where it is missing, malformed, empty or too large."""
        if self._kept is None:
            reading = self._read()
            if self.path != STANDARD_INPUT:
                return reading
            self._kept = reading
        return self._kept

    def check_number(self, spans: int) -> None:
        """Raises SourceError for more spans than the file may hold."""
        if spans > self._limits.spans:
            raise _too_large(self.name, f"more than {self._limits.spans:,} spans")

    def _read(self) -> Reading:
        assembler = TraceAssembler()
        signals: set[str] = set()
        for batch in iter_batches(self.path, limits=self._limits):
            assembler.add(batch.spans, batch.logs)
            signals |= batch.signals
            self.check_number(assembler.spans)
        if not signals:
            raise SourceError(
                f"{self.name}: holds no OTLP data: neither resourceSpans nor resourceLogs",
                hint="accepted: what an OTLP exporter or the collector's file exporter writes",
            )
        self._logs_seen = "logs" in signals
        return Reading(self.info, assembler.traces(complete=True, scenarios=self.scenarios), self.offered)

    def __repr__(self) -> str:
        return f"<OtlpFileSource {self.name}>"


def iter_batches(path: str | Path, *, limits: FileLimits = DEFAULT_LIMITS) -> Iterator[Batch]:
    """The batches of an OTLP file one after another, in memory one at a time; errors as for OtlpFileSource."""
    name = "standard input" if str(path) == STANDARD_INPUT else str(path)
    with opened_for_reading(str(path)) as stream:
        yield from _batches(stream, _Reader(name, limits, SharedValues()), _format(str(path)))


def iter_documents(path: str, *, limits: FileLimits = DEFAULT_LIMITS) -> Iterator[Document | bytes]:
    """The documents of an OTLP file one after another, not decoded; of a protobuf message its parts, as bytes.

    What is cut short or no OTLP may be found out later; other errors as for OtlpFileSource.
    """
    with opened_for_reading(path) as stream:
        form = _format(path)
        if form == "json" or (form == "sniff" and stream.peek(1)[:1] == b"{"):
            yield from _Reader(path, limits, SharedValues()).documents(stream)
        elif form == "protobuf":
            yield from iter_resource_spans(stream, limits.document)


@contextmanager
def opened_for_reading(path: str) -> Iterator[io.BufferedReader]:
    """The bytes of a file or of standard input, inflated; whatever goes wrong with them is a SourceError."""
    name = "standard input" if path == STANDARD_INPUT else path
    try:
        with _opened(path) as raw:
            if not raw.peek(1):
                raise SourceError(f"{name}: is empty", hint="did the exporter flush before it stopped?")
            yield _inflated(raw)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise SourceError(f"{name}: the gzip data is damaged or cut short: {error}") from None
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror or error}", hint=_advice(error)) from None


def _advice(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "give the path of an OTLP file, or - for standard input"
    return "give one file, not a folder" if isinstance(error, IsADirectoryError) else ""


@contextmanager
def _opened(path: str) -> Iterator[io.BufferedReader]:
    if path != STANDARD_INPUT:
        with open(path, "rb", buffering=0) as file:
            yield io.BufferedReader(cast("io.RawIOBase", file), _BUFFERED)
        return
    buffered: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer))
    try:
        yield buffered
    finally:
        buffered.detach()  # standard input is not ours to close


def _inflated(raw: io.BufferedReader) -> io.BufferedReader:
    if raw.peek(2)[:2] != _GZIP_MAGIC:
        return raw
    return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)), _BUFFERED)


def _format(path: str) -> Format:
    name = path.removesuffix(".gz")
    return _FORMATS.get(Path(name).suffix.lower(), "sniff")


def _batches(stream: io.BufferedReader, reader: _Reader, form: Format) -> Iterator[Batch]:
    if form == "protobuf":
        return iter([reader.protobuf(reader.whole(stream))])
    if form == "json":
        return reader.json(stream)
    return reader.sniffed(stream)


class Document(NamedTuple):
    """One JSON document of a file: where it stands, and whether its keys are to be looked through."""

    data: bytes
    origin: Origin
    check_keys: bool

    def decoded(self, shared: SharedValues) -> Batch:
        """What it holds. Raises SourceError."""
        return decode_json(self.data, origin=self.origin, shared=shared, duplicate_keys=self.check_keys)


class _Reader:
    """Reads the documents of one file, and counts what it has read."""

    def __init__(self, name: str, limits: FileLimits, shared: SharedValues) -> None:
        self._name = name
        self._limits = limits
        self._shared = shared
        self._offset = 0
        self._keys_left = limits.checked_keys

    def protobuf(self, data: bytes) -> Batch:
        return decode_protobuf_traces(data, name=self._name, shared=self._shared)

    def json(self, stream: io.BufferedReader) -> Iterator[Batch]:
        """The batches of a JSON file."""
        return (document.decoded(self._shared) for document in self.documents(stream))

    def documents(self, stream: io.BufferedReader) -> Iterator[Document]:
        """One document over any number of lines, or one a line: told by whether the first line is a whole object."""
        line_number = 0
        whole_lines = None
        while line := self._line(stream):
            line_number += 1
            start = self._offset - len(line)
            if not (text := _without_mark(line).strip()):
                continue
            if whole_lines is None:
                whole_lines = text.startswith(b"{") and text.endswith(b"}")
            if not whole_lines:
                line += self.whole(stream)
            yield self._document(line, Origin(self._name, start, line_number))

    def sniffed(self, stream: io.BufferedReader) -> Iterator[Batch]:
        """JSON starts with a brace. A protobuf request starts with a line feed, which is also blank space of JSON."""
        if stream.peek(1)[:1] in (b"{", _BYTE_ORDER_MARK[:1]):
            yield from self.json(stream)
            return
        data = self.whole(stream)
        if data.lstrip()[:1] not in (b"{", b"["):
            yield self.protobuf(data)
            return
        try:
            yield self.protobuf(data)
        except SourceError:
            yield self._document(data, Origin(self._name)).decoded(self._shared)

    def whole(self, stream: io.BufferedReader) -> bytes:
        """All that is left of the stream, as one document."""
        data = stream.read(self._limits.document + 1)
        return self._counted(data)

    def _line(self, stream: io.BufferedReader) -> bytes:
        return self._counted(stream.readline(self._limits.document + 1))

    def _counted(self, data: bytes) -> bytes:
        self._offset += len(data)
        if len(data) > self._limits.document:
            raise _too_large(self._name, f"a document of more than {self._limits.document:,} bytes")
        if self._offset > self._limits.total:
            raise _too_large(self._name, f"more than {self._limits.total:,} bytes")
        return data

    def _document(self, line: bytes, origin: Origin) -> Document:
        text = _without_mark(line)
        origin = Origin(origin.name, origin.offset + len(line) - len(text), origin.line)
        check = len(text) <= self._keys_left
        self._keys_left -= len(text) if check else 0
        return Document(text, origin, check)


def _without_mark(data: bytes) -> bytes:
    return data.removeprefix(_BYTE_ORDER_MARK)


def _too_large(name: str, what: str) -> SourceError:
    return SourceError(f"{name}: holds {what}, which is too large", hint="split it into several files")
