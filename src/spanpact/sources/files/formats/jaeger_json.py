"""Jaeger's JSON: what its UI saves ("Trace JSON", "Download Results"), and answers of `/api/traces`.

It is the model of Jaeger 1, with what that loses (`sources.jaeger.legacy_api`). What Jaeger changed and noted is
restored, as for traces that are read from Jaeger itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from spanpact.otlp import SharedValues
from spanpact.otlp.batch import MalformedValue
from spanpact.otlp.json_errors import quoted
from spanpact.sources.files.formats.json_spans import json_reader
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.trace.model import Capability, Span

_NAME: Final = "Jaeger's JSON"
_TRACE: Final = (("spans[].traceID", "spans[].spanID"), ("traceID", "spans"), ("processes.p1",))
_AROUND: Final = ("data[].", "", "[].", "data.")
_CAPABILITIES: Final[frozenset[Capability]] = frozenset(
    (
        *("events", "status_message", "status_ok", "scope", "resource", "scalar_types", "number_types", "bytes"),
        *("complete", "offered"),
    )
)


class _Answer(msgspec.Struct):
    errors: list[Any] | None = None


def _recognizes(start: Start) -> bool:
    return any(start.has(*(around + path for path in paths)) for around in _AROUND for paths in _TRACE)


def _decode(data: bytes, shared: SharedValues) -> Sequence[Span]:
    from spanpact.sources.jaeger.alterations import Restorer  # late, as it imports the client of Jaeger
    from spanpact.sources.jaeger.legacy_api import decode_answer

    restore = Restorer().span
    return [restore(span) for span in decode_answer(_as_answer(data), shared)]


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


JAEGER_JSON = TraceFormat(
    _NAME,
    _recognizes,
    json_reader(_NAME, _decode),
    capabilities=_CAPABILITIES,
    resolution_ns=1000,
)
