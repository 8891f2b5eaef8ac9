"""Summarize log records that were read without decoding their bodies and attributes.

Attributes are looked up by their encoded bytes in the table of those of spans. So are short bodies; most bodies are
there once, and each of these is decoded and searched for private data.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from spanpact.byte_budget import ByteBudget
from spanpact.engine.checks.integrity.log_correlation import is_unsampled
from spanpact.engine.checks.keywords.exceptions import is_exception
from spanpact.otlp.batch import SimpleRecord
from spanpact.trace.model import LogRecord, Resource, Scope, Value
from spanpact.verification.shapes.record_shapes import RecordSummary, record_summary
from spanpact.verification.shapes.span_shapes import NO_SHAPE, SpanShapes, shapeable

_MOST_OF_BODIES: Final = 1 << 20  # bytes
_OF_RECORD: Final = 400  # bytes of what is known of one kind of log records
_LONGEST_BODY: Final = 1 << 8  # bytes; longer ones hardly ever repeat
_IRREGULAR: Final = "irregular"


RawGroup: TypeAlias = tuple[bytes | str | None, ...]
"""The encoded resource and scope of some spans or log records, and what else tells groups apart."""


class RecordDecoder(Protocol):
    """The part of `LazyDecoder` for log records."""

    def record_ids(self, record: Any) -> tuple[str, str]: ...

    def read_simple_record(self, record: Any) -> SimpleRecord | None: ...

    def decode_body(self, body: bytes) -> Value: ...

    def decode_whole_record(self, record: Any, resource: Resource, scope: Scope) -> LogRecord: ...


@dataclass(slots=True, eq=False)
class Group:
    """The resource and the scope of some spans, the number of this group, and that of its process.

    `wants_starts`: more starts of its spans may show how coarse their times are.
    """

    resource: Resource
    scope: Scope
    number: int
    process: int
    wants_starts: bool = True


class _KnownRecord(NamedTuple):
    """The shape of a log record, and the positions of those attributes that are compared with others."""

    shape: int
    compared: tuple[int, ...]


class LazyRecordShapes:
    """The summaries of log records of one encoding, with the same shape numbers as those of `record_summary`.

    `attributes` has the shapes of attributes by their bytes, `compared_values` the values of those that are compared.
    Their owner calls `clear` when it empties them, also where `budget` is spent.
    """

    def __init__(
        self,
        shapes: SpanShapes,
        decoder: RecordDecoder,
        group_of: Callable[[RawGroup], Group],
        attributes: Mapping[bytes, int],
        compared_values: Mapping[bytes, Hashable],
        budget: ByteBudget,
    ) -> None:
        self._shapes, self._decoder, self._group_of = shapes, decoder, group_of
        self._attributes, self._compared_values = attributes, compared_values
        self._bodies: dict[bytes, tuple[Hashable, str | None]] = {}
        self._body_budget = ByteBudget(_MOST_OF_BODIES)
        self._known: dict[Hashable, _KnownRecord | None] = {}
        self._budget = budget

    def clear(self) -> None:
        """Forget all kinds of log records: a new generation of shape numbers begins."""
        self._bodies.clear()
        self._body_budget.renew()
        self._known.clear()

    def summaries(self, raw_group: RawGroup, records: Iterable[Any]) -> Iterator[tuple[str, RecordSummary]]:
        """Yield the trace id and the summary of each log record of one group."""
        group = self._group_of(raw_group)
        read, ids_of, shape_of = (
            self._decoder.read_simple_record,
            self._decoder.record_ids,
            self._attributes.__getitem__,
        )
        known_records, values = self._known, self._compared_values
        for record in records:
            trace_id, span_id = ids_of(record)
            simple = read(record)
            if simple is None or group.process == NO_SHAPE:
                yield trace_id, self._decoded_summary(record, group)
                continue
            event_name, severity, flags, body, attributes = simple
            results, text = self._bodies.get(body) or self._body(body)
            key = group.number, event_name, severity, results, tuple(map(shape_of, attributes))
            try:
                known = known_records[key]
            except KeyError:
                known = known_records[key] = self._find(record, group, attributes)
                self._budget.spend(_OF_RECORD)
            if known is None:
                yield trace_id, self._decoded_summary(record, group)
                continue
            compared = tuple([values[attributes[i]] for i in known.compared]) if known.compared else ()
            name = "" if event_name else group.scope.name if text is None else text
            yield trace_id, (span_id, is_unsampled(flags), known.shape, compared, name, record, group)

    def decoded(self, summary: RecordSummary) -> LogRecord:
        """Return the log record of a summary with everything decoded."""
        record, group = summary[-2:]
        return record if group is None else self._decoder.decode_whole_record(record, group.resource, group.scope)

    def _decoded_summary(self, record: Any, group: Group) -> RecordSummary:
        whole = self._decoder.decode_whole_record(record, group.resource, group.scope)
        return (*record_summary(whole, self._shapes)[:-2], record, group)

    def _find(self, record: Any, group: Group, attributes: Iterable[bytes]) -> _KnownRecord | None:
        """Return the shape of a log record by decoding all of it; None if each such record must be decoded."""
        whole = self._decoder.decode_whole_record(record, group.resource, group.scope)
        if self._shapes.observed.pairs_exceptions and is_exception(whole):
            return None
        compared = tuple([i for i, attribute in enumerate(attributes) if attribute in self._compared_values])
        return _KnownRecord(record_summary(whole, self._shapes)[2], compared)

    def _body(self, body: bytes) -> tuple[Hashable, str | None]:
        """Return what was found in a body that is new, and the body itself if it is a text."""
        value = self._decoder.decode_body(body)
        try:
            results = self._shapes.observed.body_results(value) if shapeable(value) else _IRREGULAR
        except RecursionError:
            results = _IRREGULAR
        found = results, value if isinstance(value, str) else None
        if len(body) <= _LONGEST_BODY:
            if self._body_budget.is_spent:
                self._bodies.clear()
                self._body_budget.renew()
            self._body_budget.spend(2 * len(body))
            self._bodies[body] = found
        return found
