"""Name what a file is that is not read, and the way to convert it."""

from __future__ import annotations

import re
from typing import Final

from spanpact.errors import SourceError
from spanpact.otlp.json.errors import quoted
from spanpact.sources.files.formats.refused.known_bytes import KNOWN_BYTES, KNOWN_TEXT
from spanpact.sources.files.formats.refused.known_json import KNOWN_JSON
from spanpact.sources.files.formats.trace_format import Start

_JSON_IN_LINE: Final = re.compile(
    rb'^([^\n{]{1,200})\{\s*"(?:resource|scopeSpans|batches|context|name|Name|traceId)', re.MULTILINE
)
_NO_LOG: Final = re.compile(rb"//|/\*|\{|\[\s*/")  # comments, and JSON with comments
_JSON_LINE: Final = re.compile(rb'^\{"[^\n]*\}\r?$', re.MULTILINE)
_PLAIN: Final = re.compile(rb"[\w:,.\- ]+")
_TEXT: Final = re.compile(rb"[^\x00-\x08\x0e-\x1f]*")
_SHOWN_BYTES: Final = 8
_TEXT_SEARCHED: Final = 4096  # bytes


def refusal(start: Start, name: str) -> SourceError | None:
    """Return the error that names what a file is which no format recognises; None if it is not known."""
    for kind in KNOWN_JSON:
        if any(start.has(*paths) for paths in kind.paths):
            return _error(name, kind.name, kind.way)
    for known in KNOWN_BYTES:
        if known.pattern.match(start.data):
            return _error(name, known.name, known.way)
    if not start.paths:
        if not _NO_LOG.match(start.text) and (error := _json_behind_text(start, name)) is not None:
            return error
        for known in KNOWN_TEXT:
            if known.pattern.match(start.text[:_TEXT_SEARCHED]):
                return _error(name, known.name, known.way)
    return None


def unknown(start: Start, name: str, accepted: str) -> SourceError:
    """Return the error for a file of which nothing is known; `accepted` lists the formats that are read."""
    if _TEXT.fullmatch(start.data[:1024]):
        line = 1 + start.data[: len(start.data) - len(start.text)].count(b"\n")
        seen = quoted(start.text.split(b"\n", 1)[0].decode("utf-8", "replace"))
        if json := _JSON_LINE.search(start.data):
            other = 1 + start.data.count(b"\n", 0, json.start())
            what = f"line {line} begins with {seen}, and line {other} is JSON: a log, not JSON"
            return SourceError(f"{name}: {what}", hint="take the JSON out: grep '^{'")
        return SourceError(f"{name}: line {line} begins with {seen}, as no known format of traces does", hint=accepted)
    seen = start.data[:_SHOWN_BYTES].hex(" ")
    return SourceError(
        f"{name}: byte 0: begins with the bytes {seen}, as no known format of traces does", hint=accepted
    )


def _error(name: str, what: str, way: str) -> SourceError:
    return SourceError(f"{name}: is {what}: spanpact does not read it", hint=way)


def _json_behind_text(start: Start, name: str) -> SourceError | None:
    """Return the error for a log whose lines hold JSON behind something else."""
    found = [each for each in _JSON_IN_LINE.finditer(start.data) if each[1].strip()]
    if not found:
        return None
    first = found[0]
    line = 1 + start.data.count(b"\n", 0, first.start())
    before = {each[1] for each in found}
    same = len(before) == 1 and _PLAIN.fullmatch(first[1])
    pattern = first[1].decode() if same else "[^{]*"
    what = f"line {line}, column {len(first[1]) + 1}: JSON begins behind {quoted(first[1].decode(errors='replace'))}"
    return SourceError(f"{name}: {what}: a log, not JSON", hint=f"take the JSON out: sed -n 's/^{pattern}//p'")
