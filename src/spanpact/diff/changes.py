"""The result of comparing two versions of contracts (section 12 of docs/contract-format.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from spanpact.diff.versions import Step, is_enough, is_lowered, largest_step, raised_step
from spanpact.errors import Place
from spanpact.findings.finding import Keyed

State: TypeAlias = Literal["same", "changed", "added", "removed"]
Party: TypeAlias = Literal["producers", "consumers"]
VersionFinding: TypeAlias = Literal["", "version-too-low", "version-lowered", "contract-removed"]

UNSHOWN: Final = "cannot be shown compatible"


@dataclass(frozen=True, slots=True)
class Shift:
    """The effect of an edit on the traces that a contract accepts.

    `tightens`: a trace that was accepted may be refused. `loosens`: a trace that was refused may be accepted. With
    neither, the same traces are accepted. `reason` says why both are assumed, or what else decides; it may be "".
    """

    tightens: bool = False
    loosens: bool = False
    reason: str = ""

    @property
    def reversed(self) -> Shift:
        """Return the shift of the opposite edit."""
        return Shift(self.loosens, self.tightens, self.reason)

    def __or__(self, other: Shift) -> Shift:
        return Shift(self.tightens or other.tightens, self.loosens or other.loosens, self.reason or other.reason)


NEITHER: Final = Shift()
TIGHTER: Final = Shift(tightens=True)
LOOSER: Final = Shift(loosens=True)


def both_ways(why: str) -> Shift:
    """Return the shift of an edit that may tighten and may loosen."""
    return Shift(True, True, f"{UNSHOWN}: {why}")


@dataclass(frozen=True, slots=True)
class Change(Keyed):
    """One edit. Its `key` (entry/id) is stable across runs, like that of a finding.

    `entry` is the id in the contract that it belongs to (`top` for the head of the file), `path` the ids from `top`
    to it, `keyword` the clause below it. `before` and `after` are short texts, "" for nothing. `place` is in the new
    version, or in the old version for what was removed. `waived`: it would tighten, but is pending or below violation.
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
    def breaks(self) -> tuple[Party, ...]:
        """Return who may break: producers if it tightens, consumers if it loosens."""
        return (*(("producers",) if self.shift.tightens else ()), *(("consumers",) if self.shift.loosens else ()))

    @property
    def needs(self) -> Step:
        """Return the part of the version number that must be raised."""
        return "major" if self.breaks else "minor" if self.waived else "patch"


@dataclass(frozen=True, slots=True)
class ContractDiff:
    """The changes of one contract. Version and file are "" on a side that does not have it."""

    contract: str
    state: State
    changes: tuple[Change, ...] = ()
    old_version: str = ""
    new_version: str = ""
    old_file: str = ""
    new_file: str = ""
    place: Place | None = None
    removal_allowed: bool = False

    @property
    def breaks(self) -> tuple[Party, ...]:
        """Return who may break by any of the changes."""
        found = {party for change in self.changes for party in change.breaks}
        return tuple(party for party in ("producers", "consumers") if party in found)

    @property
    def needs(self) -> Step:
        """Return the part of the version number that the changes need raised; `none` without changes."""
        return largest_step([change.needs for change in self.changes])

    @property
    def raised(self) -> Step:
        """Return the part of the version number that was raised."""
        return raised_step(self.old_version, self.new_version) if self.state in ("same", "changed") else "none"

    @property
    def finding(self) -> VersionFinding:
        """Return what is wrong with the version number, "" for nothing. Raising the patch number is never required."""
        if self.state == "removed":
            return "" if self.removal_allowed else "contract-removed"
        if self.state == "added":
            return ""
        if is_lowered(self.old_version, self.new_version):
            return "version-lowered"
        return "" if self.needs == "patch" or is_enough(self.raised, self.needs) else "version-too-low"


@dataclass(frozen=True, slots=True)
class Diff:
    """The comparison of two folders of contracts."""

    contracts: tuple[ContractDiff, ...]

    @property
    def exit_code(self) -> int:
        """Return 1 if a version number was not raised enough or a contract was removed, else 0."""
        return 1 if any(each.finding for each in self.contracts) else 0
