"""A finding: one departure of a trace from a contract. Its texts are masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.errors import Place

Level: TypeAlias = Literal["violation", "improvement", "information", "off"]

LEVELS: tuple[Level, ...] = ("violation", "improvement", "information", "off")  # strictest first


@dataclass(frozen=True, slots=True)
class Pending:
    """An agreement that an entry may be broken for now: reason, owner and last day (ISO date, inclusive)."""

    reason: str
    owner: str
    until: str


@dataclass(frozen=True, slots=True)
class Edit:
    """The change that makes the nearest span fit what is missing.

    `change` is what to change of the span named `span`: `span` (its name), `attributes` (the name of an attribute) or
    `where.KEYWORD`; from `now` to `wanted`. `why` is how they are related, "" if they are only similar.
    """

    span: str
    change: str
    now: str
    wanted: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class LostRoot:
    """The other half of a lost context: a missing span that is the root of another trace.

    `offset_ns` is its start, counted from the start of the span that it is missing below.
    """

    name: str
    trace_id: str
    offset_ns: int


class Keyed:
    """Something with an id that belongs to an entry of a contract."""

    __slots__ = ()
    id: str
    entry: str

    @property
    def key(self) -> str:
        """Return `entry/id`, as contracts write it in `findings` and `levels`."""
        return f"{self.entry}/{self.id}"


@dataclass(frozen=True, slots=True)
class Finding(Keyed):
    """One departure from a contract. `key` (entry/id) is stable across runs, sources and languages.

    - `id`: an id of the catalogue; `level`: its level in this contract.
    - `entry`: the id in the contract, `integrity` for malformed traces. `keyword`: the keyword of that entry
      (`attributes.key`, `count`, `status`). `place`: that keyword's position in the contract file.
    - `path`: the names of the spans from the root to the span with `span_id`.
    - `expected`, `observed`: short texts, "" where the message is enough. `hint`: how to fix it.
    - `spans`: the ids of further spans that the finding is about, for example all surplus spans.
    - `attributes`: the names of attributes that the `where` or `when` behind the finding looked at.
    - `nearest`: how the nearest span could be made to fit; `lost_root`: the root that a missing span is elsewhere.
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
    attributes: tuple[str, ...] = ()
    nearest: Edit | None = None
    lost_root: LostRoot | None = None

    @property
    def breaks(self) -> bool:
        """Return whether the finding breaks its contract: it is a violation and not pending."""
        return self.level == "violation" and self.pending is None
