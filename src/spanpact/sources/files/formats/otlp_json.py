"""OTLP JSON in every form in which programs write requests (`otlp.json_wrappers`): one text or many, lines or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.json.wrappers import LOGS_OF_RESOURCE, METRICS_OF_RESOURCE, REQUEST_FIELDS, SPANS_OF_RESOURCE
from spanpact.sources.files.byte_stream import OpenFile
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.sources.files.json_texts import Document, DocumentReader
from spanpact.sources.files.limits import FileLimits

_USUAL_START: Final = b'{"resourceSpans"'
_AROUND: Final = ("", "trace.")
_NAMES: Final = (
    *REQUEST_FIELDS, *SPANS_OF_RESOURCE, *LOGS_OF_RESOURCE, *METRICS_OF_RESOURCE,
    "batches[].resource", *(f"batches[].{name}" for name in SPANS_OF_RESOURCE),
)  # fmt: skip
_PATHS: Final = frozenset(f"{inside}{around}{name}" for inside in ("", "[].") for around in _AROUND for name in _NAMES)


def _recognizes(start: Start) -> bool:
    return start.text.startswith(_USUAL_START) or start.has_any(*_PATHS)


def _read(file: OpenFile, limits: FileLimits, shared: SharedValues) -> Iterator[Batch]:
    return (document.decode(shared) for document in _parts(file, limits))


def _parts(file: OpenFile, limits: FileLimits) -> Iterator[Document]:
    return DocumentReader(file, limits).documents()


OTLP_JSON = TraceFormat("OTLP JSON", _recognizes, _read, parts=_parts)
