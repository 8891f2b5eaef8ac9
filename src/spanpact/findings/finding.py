"""A finding: one departure of a trace from a contract. All text in it is masked already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.errors import Place

Level: TypeAlias = Literal["violation", "improvement", "information", "off"]

LEVELS: tuple[Level, ...] = ("violation", "improvement", "information", "off")  # strictest first


@dataclass(frozen=True, slots=True)
class Pending:
    """An agreement that an entry may still be broken: why, who owns it, until which day (ISO date, inclusive)."""

    reason: str
    owner: str
    until: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure from a contract. `key` (entry/id) is stable across runs, sources and languages.

    `entry` is the id in the contract (`integrity` for malformed traces), `keyword` the clause below it
    (`attributes.key`, `count`, `status`), `place` that clause in the file. `path` is the names of the spans from
    the root to the span. `expected` and `observed` are short texts, "" where the message says it all.
    `spans` lists further span ids that the finding speaks of (all surplus spans, say).
    """

    id: str
    entry: str
    message: str
    level: Level = "violation"
    contract: str = ""
    keyword: str = ""
    place: Place | None = None
    trace_id: str = ""
    span_id: str = ""
    path: tuple[str, ...] = ()
    expected: str = ""
    observed: str = ""
    condition: str = ""
    hint: str = ""
    spans: tuple[str, ...] = ()
    pending: Pending | None = None

    @property
    def key(self) -> str:
        """`entry/id`, as contracts write it in `findings` and `levels`."""
        return f"{self.entry}/{self.id}"

    @property
    def breaks(self) -> bool:
        """Whether the finding makes its contract broken: a violation that is not pending."""
        return self.level == "violation" and self.pending is None
