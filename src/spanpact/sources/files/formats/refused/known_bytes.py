"""Other formats that are not read, recognised by their first bytes, each with the way to convert it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class KnownBytes(NamedTuple):
    """A format: its name, the pattern that its beginning matches, and the way to convert it."""

    name: str
    pattern: re.Pattern[bytes]
    way: str


def _known(name: str, pattern: bytes, way: str) -> KnownBytes:
    return KnownBytes(name, re.compile(pattern, re.DOTALL | re.IGNORECASE), way)


_EXPORTER: Final = "have the SDK export OTLP: to a file of the collector's file exporter, or to spanpact run"
_TABLE: Final = "export the traces as OTLP JSON from the store that they come from"
_LENGTH: Final = rb"[\x00-\xff]{1,4}?"

KNOWN_BYTES: Final = (
    _known("a file compressed with xz", rb"\xfd7zXZ\x00", "decompress it with xz -d"),
    _known("a file compressed with bzip2", rb"BZh[1-9]1AY", "decompress it with bzip2 -d"),
    _known("a file compressed with lz4", rb"\x04\x22\x4d\x18", "decompress it with lz4 -d"),
    _known("a file compressed with snappy", rb"\xff\x06\x00\x00sNaPpY", "decompress it with snzip -d"),
    _known("a ZIP archive", rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", "extract it, and give the files in it"),
    _known("a 7z archive", rb"7z\xbc\xaf\x27\x1c", "extract it, and give the files in it"),
    _known("a tar archive", rb".{257}ustar", "extract it, and give the files in it"),
    _known(
        "text in UTF-16",
        rb"\xff\xfe|\xfe\xff|[{\[]\x00|\x00[{\[]",
        "write it in UTF-8; PowerShell's > writes UTF-16, use | Out-File -Encoding utf8",
    ),
    _known("a capture of network packets (pcap)", rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1", _EXPORTER),
    _known("a capture of network packets (pcapng)", rb"\x0a\x0d\x0d\x0a", _EXPORTER),
    _known(
        "spans of Zipkin as protobuf",
        rb"\x0a" + _LENGTH + rb"\x0a(?:\x10.{16}|\x08.{8})(?:\x12\x08.{8})?\x1a\x08",
        "have the reporter write JSON of version 2",
    ),
    _known(
        "a trace of Perfetto",
        rb"\x0a" + _LENGTH + rb"(?:[\x32\x40\x50\x5a\x60]|[\x8a-\xfa][\x02-\x08])",
        "its events have no trace ids: " + _EXPORTER,
    ),
    _known("a SQLite database", rb"SQLite format 3\x00", _TABLE),
    _known("a DuckDB database", rb".{8}DUCK", _TABLE),
    _known("a Parquet file", rb"PAR1", _TABLE),
    _known("an Arrow file", rb"ARROW1", _TABLE),
    _known("an Avro file", rb"Obj\x01", _TABLE),
    _known("a recording of Java Flight Recorder", rb"FLR\x00", _EXPORTER),
    _known("an execution trace of Go", rb"go 1\.\d+ trace\x00", _EXPORTER),
    _known("a recording of perf", rb"PERFILE2", _EXPORTER),
    _known("a trace of .NET (nettrace)", rb"Nettrace", _EXPORTER),
    _known("a PDF", rb"%PDF-", _EXPORTER),
    _known("a picture", rb"\x89PNG|\xff\xd8\xff|GIF8", _EXPORTER),
    _known("a program", rb"\x7fELF|MZ.{2}\x00|\xcf\xfa\xed\xfe", _EXPORTER),
)
"""Binary formats: patterns of the very first bytes."""

KNOWN_TEXT: Final = (
    _known(
        "an HTML page",
        rb"<!doctype html|<html|<!--.{0,2000}<html",
        "it is what a server answers instead of data, such as a login page: check the address that it was read from",
    ),
    _known("JSON with comments", rb"(?://|/\*|[{\[]\s*(?://|/\*))", "remove the comments: JSON has none"),
    _known(
        "the log of several containers, each line behind a name",
        rb"(?P<name>[\w.-]+ *\| )[^\n]*\n(?P=name)",
        "print it without the names: docker compose logs --no-log-prefix",
    ),
    _known("an XML file", rb"<\?xml|<[a-z]", "give the traces as OTLP JSON or protobuf"),
    _known(
        "a contract, not a file of traces",
        rb"(?:#[^\n]*\n|---[^\n]*\n|\s+)*(?:spanpact|contract) *:",
        "give contracts as arguments, and traces after --from",
    ),
    _known(
        "what the collector's debug exporter prints",
        rb"(?:.{0,2000}\n)?(?:[^\n]*\s)?(?:Resource|Scope)Spans #\d",
        "use the collector's file exporter",
    ),
    _known(
        "what the console exporter of OpenTelemetry JS prints",
        rb"\{\s+(?:resource|traceId|instrumentationScope): ",
        _EXPORTER,
    ),
    _known("what the console exporter of OpenTelemetry .NET prints", rb"(?:.{0,2000}\n)?Activity\.TraceId:", _EXPORTER),
    _known("what the stdout exporter of OpenTelemetry Rust prints", rb"Spans\s+Resource\b", _EXPORTER),
    _known(
        "what Java's logging exporter prints",
        rb"(?:[^\n]*\n)?[^\n]*INFO: '[^\n]*' : [0-9a-f]{32} [0-9a-f]{16} [A-Z]+ \[tracer: ",
        "use OTEL_TRACES_EXPORTER=logging-otlp, and take the JSON out of the lines with sed -n 's/^INFO: //p'",
    ),
    _known("metrics of Prometheus", rb"# (?:HELP|TYPE) \w+ ", "it has no traces"),
    _known(
        "a trace of the Linux kernel (ftrace)",
        rb"# tracer: ",
        "its events have no trace ids: " + _EXPORTER,
    ),
    _known(
        "a CSV file",
        rb"\"?[\w .:()-]+\"?(?P<sep>[,;\t])(?:\"?[\w .:()-]*\"?(?P=sep))*\"?[\w .:()-]+\"?\r?\n[^\n]*(?P=sep)",
        _TABLE,
    ),
)
"""Text formats: patterns of the beginning without blanks."""
