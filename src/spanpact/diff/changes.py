"""The values that a comparison of two versions of a contract gives (section 12 of docs/contract-format.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.diff.versions import Step, enough, lowered, raised, steps_up
from spanpact.errors import Place

State: TypeAlias = Literal["same", "changed", "added", "removed"]
Party: TypeAlias = Literal["producers", "consumers"]
VersionFinding: TypeAlias = Literal["", "version-too-low", "version-lowered", "contract-removed"]

UNSHOWN = "cannot be shown compatible"


@dataclass(frozen=True, slots=True)
class Shift:
    """Which way an edit goes. Neither: nothing that is accepted or refused changes.

    `tightens`: a trace once accepted may be refused. `loosens`: a refused one may pass. `reason` says why both are
    assumed, or what beside the edit itself decides; "" where from and to say it all.
    """

    tightens: bool = False
    loosens: bool = False
    reason: str = ""

    @property
    def undone(self) -> Shift:
        """The shift of the edit that goes back."""
        return Shift(self.loosens, self.tightens, self.reason)

    def __or__(self, other: Shift) -> Shift:
        return Shift(self.tightens or other.tightens, self.loosens or other.loosens, self.reason or other.reason)


NEITHER = Shift()
TIGHTER = Shift(tightens=True)
LOOSER = Shift(loosens=True)


def both_ways(why: str) -> Shift:
    """The shift of an edit of which neither direction can be ruled out."""
    return Shift(True, True, f"{UNSHOWN}: {why}")


@dataclass(frozen=True, slots=True)
class Change:
    """One edit. `key` (entry/id) is stable across runs, as that of a finding is.

    `entry` is the id in the contract that it belongs to (`top` for the head of the file), `path` the ids from `top`
    to it, `keyword` the clause below it. `before` and `after` are short texts, "" for nothing. `place` is in the new
    version, or in the old one for what is gone. `waived`: it would tighten, but is pending or below violation.
    """

    id: str
    entry: str
    keyword: str
    before: str = ""
    after: str = ""
    shift: Shift = NEITHER
    waived: bool = False
    path: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def key(self) -> str:
        """`entry/id`, as for findings."""
        return f"{self.entry}/{self.id}"

    @property
    def breaks(self) -> tuple[Party, ...]:
        """Who may break: producers where it tightens, consumers where it loosens."""
        return (*(("producers",) if self.shift.tightens else ()), *(("consumers",) if self.shift.loosens else ()))

    @property
    def needs(self) -> Step:
        """The part of the version that the language asks to be raised."""
        return "major" if self.breaks else "minor" if self.waived else "patch"


@dataclass(frozen=True, slots=True)
class ContractDiff:
    """What changed in one contract; the version and file of a side on which it does not stand are ""."""

    contract: str
    state: State
    old_version: str = ""
    new_version: str = ""
    old_file: str = ""
    new_file: str = ""
    changes: tuple[Change, ...] = ()
    place: Place | None = None
    removal_allowed: bool = False

    @property
    def breaks(self) -> tuple[Party, ...]:
        """Who may break, of all changes together."""
        found = {party for change in self.changes for party in change.breaks}
        return tuple(party for party in ("producers", "consumers") if party in found)

    @property
    def needs(self) -> Step:
        """The part of the version that the changes ask to be raised; `none` where nothing changed."""
        return steps_up([change.needs for change in self.changes])

    @property
    def raised(self) -> Step:
        """The part of the version that was raised."""
        return raised(self.old_version, self.new_version) if self.state in ("same", "changed") else "none"

    @property
    def finding(self) -> VersionFinding:
        """What is wrong with the version; "" for nothing. A raised patch is never demanded, only named."""
        if self.state == "removed":
            return "" if self.removal_allowed else "contract-removed"
        if self.state == "added":
            return ""
        if lowered(self.old_version, self.new_version):
            return "version-lowered"
        return "" if self.needs == "patch" or enough(self.raised, self.needs) else "version-too-low"


@dataclass(frozen=True, slots=True)
class Diff:
    """The comparison of two sets of contracts."""

    contracts: tuple[ContractDiff, ...]

    @property
    def exit_code(self) -> int:
        """1 where a version was not raised as the language asks, or a contract is gone; else 0."""
        return 1 if any(each.finding for each in self.contracts) else 0
