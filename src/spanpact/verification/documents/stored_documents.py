"""OTLP documents that are stored somewhere and can be read several times, as streaming verification needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from spanpact.otlp import Batch
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.json_texts import Document
from spanpact.trace.model import SourceInfo
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection

AnyDocument: TypeAlias = Document | LogsMessage | bytes | Batch
"""JSON, protobuf (of spans as bytes), or decoded."""


def _any_number(spans: int) -> None:
    """Accept any number of spans."""


class DocumentSource(NamedTuple):
    """The documents of one file; each call gives the same. `check_span_count` may raise SourceError for too many."""

    documents: Callable[[], Iterable[AnyDocument]]
    check_span_count: Callable[[int], None] = _any_number


@dataclass(frozen=True, slots=True)
class StoredDocuments:
    """Documents of one source, or of several whose spans and log records are put together, trace by trace.

    `scenarios` maps trace ids to labels, `offered` is the number of requests made. A trace is complete if its last span
    is in one of the first `settled` documents. Only the traces `only` count, where these are given.
    `logs_show`: the source carries log records if some document has a field for them; else `info` says whether it does.
    `search_in_full`: to find such a field, all of each document is searched.
    """

    info: SourceInfo
    scenarios: Mapping[str, str]
    offered: int | None
    sources: Sequence[DocumentSource]
    settled: float = math.inf
    only: TraceSelection = EVERY_TRACE
    logs_show: bool = False
    search_in_full: bool = False

    def documents(self) -> Iterator[AnyDocument]:
        """Yield all documents, in order."""
        for source in self.sources:
            yield from source.documents()
