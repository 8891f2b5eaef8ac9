"""How traces are verified, whatever source they come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from spanpact.trace.model import SourceInfo, Trace
from spanpact.verification.limits import NO_LIMITS, Limits

if TYPE_CHECKING:
    from spanpact.findings import ContractResult, Scores


class TraceObserver(Protocol):
    """Rules that no contract can state: they look at every trace of a verification, and report as a contract does."""

    def observe(self, trace: Trace) -> bool:
        """Look at one trace. Return whether the report should show it."""

    def result(self) -> ContractResult:
        """Return the result on all traces so far."""

    def scores(self) -> Scores | None:
        """Return the scores of the services, None if the rules give none."""


StartObserver: TypeAlias = Callable[[SourceInfo], TraceObserver]
"""Makes the observer of one verification, from the description of the source."""


@dataclass(frozen=True, slots=True)
class VerificationOptions:
    """Options of one verification; they pass through every way of verifying.

    - `strict`: what the source cannot carry, and what unknown fields held, counts as not checked.
    - `allow_unseen`: a contract without a flow does not.
    - `observer` looks at every trace, too, and adds its result.
    - `check_every`: the engine judges every so-many-th trace of the cache, too (0: none). CacheError says that they
      differ.
    - `hold`: where traces are dropped once they are judged, the report holds all of them, not only those with findings.
    - `limits`: when to stop. What was not judged by then is not checked.
    - `today` (UTC, default: the present day) decides which pendings have expired.
    - `header` has further lines of the report's header: what, value.
    """

    strict: bool = False
    allow_unseen: bool = False
    observer: StartObserver | None = None
    check_every: int = 0
    hold: bool = False
    limits: Limits = NO_LIMITS
    today: dt.date | None = None
    header: Sequence[tuple[str, str]] = ()


DEFAULT_OPTIONS: Final = VerificationOptions()
