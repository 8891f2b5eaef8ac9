"""Verifies an OTLP file whose traces need not be held: each is judged when it is over, and let go.

first pass    where each trace is seen for the last time (`LastSeen`)
second pass   document ──▶ facts of its spans ──▶ traces that are over ──▶ a precedent, or else the engine

The report is the one that `verify` gives of the whole file, in every detail. Whatever this way does not understand is
left to that one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.otlp import Batch, SharedValues, lazy_json, lazy_protobuf
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.json_decoding import normalize_id
from spanpact.sources.files.last_seen import LastSeen
from spanpact.sources.files.otlp_file import STANDARD_INPUT, Document, OtlpFileSource, iter_documents
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo, Span, Trace
from spanpact.verification.shapes import Facts
from spanpact.verification.shapes.partial_span_shapes import RawForms
from spanpact.verification.verdict_cache import Precedents
from spanpact.verification.verifying import Verification

_LOGS: Final = b"esourceLogs"  # whether it is a key or not


def verify_file(
    source: OtlpFileSource,
    plans: Sequence[ContractPlan | CompiledContract],
    *,
    strict: bool = False,
    allow_unseen: bool = False,
) -> Report | None:
    """The report on a file, of which only traces with findings are held. None where it cannot be read in this way.

    That is: standard input, a file with log records, one that changes while it is read, contracts that follow links
    into other traces. Raises SourceError as `OtlpFileSource.read` does.
    """
    if source.path == STANDARD_INPUT:
        return None
    capabilities = source.info.capabilities & (ALL_CAPABILITIES - {"logs"})
    reading = Reading(SourceInfo(source.name, capabilities), (), source.offered)
    verification = Verification(plans, reading, find_span=_elsewhere)
    if verification.precedents is None:
        return None
    try:
        last_seen = _first_pass(source)
        stream = _Stream(source, verification, verification.precedents, last_seen)
        for place, document in enumerate(iter_documents(source.path, limits=source.limits), 1):
            stream.take(document, place)
    except NeedsFullDecoding:
        return None
    if not stream.spans:
        return None
    traces = stream.amiss
    held = sum(len(trace.spans) for trace in traces)
    reading = Reading(reading.source, traces, source.offered, stream.traces - len(traces), stream.spans - held)
    return verification.report(reading, strict=strict, allow_unseen=allow_unseen, today=None, header=())


def _elsewhere(trace_id: str, span_id: str) -> Span | None:
    """A link leads to a trace that may have been let go."""
    raise NeedsFullDecoding


def _first_pass(source: OtlpFileSource) -> LastSeen:
    last_seen = LastSeen()
    for place, document in enumerate(iter_documents(source.path, limits=source.limits), 1):
        if isinstance(document, bytes):
            last_seen.note(lazy_protobuf.find_trace_ids(document), place)
        elif _LOGS in document.data:
            raise NeedsFullDecoding
        else:
            last_seen.note_json(document.data, place)
    return last_seen


@dataclass(slots=True)
class _Gathered:
    """What has come of a trace: the document in which it ends, its facts, and of which generation they are."""

    ends: int
    generation: int
    facts: list[Facts] = field(default_factory=list)


class _Stream:
    """The second pass. Traces are judged in the order in which they began, as `verify` does."""

    def __init__(
        self, source: OtlpFileSource, verification: Verification, precedents: Precedents, last_seen: LastSeen
    ) -> None:
        self._source, self._verification, self._precedents = source, verification, precedents
        self._last_seen = last_seen
        self._shared = SharedValues()
        self._json = RawForms(precedents.forms, lazy_json, self._shared)
        self._protobuf = RawForms(precedents.forms, lazy_protobuf, self._shared)
        self._open: dict[str, _Gathered] = {}
        self._order: deque[str] = deque()
        self.spans = self.traces = 0
        self.amiss: list[Trace] = []
        """The traces with findings."""

    def take(self, document: Document | bytes, place: int) -> None:
        """Takes in the document at this place of the file, and judges what is over with it."""
        if isinstance(document, bytes):
            self._take_protobuf(document, place)
        elif document.check_keys:
            self._take_batch(document.decoded(self._shared), place)
        else:
            self._take_json(document, place)
        self._source.check_number(self.spans)
        self._judge_until(place)

    def _take_json(self, document: Document, place: int) -> None:
        generation = self._json.begin()
        try:
            read = [
                ([span.trace_id or "" for span in spans], list(self._json.facts(group, spans)))
                for group, spans in lazy_json.iter_groups(document.data)
            ]
        except NeedsFullDecoding:
            self._take_batch(document.decoded(self._shared), place)
            return
        for trace_ids, facts in read:
            self._gather(trace_ids, facts, place, generation)

    def _take_protobuf(self, part: bytes, place: int) -> None:
        generation = self._protobuf.begin()
        for group, spans in lazy_protobuf.iter_groups(part):
            facts = list(self._protobuf.facts(group, spans))
            self._gather([span.trace_id.hex() for span in spans], facts, place, generation)

    def _take_batch(self, batch: Batch, place: int) -> None:
        if "logs" in batch.signals:
            raise NeedsFullDecoding
        generation = self._precedents.forms.begin()
        facts = list(map(self._precedents.forms.facts, batch.spans))
        self._gather([span.trace_id for span in batch.spans], facts, place, generation)

    def _gather(self, trace_ids: list[str], several: list[Facts], place: int, generation: int) -> None:
        self.spans += len(several)
        known = self._open.get
        for trace_id, facts in zip(trace_ids, several, strict=True):
            gathered = known(trace_id) or self._gathered(trace_id, place, generation)
            gathered.facts.append(facts)
            if gathered.generation != generation:
                gathered.generation = -1  # a trace of two generations has no shape

    def _gathered(self, written: str, place: int, generation: int) -> _Gathered:
        """A trace that is new, or written in capital letters."""
        trace_id = normalize_id(written)
        gathered = self._open.get(trace_id)
        if gathered is None:
            ends = self._last_seen.place(trace_id)
            if ends < place:
                raise NeedsFullDecoding
            gathered = self._open[trace_id] = _Gathered(ends, generation)
            self._order.append(trace_id)
        return gathered

    def _judge_until(self, place: int) -> None:
        order = self._order
        while order and self._open[order[0]].ends <= place:
            trace_id = order.popleft()
            gathered = self._open.pop(trace_id)
            label = self._source.scenarios.get(trace_id, "")
            self.traces += 1
            if not self._precedents.follow_facts(trace_id, label, gathered.facts, gathered.generation):
                trace = Trace(trace_id, tuple(map(self._span_of, gathered.facts)), (), True, label)
                if self._verification.judge_itself(trace):
                    self.amiss.append(trace)

    def _span_of(self, facts: Facts) -> Span:
        forms = self._json if isinstance(facts[-2], lazy_json.RawSpan) else self._protobuf
        return forms.span_of(facts)
