"""Split a stream of JSON texts into documents: one text a line, or texts of several lines, one after another.

A document has at least one text. A line that is one object or list is a document of its own, so that a large file of
lines is read line by line. Two texts on a line, which the collector writes after a crash, are one document.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeVar

import msgspec

from spanpact.errors import SourceError
from spanpact.otlp import Batch, Origin, SharedValues, decode_json
from spanpact.otlp.json.errors import quoted
from spanpact.otlp.json.wrappers import as_request
from spanpact.sources.files.byte_stream import OpenFile, unfinished
from spanpact.sources.files.limits import FileLimits, too_large

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_USUAL_LINE: Final = b"{}\n"
_CHUNK: Final = 1 << 18
_OPENING: Final = (b"{", b"[")
_CLOSING: Final = (b"\n}", b"\n]")
_NO_LINES: Final = "remove what is not JSON; where each text is a line: grep '^[{[]'"
_NO_COMMA: Final = "separate JSON texts by line breaks alone, or put them in a list: [..., ...]"
_LINE_END: Final = re.compile(rb"[ \t\r]*(?:\n|\Z)")
_MORE: Final = re.compile(r"trailing characters \(byte (\d+)\)")
_ANY_JSON: Final = msgspec.json.Decoder(msgspec.Raw)
_T = TypeVar("_T")


class Document(NamedTuple):
    """One JSON document: its bytes, its position, and whether to search it for duplicate keys.

    `may_grow`: the file ends here, so that a writer may be in the middle of the document. `wrapped`: it may hold
    requests in another form (`otlp.json_wrappers`), as in a file.
    """

    data: bytes
    origin: Origin
    check_keys: bool
    may_grow: bool = False
    wrapped: bool = False

    @property
    def request(self) -> bytes:
        """Return the bytes, as a request where they seem to be a ResourceSpans."""
        return as_request(self.data) if self.wrapped else self.data

    def decode(self, shared: SharedValues) -> Batch:
        """Decode the document as OTLP JSON. Raise SourceError where it is something else."""

        def decode_one(data: bytes, origin: Origin) -> Batch:
            return decode_json(data, origin=origin, shared=shared, duplicate_keys=self.check_keys, wrapped=self.wrapped)

        batches = self.decode_texts(decode_one)
        return batches[0] if len(batches) == 1 else _joined(batches)

    def decode_texts(self, decode: Callable[[bytes, Origin], _T]) -> list[_T]:
        """Return what `decode` makes of each text of the document, and of its position.

        `decode` is tried on the whole document first. Its SourceError becomes SourceUnfinished where the document is
        still being written.
        """
        try:
            return [decode(self.data, self.origin)]
        except SourceError as error:
            ends, cut_short = _text_ends(self.data)
            if len(ends) == 1:
                raise self._explained(error, self.data, self.origin, cut_short=cut_short) from None
        decoded, begin = [], 0
        for end in ends:
            text, origin = self.data[begin:end], self._origin_at(begin)
            try:
                decoded.append(decode(text, origin))
            except SourceError as error:
                raise self._explained(
                    error, self.data[begin:], origin, cut_short=cut_short and end == ends[-1]
                ) from None
            begin = end
        return decoded

    def _origin_at(self, begin: int) -> Origin:
        origin = self.origin
        return Origin(origin.name, origin.offset + begin, origin.line + self.data.count(b"\n", 0, begin))

    def _explained(self, error: SourceError, text: bytes, origin: Origin, *, cut_short: bool) -> SourceError:
        content = text.lstrip()
        if content and not content.startswith(_OPENING):
            blanks = len(text) - len(content)
            line = origin.line + text.count(b"\n", 0, blanks)
            place = f"byte {origin.offset + blanks} (line {line})"
            seen = quoted(content.split(b"\n", 1)[0].decode("utf-8", "replace"))
            hint = _NO_COMMA if content.startswith(b",") else _NO_LINES
            return SourceError(f"{origin.name}: {place}: not JSON: {seen}", hint=hint)
        if not (self.may_grow and cut_short):
            return error
        return unfinished(error.message, origin.name, hint=f"what starts in line {origin.line} is half there")


class DocumentReader:
    """Reads the documents of one file, and enforces its limits."""

    def __init__(self, file: OpenFile, limits: FileLimits) -> None:
        self._file, self._limits = file, limits
        self._offset = 0
        self._unchecked_keys = limits.checked_keys
        self._rest: io.BytesIO | None = None  # what was read after the end of a document

    def documents(self) -> Iterator[Document]:
        """Yield the documents without decoding them. Raise SourceError where one, or the file, is too large."""
        line_number = 1
        lines = False  # whether a text was one line before
        while line := self._line():
            start, first = self._offset - len(line), line_number
            line_number += 1
            usual = line[:1] + line[-2:] == _USUAL_LINE  # which is not copied
            text = line if usual else line.removeprefix(BYTE_ORDER_MARK).strip()
            if not text:
                continue
            is_line = usual or text[:1] + text[-1:] in (b"{}", b"[]")
            if is_line or (lines and text not in _OPENING):
                lines = True
                yield self._document(line, start, first, may_grow=not line.endswith(b"\n"))
                continue
            block, at_end = self._block(line)
            line_number = first + block.count(b"\n")
            yield self._document(block, start, first, may_grow=at_end)

    def _block(self, first: bytes) -> tuple[bytes, bool]:
        """Return whole texts of several lines, beginning with a line that was read, and whether the file ends there.

        Such a text ends with a line that is a closing bracket alone. Where it does not, it goes on to the file's end.
        """
        block = bytearray(first)
        end = searched = checked = 0
        while chunk := self._chunk():
            block += chunk
            if len(block) > self._limits.document:
                raise too_large(self._file.name, f"a document of more than {self._limits.document:,} bytes")
            end = _last_text_end(block, searched) or end
            searched = max(block.rfind(b"\n"), 0)
            if end > checked and len(block) >= 2 * checked and block[end:].strip():  # another text follows
                checked = len(block)
                if not _text_ends(memoryview(block)[:end])[1]:
                    self._give_back(bytes(memoryview(block)[end:]))
                    return bytes(memoryview(block)[:end]), False
        return bytes(block), True

    def _line(self) -> bytes:
        limit = self._limits.document + 1
        line = b""
        if self._rest is not None:
            line = self._rest.readline()
            if line.endswith(b"\n"):
                return self._count(line)
            self._rest = None
        return self._count(line + self._file.stream.readline(limit))

    def _chunk(self) -> bytes:
        before = self._rest.read() if self._rest is not None else b""
        self._rest = None
        return self._count(before + self._file.stream.read(_CHUNK))

    def _give_back(self, data: bytes) -> None:
        self._offset -= len(data)
        self._rest = io.BytesIO(data)

    def _count(self, data: bytes) -> bytes:
        """Count the bytes read. Raise SourceError where the document or the file is too large."""
        self._offset += len(data)
        if len(data) > self._limits.document:
            raise too_large(self._file.name, f"a document of more than {self._limits.document:,} bytes")
        if self._offset > self._limits.total:
            raise too_large(self._file.name, f"more than {self._limits.total:,} bytes")
        return data

    def _document(self, data: bytes, start: int, line: int, *, may_grow: bool) -> Document:
        text = data.removeprefix(BYTE_ORDER_MARK)
        origin = Origin(self._file.name, start + len(data) - len(text), line)
        check = len(text) <= self._unchecked_keys
        self._unchecked_keys -= len(text) if check else 0
        return Document(text, origin, check, may_grow, wrapped=True)


def _last_text_end(block: bytearray, searched: int) -> int:
    """Return the end of the last line behind the bytes searched that is a closing bracket alone; 0 if there is none."""
    stop = len(block)
    while (found := max(block.rfind(each, searched, stop) for each in _CLOSING)) >= 0:
        if _LINE_END.match(block, found + 2):
            return found + 2
        stop = found + 1
    return 0


def _text_ends(data: bytes | memoryview) -> tuple[list[int], bool]:
    """Return where each JSON text of some bytes ends, and whether the last one is cut short.

    A text that is malformed otherwise takes all the rest.
    """
    view, ends, begin = memoryview(data), list[int](), 0
    while True:
        try:
            _ANY_JSON.decode(view[begin:])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if found := _MORE.search(str(error)):
                begin += int(found[1]) - 1  # msgspec gives the byte after the first one that is too many
                ends.append(begin)
                continue
            return [*ends, len(data)], "truncated" in str(error)
        return [*ends, len(data)], False


def _joined(batches: list[Batch]) -> Batch:
    """Return one batch with what several hold."""
    return Batch(
        [span for batch in batches for span in batch.spans],
        [log for batch in batches for log in batch.logs],
        frozenset(signal for batch in batches for signal in batch.signals),
        tuple(field for batch in batches for field in batch.unread),
    )
