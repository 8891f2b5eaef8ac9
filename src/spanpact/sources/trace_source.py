"""What a source of traces is."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from spanpact.trace.model import Reading, SourceInfo


@runtime_checkable
class TraceSource(Protocol):
    """Where traces come from. `read` may be called again and again, and gives all traces known by then.

    A source is a context manager that closes itself. `read` raises SourceError, and nothing else, where the traces
    cannot be had; a malformed trace is no error but a matter for the checks.
    """

    @property
    def info(self) -> SourceInfo:
        """The name for reports and the capabilities; after a read, `Reading.source` may know better."""

    def read(self) -> Reading:
        """All traces that the source has now."""

    def close(self) -> None:
        """Give back what the source holds; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SourceBase:
    """What most sources share: nothing to give back, and being a context manager."""

    def close(self) -> None:
        """Give back what the source holds; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
