"""The protocol of sources of traces, and a base class for them."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

from spanpact.errors import UsageError
from spanpact.trace.model import Reading, SourceInfo

_HEX: Final = frozenset("0123456789abcdef")


@runtime_checkable
class TraceSource(Protocol):
    """A source of traces. `read` may be called any number of times and returns all traces known at that time.

    A source is a context manager that closes itself. Where traces cannot be read, `read` raises SourceError and nothing
    else. A malformed trace is not an error: the checks report it.
    """

    @property
    def info(self) -> SourceInfo:
        """Return the source's name and capabilities. After a read, `Reading.source` may be more precise."""

    def read(self) -> Reading:
        """Return all traces that the source has now."""

    def close(self) -> None:
        """Release what the source holds; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SourceBase:
    """A base class for sources: a context manager with nothing to release."""

    def close(self) -> None:
        """Release what the source holds; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def full_trace_id(text: str) -> str:
    """Return a trace id with 32 digits, in lower case. Raise UsageError for a text that is not a trace id."""
    digits = text.strip().lower()
    if not digits or len(digits) > 32 or not _HEX.issuperset(digits):
        raise UsageError(f"not a trace id: {text[:64]!r}", hint="accepted: up to 32 hexadecimal digits")
    return digits.zfill(32)
