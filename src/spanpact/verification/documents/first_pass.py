"""Read documents for the first time: find where each trace ends, and whether there are log records.

Where the search for names misses something, the second pass finds it, and the documents are judged as a whole. Log
records are an exception: a file of spans and log records has them in its first documents, or at the start of others.
Only where the second pass finds some elsewhere, all documents are searched in full, and judged once more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from spanpact.errors import SourceError
from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.json.lazy import has_logs
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.json_texts import Document
from spanpact.sources.files.trace_ends import TraceEnds
from spanpact.trace.model import SourceInfo
from spanpact.verification.documents.stored_documents import AnyDocument, StoredDocuments

_LOGS: Final = b'ogs"'  # the end of every name for log records, which may also be in a value
_SPANS: Final = b'pans"'
_IN_FULL: Final = 8  # documents that are searched for log records in full
_START: Final = 1 << 8  # bytes of the others


class FirstPass(NamedTuple):
    """Where each trace ends, and the description of the source, which says whether it carries log records.

    `of_logs` are the sources, by index, that seem to hold log records alone.
    """

    trace_ends: TraceEnds
    info: SourceInfo
    of_logs: frozenset[int] = frozenset()


def read_first(stored: StoredDocuments) -> FirstPass:
    """Read all documents. Raise NeedsFullDecoding for protobuf that cannot be read."""
    trace_ends, found = TraceEnds(), [_Signals() for _ in stored.sources]
    place, shared = 0, SharedValues()
    for source, signals in zip(stored.sources, found, strict=True):
        for document in source.documents():
            place += 1
            _note(document, place, trace_ends)
            if stored.logs_show:
                in_full = stored.search_in_full or len(stored.sources) > 1 or place <= _IN_FULL
                signals.add(document, shared, in_full=in_full)
    if not stored.logs_show:
        return FirstPass(trace_ends, stored.info)
    of_logs = frozenset(i for i, each in enumerate(found) if each.logs and not each.spans)
    info = stored.info
    if _carry_logs(found, of_logs):
        info = msgspec.structs.replace(info, capabilities=info.capabilities | {"logs"})
    return FirstPass(trace_ends, info, of_logs)


@dataclass(slots=True)
class _Signals:
    """Whether a source has a field for log records, and whether it seems to have one for spans."""

    logs: bool = False
    spans: bool = False

    def add(self, document: AnyDocument, shared: SharedValues, *, in_full: bool) -> None:
        """Look at one document, `in_full` or at its start."""
        self.logs = self.logs or has_log_records(document, shared, in_full=in_full)
        self.spans = self.spans or _may_have_spans(document)


def _carry_logs(found: Sequence[_Signals], of_logs: Collection[int]) -> bool:
    """Return whether the log records of every trace are among what was read (see `sources.merging`).

    Raise NeedsFullDecoding where this depends on which traces are in which source.
    """
    carrying = [each.logs for each in found]
    if any(carrying) and not all(carrying) and not of_logs:
        raise NeedsFullDecoding
    return any(carrying)


def _may_have_spans(document: AnyDocument) -> bool:
    if isinstance(document, Document):
        return _SPANS in document.data
    return bool(document.spans) if isinstance(document, Batch) else isinstance(document, bytes)


def _note(document: AnyDocument, place: int, trace_ends: TraceEnds) -> None:
    """Note the traces of one document: those of its spans and of its log records."""
    if isinstance(document, Document):
        trace_ends.note_json(document.data, place)
    elif isinstance(document, Batch):
        of_spans, of_logs = {span.trace_id for span in document.spans}, {log.trace_id for log in document.logs}
        trace_ends.note(of_spans | (of_logs - {""}), place)
    else:
        from spanpact.otlp.protobuf import lazy as lazy_protobuf  # takes long, and most files are JSON

        if isinstance(document, LogsMessage):
            trace_ends.note(lazy_protobuf.find_trace_ids_of_logs(document.data), place)
        else:
            trace_ends.note(lazy_protobuf.find_trace_ids(document), place)


def has_log_records(document: AnyDocument, shared: SharedValues, *, in_full: bool = True) -> bool:
    """Return whether a document has a field for log records; one of JSON that begins late counts only `in_full`."""
    if isinstance(document, Batch):
        return "logs" in document.signals
    if not isinstance(document, Document):
        return isinstance(document, LogsMessage)
    if _LOGS not in (document.data if in_full else document.data[:_START]):
        return False
    try:
        return has_logs(document.request)
    except NeedsFullDecoding:
        pass
    try:
        return "logs" in document.decode(shared).signals
    except SourceError:
        return False  # the second pass finds what is wrong, or something before it
