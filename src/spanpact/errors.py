"""Exceptions: raised when spanpact cannot verify. A departure from a contract is a `Finding`, never an exception.

Each step of a run raises its own kind:

1. reading arguments and contract files: `UsageError` and `ContractError` (exit code 2);
2. reading traces from a source: `SourceError` (exit code 3);
3. judging: none. Whatever a trace holds, the verdict is a value. Only a check of the cache of verdicts, which is asked
   for, raises `CacheError` (exit code 3).

An error's message is one line: what is wrong, where, and what is accepted. Its hint says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a contract file: the path as the caller gave it, line and column (both counted from 1)."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SpanpactError(Exception):
    """Base of all errors of spanpact: a one-line message, an optional hint, and the command line's exit code."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(SpanpactError):
    """A mistake in the command line or in the arguments of a call."""


class ContractError(SpanpactError):
    """A mistake in a contract file, or in a contract written in Python.

    `place` is its position in the file (None in Python). `others` are the further mistakes found in the same contract,
    in the file's order.
    """

    def __init__(self, message: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.place = place
        self.others: tuple[ContractError, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {super().__str__()}" if self.place else super().__str__()


class SourceError(SpanpactError):
    """A source of traces that cannot be read: it is unreachable, malformed or too large.

    `status` is the status of the HTTP response behind it, 0 where there is none.
    """

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class CacheError(SpanpactError):
    """A verdict from the cache that the engine does not give: a fault of spanpact, found by `check_every`."""

    exit_code = 3


class SourceUnavailable(SourceError):
    """A source that cannot be read at the moment. A caller that waits for traces may try again."""


class SourceUnfinished(SourceUnavailable):
    """A file of traces that is not there yet, or that ends in the middle of what is written to it.

    Its hint names `--wait`; `own_hint` is the hint without that.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=f"{hint}; {_WAIT}" if hint else _WAIT)
        self.own_hint = hint


_WAIT = "verify --wait SECONDS waits for a file that is still being written"
