"""What a format is: how it is recognised by a file's beginning, how it is read, and what it can carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias

from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.byte_stream import OpenFile
from spanpact.sources.files.formats.json_outline import json_paths
from spanpact.sources.files.json_texts import BYTE_ORDER_MARK, Document
from spanpact.sources.files.limits import FileLimits
from spanpact.trace.model import ALL_CAPABILITIES, Capability, Span

Reader: TypeAlias = Callable[[OpenFile, FileLimits, SharedValues], Iterator[Batch]]
PartReader: TypeAlias = Callable[[OpenFile, FileLimits], Iterator[Document | LogsMessage | bytes]]


class Start:
    """The beginning of a file's content."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def text(self) -> bytes:
        """Return the beginning without a byte order mark and blanks."""
        return self.data.removeprefix(BYTE_ORDER_MARK).lstrip()

    @cached_property
    def paths(self) -> frozenset[str]:
        """Return the paths of the keys of the JSON texts (`json_outline`); none if the content is no JSON."""
        return json_paths(self.text)

    def has(self, *paths: str) -> bool:
        """Return whether all these paths are there."""
        return self.paths.issuperset(paths)

    def has_any(self, *paths: str) -> bool:
        """Return whether one of these paths is there."""
        return not self.paths.isdisjoint(paths)


class FoundDescription(Protocol):
    """What a format carries, as far as the spans that were added show it."""

    def add(self, spans: Iterable[Span]) -> None:
        """Add some spans."""

    def capabilities(self, known: frozenset[Capability]) -> frozenset[Capability]:
        """Return the capabilities, given those of the format."""

    @property
    def resolution_ns(self) -> int:
        """Return the resolution of the times; that of the format may be coarser."""


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """A format that is read.

    `name` is what reports call it. `recognizes` returns whether a file begins like this format; at most one format may
    recognise a file. `read` decodes the file batch by batch. `capabilities` is what the format can carry at most, and
    `resolution_ns` the resolution of its times. `describe` makes what finds out both from the spans that were read;
    None where they are always the same. `parts` yields what streaming verification decodes by itself: OTLP JSON
    documents, and protobuf messages; None where it cannot.
    """

    name: str
    recognizes: Callable[[Start], bool]
    read: Reader
    capabilities: frozenset[Capability] = ALL_CAPABILITIES
    resolution_ns: int = 1
    parts: PartReader | None = None
    describe: Callable[[], FoundDescription] | None = None
