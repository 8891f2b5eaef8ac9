"""OTLP documents that are stored somewhere and can be read several times, as streaming verification needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from spanpact.otlp import Batch
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.json_texts import Document
from spanpact.trace.model import SourceInfo


def _any_number(spans: int) -> None:
    """Accept any number of spans."""


@dataclass(frozen=True, slots=True)
class StoredDocuments:
    """Documents of one source: JSON, protobuf (of spans as bytes), or decoded. Each call of `documents` gives the same.

    `scenarios` maps trace ids to labels, `offered` is the number of requests made. A trace is complete if its last span
    is in one of the first `settled` documents. `check_span_count` may raise SourceError for too many spans.
    `logs_show`: the source carries log records if some document has a field for them; else `info` says whether it does.
    """

    info: SourceInfo
    scenarios: Mapping[str, str]
    offered: int | None
    documents: Callable[[], Iterable[Document | LogsMessage | bytes | Batch]]
    settled: float = math.inf
    check_span_count: Callable[[int], None] = _any_number
    logs_show: bool = False
