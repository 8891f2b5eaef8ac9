"""What spanpact raises: only when it could not verify, never for a departure from a contract (that is a Finding).

A run goes through three steps, and each may raise one thing:

1. reading the arguments and the contract files: `UsageError`, `ContractError` (exit code 2);
2. reading traces from a source: `SourceError` (exit code 3);
3. judging: nothing. Whatever a trace holds, the verdict is a value.

Every error is one clear line (what, where, what is accepted), and a hint where there is something to do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a contract file: the file's path as given, line and column, both counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SpanpactError(Exception):
    """Base of every error: a message of one line, an optional hint, and the exit code of the command line."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(SpanpactError):
    """The command line or a call was wrong."""


class ContractError(SpanpactError):
    """A contract file (or a contract written in Python) does not follow the language; knows the place.

    `others` are the further mistakes that were found beside this one, in the file's order.
    """

    def __init__(self, message: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.place = place
        self.others: tuple[ContractError, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {super().__str__()}" if self.place else super().__str__()


class SourceError(SpanpactError):
    """A source of traces could not be read: unreachable, malformed, too large."""

    exit_code = 3


class SourceUnavailable(SourceError):
    """A source could not be read now, and perhaps can in a moment: whoever waits may ask again."""
