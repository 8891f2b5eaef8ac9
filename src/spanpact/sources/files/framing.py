"""Split the stream of an OTLP file into documents: one JSON object, JSON lines, or one protobuf message."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from spanpact.errors import SourceError
from spanpact.otlp import Batch, Origin, SharedValues, decode_json, decode_protobuf_traces
from spanpact.otlp.protobuf_wire import is_cut_short
from spanpact.sources.files.byte_stream import unfinished
from spanpact.sources.files.limits import FileLimits, too_large

Format: TypeAlias = Literal["json", "protobuf", "unknown"]

_FORMATS: Final[Mapping[str, Format]] = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".pb": "protobuf",
    ".binpb": "protobuf",
}
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def format_of(path: str) -> Format:
    """Return the format that the file's extension names; `.gz` is ignored."""
    return _FORMATS.get(Path(path.removesuffix(".gz")).suffix.lower(), "unknown")


class Document(NamedTuple):
    """One JSON document of a file: its bytes, its position, and whether to search it for duplicate keys.

    `may_grow`: the file ends here, so that a writer may be in the middle of the document.
    """

    data: bytes
    origin: Origin
    check_keys: bool
    may_grow: bool = False

    def decode(self, shared: SharedValues) -> Batch:
        """Decode the document. Raise SourceError where it is not OTLP JSON."""
        try:
            return decode_json(self.data, origin=self.origin, shared=shared, duplicate_keys=self.check_keys)
        except SourceError as error:
            if self.may_grow and _is_cut_short(self.data):
                hint = f"what starts in line {self.origin.line} is half there"
                raise unfinished(error.message, self.origin.name, hint=hint) from None
            raise


class DocumentReader:
    """Reads the documents of one file, and enforces its limits. `name` is the file's name in errors."""

    def __init__(self, name: str, limits: FileLimits, shared: SharedValues) -> None:
        self._name = name
        self._limits = limits
        self._shared = shared
        self._offset = 0
        self._unchecked_keys = limits.checked_keys

    def batches(self, stream: io.BufferedReader, format: Format) -> Iterator[Batch]:
        """Decode the documents of a stream one after another. An unknown format is recognised by the content."""
        if format == "json":
            return self._json_batches(stream)
        if format == "protobuf":
            return iter([self._protobuf_batch(self._rest(stream))])
        return self._batches_by_content(stream)

    def documents(self, stream: io.BufferedReader) -> Iterator[Document]:
        """Yield the documents of a JSON stream without decoding them.

        If the first line that is not blank is a whole object, each line is a document; otherwise the stream is one.
        """
        line_number = 0
        is_json_lines = None
        while line := self._line(stream):
            line_number += 1
            start = self._offset - len(line)
            if not (text := _without_mark(line).strip()):
                continue
            if is_json_lines is None:
                is_json_lines = text.startswith(b"{") and text.endswith(b"}")
            if not is_json_lines:
                line += self._rest(stream)
            may_grow = not (is_json_lines and line.endswith(b"\n"))
            yield self._document(line, Origin(self._name, start, line_number), may_grow=may_grow)

    def _json_batches(self, stream: io.BufferedReader) -> Iterator[Batch]:
        return (document.decode(self._shared) for document in self.documents(stream))

    def _protobuf_batch(self, data: bytes) -> Batch:
        try:
            return decode_protobuf_traces(data, name=self._name, shared=self._shared)
        except SourceError as error:
            if is_cut_short(data):
                raise unfinished(error.message, self._name, hint="its last field is half there") from None
            raise

    def _batches_by_content(self, stream: io.BufferedReader) -> Iterator[Batch]:
        """Decode a stream of unknown format.

        JSON starts with a brace. A protobuf request starts with a line feed, which is also whitespace in JSON.
        """
        if stream.peek(1)[:1] in (b"{", _BYTE_ORDER_MARK[:1]):
            yield from self._json_batches(stream)
            return
        data = self._rest(stream)
        if data.lstrip()[:1] not in (b"{", b"["):
            yield self._protobuf_batch(data)
            return
        try:
            yield self._protobuf_batch(data)
        except SourceError:
            yield self._document(data, Origin(self._name), may_grow=True).decode(self._shared)

    def _rest(self, stream: io.BufferedReader) -> bytes:
        return self._count(stream.read(self._limits.document + 1))

    def _line(self, stream: io.BufferedReader) -> bytes:
        return self._count(stream.readline(self._limits.document + 1))

    def _count(self, data: bytes) -> bytes:
        """Count the bytes read. Raise SourceError where the document or the file is too large."""
        self._offset += len(data)
        if len(data) > self._limits.document:
            raise too_large(self._name, f"a document of more than {self._limits.document:,} bytes")
        if self._offset > self._limits.total:
            raise too_large(self._name, f"more than {self._limits.total:,} bytes")
        return data

    def _document(self, line: bytes, origin: Origin, *, may_grow: bool) -> Document:
        text = _without_mark(line)
        origin = Origin(origin.name, origin.offset + len(line) - len(text), origin.line)
        check = len(text) <= self._unchecked_keys
        self._unchecked_keys -= len(text) if check else 0
        return Document(text, origin, check, may_grow)


def _without_mark(data: bytes) -> bytes:
    return data.removeprefix(_BYTE_ORDER_MARK)


def _is_cut_short(text: bytes) -> bool:
    """Return whether a JSON text is well-formed as far as it goes, and ends too early."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return "truncated" in str(error)
    return False
