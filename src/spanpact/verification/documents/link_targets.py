"""Find the links into other traces that lead nowhere, for streaming verification, which holds no other trace.

A verification notes the targets of links. After it, one pass over the documents looks for the spans that they name.
Only if some are missing in traces that are there, a second pass finds out whether these traces are whole; then the
verification is repeated. Without links into other traces nothing of this happens.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.ids import normalize_id
from spanpact.otlp.json import lazy as lazy_json
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.json_texts import Document
from spanpact.trace.model import Span, Trace
from spanpact.trace.topology import span_ids_if_whole
from spanpact.verification.documents.number_table import NumberTable
from spanpact.verification.documents.stored_documents import AnyDocument, StoredDocuments

_NOTED, _FOUND = 1, 2
_KEY_BYTES, _TRACE_DIGITS = 24, 32

Ids = tuple[str, str, str]
"""The trace id, span id and parent id of a span."""


class _NotedTargets(ABC):
    """Notes the targets of links until it is known which of them lead nowhere."""

    def __init__(self) -> None:
        self._dangling: frozenset[tuple[str, str]] | None = None

    def __call__(self, trace_id: str, span_id: str) -> Span | None:
        """Raise NeedsFullDecoding: a contract looks at a span of a trace that may have been dropped."""
        raise NeedsFullDecoding

    def lacks(self, trace_id: str, span_id: str) -> bool:
        """Return whether the trace lacks the span. Before `find_dangling` note this target, and return False."""
        if self._dangling is not None:
            return (trace_id, span_id) in self._dangling
        self._note(trace_id, span_id)
        return False

    @abstractmethod
    def _note(self, trace_id: str, span_id: str) -> None:
        """Note a target."""


class LinkTargets(_NotedTargets):
    """The targets of links into other traces; those that are well formed are kept in 24 bytes, and 12 a slot."""

    def __init__(self) -> None:
        super().__init__()
        self._states = NumberTable()
        self._packed = bytearray()
        self._others: list[tuple[str, str]] = []

    def _note(self, trace_id: str, span_id: str) -> None:
        key = trace_id + span_id
        if not self._states[key]:
            self._states[key] = _NOTED
            self._keep(trace_id, span_id)

    def _keep(self, trace_id: str, span_id: str) -> None:
        try:
            packed = bytes.fromhex(trace_id + span_id)
        except ValueError:
            packed = b""
        if len(packed) == _KEY_BYTES and len(trace_id) == _TRACE_DIGITS and packed.hex() == trace_id + span_id:
            self._packed += packed
        else:
            self._others.append((trace_id, span_id))

    def find_dangling(self, stored: StoredDocuments) -> bool:
        """Look for the targets noted in the documents. Return whether some are not in their trace."""
        missing = list(self._missing(stored)) if self._packed or self._others else []
        found = _traces(stored, {trace_id for trace_id, _ in missing}) if missing else {}
        self._dangling = frozenset(
            (trace_id, span_id)
            for trace_id, span_id in missing
            if trace_id in found and found[trace_id].lacks(span_id, stored.settled)
        )
        return bool(self._dangling)

    def _missing(self, stored: StoredDocuments) -> Iterator[tuple[str, str]]:
        """Yield the targets whose span is not there while their trace is."""
        states, given = self._states, NumberTable()
        last = ""
        for _, (trace_id, span_id, _) in _ids(stored):
            if states[trace_id + span_id] == _NOTED:
                states[trace_id + span_id] = _FOUND
            if span_id and trace_id != last:
                given[trace_id] = 1
                last = trace_id
        for trace_id, span_id in self._targets():
            if states[trace_id + span_id] == _NOTED and given[trace_id]:
                yield trace_id, span_id

    def _targets(self) -> Iterator[tuple[str, str]]:
        for start in range(0, len(self._packed), _KEY_BYTES):
            key = self._packed[start : start + _KEY_BYTES].hex()
            yield key[:_TRACE_DIGITS], key[_TRACE_DIGITS:]
        yield from self._others


class TargetsInReadings(_NotedTargets):
    """The same for traces that are read from their source again, such as those of a search."""

    def __init__(self) -> None:
        super().__init__()
        self._targets: set[tuple[str, str]] = set()

    def _note(self, trace_id: str, span_id: str) -> None:
        self._targets.add((trace_id, span_id))

    def traces(self) -> set[str]:
        """Return the ids of the traces that links lead to."""
        return {trace_id for trace_id, _ in self._targets}

    def find_dangling(self, traces: Iterable[Trace]) -> bool:
        """Look for the targets in these traces. Return whether some of those that are whole lack one."""
        targets = self._targets
        found = {trace.trace_id: span_ids_if_whole(trace) for trace in traces}
        lacking = ((each, found.get(each[0])) for each in targets)
        self._dangling = frozenset(each for each, ids in lacking if ids is not None and each[1] not in ids)
        return bool(self._dangling)


@dataclass(slots=True)
class _TraceIds:
    """The ids of a trace's spans, those of their parents, and the last document in which it occurs."""

    spans: set[str] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)
    last: int = 0

    def lacks(self, span_id: str, settled: float) -> bool:
        """Return whether the trace is complete and whole and lacks the span."""
        return bool(self.spans) and self.last <= settled and self.parents <= self.spans and span_id not in self.spans


def _traces(stored: StoredDocuments, wanted: set[str]) -> dict[str, _TraceIds]:
    found: dict[str, _TraceIds] = {}
    for place, (trace_id, span_id, parent_id) in _ids(stored):
        if trace_id in wanted:
            ids = found.setdefault(trace_id, _TraceIds())
            ids.spans.update([span_id] if span_id else ())
            ids.parents.update([parent_id] if parent_id else ())
            ids.last = place
    return found


def _ids(stored: StoredDocuments) -> Iterator[tuple[int, Ids]]:
    """Yield the ids of all spans and log records that count, with the place of their document."""
    shared: Final = SharedValues()
    for place, document in enumerate(stored.documents(), 1):
        for ids in _ids_of(document, shared):
            if not stored.only or ids[0] in stored.only:
                yield place, ids


def _ids_of(document: AnyDocument, shared: SharedValues) -> Iterator[Ids]:
    """Yield the ids of the spans of a document, and those of its log records as ids without span and parent."""
    if isinstance(document, LogsMessage | bytes):
        from spanpact.otlp.protobuf import lazy as lazy_protobuf

        if isinstance(document, LogsMessage):
            yield from ((trace_id, "", "") for trace_id in lazy_protobuf.find_trace_ids_of_logs(document.data))
            return
        for _, spans in lazy_protobuf.iter_groups(document):
            yield from ((span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()) for span in spans)
        return
    if isinstance(document, Document) and not document.check_keys:
        try:
            request = lazy_json.read_request(document.request)
        except NeedsFullDecoding:
            pass
        else:
            for _, raw in request.spans:
                for each in raw:
                    ids = (each.trace_id or "", each.span_id or "", each.parent_span_id or "")
                    trace_id, span_id, parent_id = map(normalize_id, ids)
                    yield trace_id, span_id, parent_id
            for _, records in request.records:
                yield from ((lazy_json.record_ids(each)[0], "", "") for each in records)
            return
    batch = document if isinstance(document, Batch) else document.decode(shared)
    yield from ((span.trace_id, span.span_id, span.parent_id) for span in batch.spans)
    yield from ((record.trace_id, "", "") for record in batch.logs)
