"""Jaeger's JSON: what its UI saves ("Trace JSON", "Download Results"), and answers of its two APIs.

`/api/traces` has the model of Jaeger 1, with what that loses (`sources.jaeger.legacy_api`). `/api/v3` has OTLP in
`result`. What Jaeger changed and noted is restored, and what its storage lost is found out, as for traces that are read
from Jaeger itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import MalformedValue
from spanpact.otlp.json.errors import quoted
from spanpact.otlp.json.wrappers import REQUEST_FIELDS
from spanpact.sources.files.byte_stream import OpenFile
from spanpact.sources.files.formats.json_spans import json_reader
from spanpact.sources.files.formats.trace_format import FoundDescription, Start, TraceFormat
from spanpact.sources.files.json_texts import DocumentReader
from spanpact.sources.files.limits import FileLimits
from spanpact.trace.model import Capability, Span

_NAME: Final = "Jaeger's JSON"
_TRACE: Final = (("spans[].traceID", "spans[].spanID"), ("traceID", "spans"), ("processes.p1",))
_AROUND: Final = ("data[].", "", "[].", "data.")
_LEGACY: Final[frozenset[Capability]] = frozenset(
    (
        *("events", "status_message", "status_ok", "scope", "resource", "scalar_types", "number_types", "bytes"),
        *("complete", "offered"),
    )
)
_V3: Final[frozenset[Capability]] = frozenset((*_LEGACY, "links"))
_MICROSECOND: Final = 1000


class _Answer(msgspec.Struct):
    errors: list[Any] | None = None


class _Traces(msgspec.Struct):
    data: list[msgspec.Raw] | None


def _recognizes(start: Start) -> bool:
    return any(start.has(*(around + path for path in paths)) for around in _AROUND for paths in _TRACE)


def _decode(data: bytes, shared: SharedValues) -> Sequence[Span]:
    from spanpact.sources.jaeger.alterations import Restorer  # late, as it imports the client of Jaeger
    from spanpact.sources.jaeger.legacy_api import decode_answer

    restore = Restorer().span
    return [restore(span) for span in decode_answer(_as_answer(data), shared)]


def _decode_traces(data: bytes, shared: SharedValues) -> Iterator[Sequence[Span]]:
    """Yield the spans of each trace of a text."""
    for trace in msgspec.json.decode(_as_answer(data), type=_Traces).data or ():
        yield _decode(trace, shared)


def _as_answer(data: bytes) -> bytes:
    """Return a text as an answer with a list of traces: it may be a trace alone, or a list of them.

    Raise MalformedValue for an answer with errors.
    """
    value = msgspec.json.decode(data, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
    if isinstance(value, list):
        return b'{"data":%b}' % data
    if "data" not in value:
        return b'{"data":[%b]}' % data
    errors = msgspec.json.decode(data, type=_Answer).errors
    if errors:
        raise MalformedValue(f"it is an answer with an error: {quoted(str(errors[0]))}")
    return b'{"data":[%b]}' % value["data"] if bytes(value["data"]).startswith(b"{") else data


def _describe() -> FoundDescription:
    """Return what finds out what the storage behind Jaeger carries."""
    from spanpact.sources.jaeger.description import Description

    return Description()


JAEGER_JSON = TraceFormat(
    _NAME,
    _recognizes,
    json_reader(_NAME, _decode, _decode_traces),
    capabilities=_LEGACY,
    resolution_ns=_MICROSECOND,
    describe=_describe,
)


def _recognizes_v3(start: Start) -> bool:
    return start.has_any(*(f"{around}result.{field}" for around in ("", "[].") for field in REQUEST_FIELDS))


def _read_v3(file: OpenFile, limits: FileLimits, shared: SharedValues) -> Iterator[Batch]:
    from spanpact.sources.jaeger.alterations import Restorer

    restore = Restorer().span
    for document in DocumentReader(file, limits).documents():
        batch = document.decode(shared)
        yield replace(batch, spans=list(map(restore, batch.spans)))


JAEGER_V3_JSON = TraceFormat(
    "answers of Jaeger's /api/v3",
    _recognizes_v3,
    _read_v3,
    capabilities=_V3,
    describe=_describe,
)
