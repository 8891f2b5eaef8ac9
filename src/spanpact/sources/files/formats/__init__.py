"""The formats of trace files, one module each, recognised by a file's content.

`detect` returns the format of a file, or raises an error that names what the file is instead (`refused`).
To add a format, write a module with a `TraceFormat` and add it to `all_formats`; add what the format cannot carry to
docs/sources.md.
"""

from __future__ import annotations

import re
from typing import Final

from spanpact.errors import SourceError
from spanpact.sources.files.formats.json_outline import is_json
from spanpact.sources.files.formats.otlp_json import OTLP_JSON
from spanpact.sources.files.formats.otlp_messages import OTLP_MESSAGES
from spanpact.sources.files.formats.otlp_protobuf import OTLP_PROTOBUF
from spanpact.sources.files.formats.trace_format import Start, TraceFormat

__all__ = ["OTLP_JSON", "Start", "TraceFormat", "all_formats", "detect"]

ACCEPTED: Final = (
    "accepted: OTLP as JSON or protobuf, Zipkin's JSON (version 2), Jaeger's JSON, the console output of OpenTelemetry "
    "Python and Go, each also with gzip or zstd"
)
_REQUEST: Final = b'{"resource'
_OTHER_LINE: Final = re.compile(rb'\n(?!\{"resource|\s*\Z)')


def all_formats() -> tuple[TraceFormat, ...]:
    """Return all formats. Those other than OTLP are imported here, as most files need none of them."""
    from spanpact.sources.files.formats.go_console import GO_CONSOLE
    from spanpact.sources.files.formats.jaeger_json import JAEGER_JSON, JAEGER_V3_JSON
    from spanpact.sources.files.formats.python_console import PYTHON_CONSOLE
    from spanpact.sources.files.formats.zipkin_json import ZIPKIN_JSON

    of_otlp = (OTLP_JSON, OTLP_PROTOBUF, OTLP_MESSAGES)
    return (*of_otlp, JAEGER_JSON, JAEGER_V3_JSON, ZIPKIN_JSON, PYTHON_CONSOLE, GO_CONSOLE)


def detect(start: bytes, name: str) -> TraceFormat:
    """Return the format of a file that begins with `start`, the first 64 KiB of its content without compression.

    JSON of no known kind is read as OTLP JSON, which explains what is wrong with it. Raise SourceError for anything
    else, and for what two formats recognise.
    """
    seen = Start(start)
    if not seen.text or (seen.text.startswith(_REQUEST) and not _OTHER_LINE.search(seen.text)):
        return OTLP_JSON
    for certain in (OTLP_PROTOBUF, OTLP_MESSAGES):  # no other format is binary
        if certain.recognizes(seen):
            return certain
    found = [each for each in all_formats() if each.recognizes(seen)]
    if len(found) > 1:
        names = " and ".join(each.name for each in found)
        raise SourceError(f"{name}: looks like {names} at once", hint="give one file for each format")
    return found[0] if found else _unrecognised(seen, name)


def _unrecognised(seen: Start, name: str) -> TraceFormat:
    """Return OTLP JSON for unknown JSON. Raise SourceError for anything else, and for what is known by name."""
    from spanpact.sources.files.formats.refused import refusal, unknown

    error = refusal(seen, name)
    if error is None and is_json(seen.text):
        return OTLP_JSON
    raise error or unknown(seen, name, ACCEPTED)
