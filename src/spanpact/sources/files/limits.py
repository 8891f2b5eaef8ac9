"""The limits of an OTLP file, and the error of a file that exceeds them."""

from __future__ import annotations

from dataclasses import dataclass

from spanpact.errors import SourceError


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The limits of one file. Sizes are bytes after inflating; a document is the whole file, or one JSON line.

    Duplicate keys are searched for in the first `checked_keys` bytes only, in whole documents, because the search is
    slow: a writer that repeats keys does so from the start.
    """

    total: int = 4 << 30
    document: int = 256 << 20
    spans: int = 2_000_000
    checked_keys: int = 1 << 20


DEFAULT_LIMITS = FileLimits()


def too_large(name: str, what: str) -> SourceError:
    """Return the error of a file that holds `what`, such as "more than 1,000 spans"."""
    return SourceError(f"{name}: holds {what}, which is too large", hint="split it into several files")
