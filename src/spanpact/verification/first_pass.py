"""Read documents for the first time: find where each trace ends, and whether there are log records.

Where the search for names misses something, the second pass finds it, and the documents are judged as a whole.
"""

from __future__ import annotations

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
from spanpact.verification.stored_documents import StoredDocuments

_LOGS: Final = b'ogs"'  # the end of every name for log records, which may also be in a value


class FirstPass(NamedTuple):
    """Where each trace ends, and the description of the source, which says whether it carries log records."""

    trace_ends: TraceEnds
    info: SourceInfo


def read_first(stored: StoredDocuments) -> FirstPass:
    """Read all documents. Raise NeedsFullDecoding for protobuf that cannot be read."""
    trace_ends, logs = TraceEnds(), not stored.logs_show
    shared = SharedValues()
    for place, document in enumerate(stored.documents(), 1):
        _note(document, place, trace_ends)
        logs = logs or _has_logs(document, shared)
    info = stored.info
    if stored.logs_show and logs:
        info = msgspec.structs.replace(info, capabilities=info.capabilities | {"logs"})
    return FirstPass(trace_ends, info)


def _note(document: Document | LogsMessage | bytes | Batch, place: int, trace_ends: TraceEnds) -> None:
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


def _has_logs(document: Document | LogsMessage | bytes | Batch, shared: SharedValues) -> bool:
    """Return whether a document has a field for log records."""
    if isinstance(document, Batch):
        return "logs" in document.signals
    if not isinstance(document, Document):
        return isinstance(document, LogsMessage)
    if _LOGS not in document.data:
        return False
    try:
        return has_logs(document.request)
    except NeedsFullDecoding:
        pass
    try:
        return "logs" in document.decode(shared).signals
    except SourceError:
        return False  # the second pass finds what is wrong, or something before it
