"""The formats of trace files, one module each, recognised by a file's content.

`detect` returns the format of a file, or raises an error that names what the file is instead (`refused`).
To add a format, write a module with a `TraceFormat` and add it to `FORMATS`; add what the format cannot carry to
docs/sources.md.
"""

from __future__ import annotations

from typing import Final

from spanpact.errors import SourceError
from spanpact.sources.files.formats.go_console import GO_CONSOLE
from spanpact.sources.files.formats.jaeger_json import JAEGER_JSON, JAEGER_V3_JSON
from spanpact.sources.files.formats.json_outline import is_json
from spanpact.sources.files.formats.otlp_json import OTLP_JSON
from spanpact.sources.files.formats.otlp_messages import OTLP_MESSAGES
from spanpact.sources.files.formats.otlp_protobuf import OTLP_PROTOBUF
from spanpact.sources.files.formats.python_console import PYTHON_CONSOLE
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.sources.files.formats.zipkin_json import ZIPKIN_JSON

__all__ = ["FORMATS", "OTLP_JSON", "Start", "TraceFormat", "detect"]

FORMATS: Final = (
    OTLP_JSON,
    OTLP_PROTOBUF,
    OTLP_MESSAGES,
    JAEGER_JSON,
    JAEGER_V3_JSON,
    ZIPKIN_JSON,
    PYTHON_CONSOLE,
    GO_CONSOLE,
)
ACCEPTED: Final = (
    "accepted: OTLP as JSON or protobuf, Zipkin's JSON (version 2), Jaeger's JSON, the console output of OpenTelemetry "
    "Python and Go, each also with gzip or zstd"
)


def detect(start: bytes, name: str) -> TraceFormat:
    """Return the format of a file that begins with `start`, the first 64 KiB of its content without compression.

    JSON of no known kind is read as OTLP JSON, which explains what is wrong with it. Raise SourceError for anything
    else, and for what two formats recognise.
    """
    seen = Start(start)
    found = [each for each in FORMATS if each.recognizes(seen)]
    if len(found) > 1:
        names = " and ".join(each.name for each in found)
        raise SourceError(f"{name}: looks like {names} at once", hint="give one file for each format")
    if found:
        return found[0]
    if not seen.text:
        return OTLP_JSON
    from spanpact.sources.files.formats.refused import refusal, unknown  # many patterns, for files of other kinds

    error = refusal(seen, name)
    if error is None and is_json(seen.text):
        return OTLP_JSON
    raise error or unknown(seen, name, ACCEPTED)
