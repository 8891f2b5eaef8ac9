"""Known departures of a subject that is not ours: a file of them, and how what is seen differs from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
from ruamel.yaml import YAML

from contracts.known_departures.instrumented_redis import CLIENTS, Client, Seen

FILE = Path(__file__).parent / "opentelemetry-instrumentation-redis.yaml"

_NAMED = FILE.relative_to(FILE.parents[2]).as_posix()

Found: TypeAlias = tuple[Client, str, str]
"""Client, scenario, and departure."""

_WHAT_TO_DO = """\
What is new departs since a change of the instrumentation, of redis-py or of a contract: look which, and write it down
there with a reason, as pending. What is gone is kept now: take it out. Then set `version`."""


class Departure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why something may depart, and where it does; what is not named holds everywhere."""

    pending: str
    modes: list[str] | None = None
    clients: list[Client] | None = None
    scenarios: list[str] | None = None


class KnownDepartures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: `modes` is mode -> environment, `span_names` scenario -> names, `departures` by what departs."""

    subject: str
    version: str
    modes: dict[str, str]
    as_it_is: str
    span_names: dict[str, list[str]]
    departures: dict[str, Departure]

    @classmethod
    def load(cls, file: Path = FILE) -> KnownDepartures:
        """The file's content; ValueError for what is not in its form, or names a mode or scenario that it has not."""
        known = msgspec.convert(YAML(typ="safe", pure=True).load(file.read_text()), cls)
        for name, each in known.departures.items():
            strangers = {*(each.modes or ())} - {*known.modes} | {*(each.scenarios or ())} - {*known.span_names}
            if strangers:
                raise ValueError(f"{file.name}: {name} names {sorted(strangers)}: no mode or scenario of the file")
        return known

    def expected(self, mode: str) -> set[Found]:
        """Every departure of a mode."""
        return {
            (client, scenario, name)
            for name, each in self.departures.items()
            if each.modes is None or mode in each.modes
            for client in each.clients or CLIENTS
            for scenario in each.scenarios or self.span_names
        }


def differences(known: KnownDepartures, mode: str, seen: Seen) -> str:
    """How what was seen differs from what is known, one line each, and what to do; "" where it does not."""
    lines = [*_in_general(known, seen), *_in_departures(known.expected(mode), _found(seen.departures))]
    if not lines:
        return ""
    head = f"{known.subject} {seen.version} in its mode {mode!r} departs otherwise than {_NAMED} says:"
    return "\n".join((head, *lines, _WHAT_TO_DO))


def _found(departures: Mapping[Client, Mapping[str, Sequence[str]]]) -> set[Found]:
    return {(c, scenario, name) for c, each in departures.items() for scenario, names in each.items() for name in names}


def _in_general(known: KnownDepartures, seen: Seen) -> Iterator[str]:
    if known.version != seen.version:
        yield f"  version    {seen.version} is installed, {known.version} is known"
    if known.as_it_is != seen.as_it_is:
        yield f"  as it is   {seen.as_it_is}, known as {known.as_it_is}"
    for scenario in sorted({*known.span_names, *seen.span_names}):
        names, before = seen.span_names.get(scenario, []), known.span_names.get(scenario, [])
        if names != before:
            yield f"  span_names {scenario}: {names}, known as {before}"


def _in_departures(known: set[Found], seen: set[Found]) -> Iterator[str]:
    for client, scenario, name in sorted(known ^ seen):
        yield f"  {'gone' if (client, scenario, name) in known else 'new '}       {client} {scenario}: {name}"
