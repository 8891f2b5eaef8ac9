"""Compile the RE2 patterns of one contract, whose size together is bounded.

A short pattern may be a large program: `\\pL{300}` takes 3 MB and a tenth of a second. RE2 bounds each
pattern, this module all of them together.
"""

from __future__ import annotations

from typing import Any, Final

import re2

from spanpact.contract.document import Location, quote

MAX_PATTERN: Final = 1_000
MAX_PROGRAMS: Final = 2_000_000
"""Instructions of RE2: half a second, 20 MB. An ordinary pattern has some hundred."""
_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False


class Patterns:
    """The patterns of one contract, each compiled once; beyond `MAX_PROGRAMS` none is compiled any more."""

    def __init__(self) -> None:
        self._compiled: dict[str, Any] = {}
        self._size = 0

    def compile(self, pattern: str, location: Location, what: str) -> Any:
        """Return the compiled pattern.

        Raise ContractError, with RE2's reason, for an invalid or too long one, and for the first that makes all of
        them too large. Those after it are None: the contract is refused already, and one error is enough.
        """
        if len(pattern) > MAX_PATTERN:
            raise location.error(f"the pattern of {what} is longer than {MAX_PATTERN:,} characters")
        if pattern not in self._compiled and self._size <= MAX_PROGRAMS:
            self._compiled[pattern] = compiled = _compile(pattern, location)
            self._size += compiled.programsize
            if self._size > MAX_PROGRAMS:
                raise location.error(
                    "the patterns of this contract are too large together",
                    hint="make repetitions such as \\pL{300} shorter: RE2 writes each of them out",
                )
        return self._compiled.get(pattern)


def _compile(pattern: str, location: Location) -> Any:
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "no reason given"
        raise location.error(
            f"RE2 refuses the pattern {quote(pattern)}: {quote(reason)[1:-1]}",
            hint="https://github.com/google/re2/wiki/Syntax",
        ) from None
