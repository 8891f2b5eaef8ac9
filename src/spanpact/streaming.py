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

from spanpact.engine import CompiledContract, Verification
from spanpact.findings import Report
from spanpact.model import ALL_CAPABILITIES, Reading, SourceInfo, Span, Trace
from spanpact.otlp import Batch, SharedValues, raw_json, raw_protobuf
from spanpact.otlp.batch import NotPlain
from spanpact.otlp.json_decoding import hex_id
from spanpact.plan import ContractPlan
from spanpact.precedents import Precedents
from spanpact.shapes import Facts
from spanpact.shapes.raw_forms import RawForms
from spanpact.sources.last_seen import LastSeen
from spanpact.sources.otlp_file import STANDARD_INPUT, Document, OtlpFileSource, iter_documents

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
    except NotPlain:
        return None
    if not stream.spans:
        return None
    traces = stream.amiss
    held = sum(len(trace.spans) for trace in traces)
    reading = Reading(reading.source, traces, source.offered, stream.traces - len(traces), stream.spans - held)
    return verification.report(reading, strict=strict, allow_unseen=allow_unseen, today=None, header=())


def _elsewhere(trace_id: str, span_id: str) -> Span | None:
    """A link leads to a trace that may have been let go."""
    raise NotPlain


def _first_pass(source: OtlpFileSource) -> LastSeen:
    last_seen = LastSeen()
    for place, document in enumerate(iter_documents(source.path, limits=source.limits), 1):
        if isinstance(document, bytes):
            last_seen.note(raw_protobuf.trace_ids(document), place)
        elif _LOGS in document.data:
            raise NotPlain
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
        self._json = RawForms(precedents.forms, raw_json)
        self._protobuf = RawForms(precedents.forms, raw_protobuf)
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
            found = [
                (span.trace_id or "", facts(span))
                for group in raw_json.read_groups(document.data, self._shared)
                for facts in (self._json.facts_of(group),)
                for span in group.spans
            ]
        except NotPlain:
            self._take_batch(document.decoded(self._shared), place)
            return
        self._gather(found, place, generation)

    def _take_protobuf(self, part: bytes, place: int) -> None:
        generation = self._protobuf.begin()
        found = [
            (span.trace_id.hex(), facts(span))
            for group in raw_protobuf.read_groups(part, self._shared)
            for facts in (self._protobuf.facts_of(group),)
            for span in group.spans
        ]
        self._gather(found, place, generation)

    def _take_batch(self, batch: Batch, place: int) -> None:
        if "logs" in batch.signals:
            raise NotPlain
        generation = self._precedents.forms.begin()
        facts = self._precedents.forms.facts
        self._gather([(span.trace_id, facts(span)) for span in batch.spans], place, generation)

    def _gather(self, found: list[tuple[str, Facts]], place: int, generation: int) -> None:
        self.spans += len(found)
        known = self._open.get
        for trace_id, facts in found:
            gathered = known(trace_id) or self._gathered(trace_id, place, generation)
            gathered.facts.append(facts)
            if gathered.generation != generation:
                gathered.generation = -1  # a trace of two generations has no shape

    def _gathered(self, written: str, place: int, generation: int) -> _Gathered:
        """A trace that is new, or written in capital letters."""
        trace_id = hex_id(written)
        gathered = self._open.get(trace_id)
        if gathered is None:
            ends = self._last_seen.place(trace_id)
            if ends < place:
                raise NotPlain
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
                trace = Trace(trace_id, tuple(map(_span_of, gathered.facts)), (), True, label)
                if self._verification.judge_itself(trace):
                    self.amiss.append(trace)


def _span_of(facts: Facts) -> Span:
    """The whole span."""
    span, group = facts[-2:]
    if isinstance(span, Span):
        return span
    return (
        raw_json.read_span(span, group) if isinstance(span, raw_json.RawSpan) else raw_protobuf.read_span(span, group)
    )
