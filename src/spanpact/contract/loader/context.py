"""The state of one compilation: the ids, aliases and privacy classes read so far, and the errors found.

Errors are collected, so that the one raised in the end is the first in the file's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from spanpact.contract.document import Location, quote
from spanpact.contract.loader.node_readers import ID
from spanpact.contract.loader.patterns import Patterns
from spanpact.contract.loader.vocabulary import suggest
from spanpact.errors import ContractError, Place
from spanpact.privacy import PrivacyClass

IdKind: TypeAlias = Literal["entry", "event", "link", "rule", "condition", "statement"]

RESERVED: Final = ("top", "integrity")
MAX_ENTRIES: Final = 500
INDEFINITE: Final[Mapping[IdKind, str]] = {
    "entry": "an entry", "event": "an event", "link": "a link", "rule": "a rule of `every`",
    "condition": "a condition", "statement": "a statement of `across`",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RegisteredId:
    """One id of a contract: what it names, its location, and for an entry the ids of the entries above it."""

    kind: IdKind
    location: Location
    above: tuple[str, ...] = ()


@dataclass(slots=True)
class Context:
    """The state of one compilation; `extended` maps the file of each fragment to its location in `extends`."""

    file: str = ""
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    classes: dict[str, PrivacyClass] = field(default_factory=dict)
    extended: dict[str, Location] = field(default_factory=dict)
    patterns: Patterns = field(default_factory=Patterns)
    ids: dict[str, RegisteredId] = field(default_factory=dict)
    event_rules: set[str] = field(default_factory=set)
    _errors: list[ContractError] = field(default_factory=list)
    _later: list[Callable[[], None]] = field(default_factory=list)
    _entries: int = 0

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Collect the ContractError that the block raises, so that the caller can go on reading."""
        try:
            yield
        except ContractError as error:
            self._errors += (error, *error.others)

    def check_later(self, check: Callable[[], None]) -> None:
        """Have `finish` run a check that needs all ids of the contract."""
        self._later.append(check)

    def finish(self) -> None:
        """Run the deferred checks and raise the first error in the file's order, with the others attached.

        References are checked only where there are no other errors: after a typo in `children`, an error that `order`
        names an unknown entry would mislead.
        """
        self._raise_first()
        for check in self._later:
            with self.collecting():
                check()
        self._raise_first()

    def _raise_first(self) -> None:
        if self._errors:
            first, *others = sorted(self._errors, key=self._order)
            first.others = tuple(others)
            raise first

    def _order(self, error: ContractError) -> tuple[int, int, int, int]:
        place = error.place
        if place is None:
            return (0, 0, 0, 0)  # in Python there are no lines: sorting keeps the order in which they were found
        if place.file in self.extended:
            outer = self.extended[place.file].place or Place(self.file, 0, 0)
            return (outer.line, outer.column, place.line, place.column)
        return (place.line, place.column, 0, 0)

    def register(self, id: str, kind: IdKind, location: Location, above: tuple[str, ...] = ()) -> None:
        """Register an id. Raise ContractError where it is malformed, reserved, or used already."""
        if not ID.fullmatch(id):
            raise location.error(f"the id {quote(id)} is malformed", hint="accepted: [a-z][a-z0-9_]*")
        if id in RESERVED:
            raise location.error(f"the id `{id}` is reserved")
        if id in self.ids:
            first = self.ids[id]
            where = f" ({first.location.place})" if first.location.place else ""
            raise location.error(f"the id `{id}` already names {INDEFINITE[first.kind]}{where}")
        self.ids[id] = RegisteredId(kind, location, above)
        if kind == "entry":
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                raise location.error(f"more than {MAX_ENTRIES} entries")

    def check_entry_later(self, id: str, location: Location, *, below: str = "top", what: str) -> None:
        """Have `finish` check that an id names an entry at or below the entry `below`; `what` names the keyword."""
        self.check_later(lambda: self._check_entry(id, location, below, what))

    def check_spans_later(self, id: str, location: Location, *, what: str) -> None:
        """Have `finish` check that an id names an entry, or a rule about spans; `what` names the keyword."""
        self.check_later(lambda: self._check_spans(id, location, what))

    def _check_spans(self, id: str, location: Location, what: str) -> None:
        found = self.ids.get(id)
        if id in self.event_rules:
            raise location.error(f"`{id}` in {what} is a rule about events, not about spans")
        if found and found.kind != "rule":
            self._check_entry(id, location, "top", what)
        elif not found and id != "top":
            names = ["top", *(n for n, each in self.ids.items() if each.kind in ("entry", "rule"))]
            raise location.error(f"{what} names {quote(id)}, which is not an entry or a rule", hint=suggest(id, names))

    def _check_entry(self, id: str, location: Location, below: str, what: str) -> None:
        found = self.ids.get(id)
        if id == below or (found and found.kind == "entry" and below in found.above):
            return
        if found and found.kind != "entry":
            raise location.error(f"`{id}` in {what} is {INDEFINITE[found.kind]}, not an entry")
        if found or id == "top":
            raise location.error(f"`{id}` in {what} is not at or below `{below}`")
        names = [below, *(n for n, named in self.ids.items() if named.kind == "entry" and below in named.above)]
        raise location.error(f"{what} names {quote(id)}, which is not an entry", hint=suggest(id, names))

    def accepted_names(self, name: str) -> tuple[str, ...]:
        """Return an attribute's name and its aliases, the name first."""
        return (name, *self.aliases.get(name, ()))
