"""OTLP documents that are stored somewhere and can be read several times, as streaming verification needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from spanpact.otlp import Batch
from spanpact.sources.files.json_texts import Document
from spanpact.trace.model import SourceInfo


def _any_number(spans: int) -> None:
    """Accept any number of spans."""


@dataclass(frozen=True, slots=True)
class StoredDocuments:
    """Documents of one source: JSON, protobuf as bytes, or decoded. Each call of `documents` gives the same.

    `scenarios` maps trace ids to labels, `offered` is the number of requests made. A trace is complete if its last span
    is in one of the first `settled` documents. `check_span_count` may raise SourceError for too many spans.
    """

    info: SourceInfo
    scenarios: Mapping[str, str]
    offered: int | None
    documents: Callable[[], Iterable[Document | bytes | Batch]]
    settled: float = math.inf
    check_span_count: Callable[[int], None] = _any_number
