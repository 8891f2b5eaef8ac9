"""The file of known departures of another implementation, and how observed departures differ from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
from ruamel.yaml import YAML

from contracts.known_departures.instrumented_redis import CLIENTS, Client, Observation

FILE = Path(__file__).parent / "opentelemetry-instrumentation-redis.yaml"

_NAMED = FILE.relative_to(FILE.parents[2]).as_posix()

Found: TypeAlias = tuple[Client, str, str]
"""Client, scenario, and departure."""

_WHAT_TO_DO = """\
A new departure comes from a change of the instrumentation, of redis-py or of a contract: find out which, and add it to
the file as pending, with a reason. A departure that is gone is kept now: remove it. Then set `version`."""


class Departure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why something may depart, and where: None means in every mode, client or scenario."""

    pending: str
    modes: list[str] | None = None
    clients: list[Client] | None = None
    scenarios: list[str] | None = None


class KnownDepartures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: `modes` by name with the variable's value, `span_names` by scenario, `departures` by finding."""

    subject: str
    version: str
    modes: dict[str, str]
    as_it_is: str
    span_names: dict[str, list[str]]
    departures: dict[str, Departure]

    @classmethod
    def load(cls, file: Path = FILE) -> KnownDepartures:
        """Read the file. Raise ValueError for another form, or for a mode or scenario that the file does not have."""
        known = msgspec.convert(YAML(typ="safe", pure=True).load(file.read_text()), cls)
        for name, each in known.departures.items():
            unknown = {*(each.modes or ())} - {*known.modes} | {*(each.scenarios or ())} - {*known.span_names}
            if unknown:
                raise ValueError(f"{file.name}: {name} names {sorted(unknown)}: no mode or scenario of the file")
        return known

    def expected(self, mode: str) -> set[Found]:
        """Return every departure of a mode."""
        return {
            (client, scenario, name)
            for name, each in self.departures.items()
            if each.modes is None or mode in each.modes
            for client in each.clients or CLIENTS
            for scenario in each.scenarios or self.span_names
        }


def differences(known: KnownDepartures, mode: str, observed: Observation) -> str:
    """Return how an observation differs from the file, one line each, and what to do; "" where it does not."""
    lines = [*_in_general(known, observed), *_in_departures(known.expected(mode), _found(observed.departures))]
    if not lines:
        return ""
    head = f"{known.subject} {observed.version} in its mode {mode!r} departs otherwise than in {_NAMED}:"
    return "\n".join((head, *lines, _WHAT_TO_DO))


def _found(departures: Mapping[Client, Mapping[str, Sequence[str]]]) -> set[Found]:
    return {(c, scenario, name) for c, each in departures.items() for scenario, names in each.items() for name in names}


def _in_general(known: KnownDepartures, observed: Observation) -> Iterator[str]:
    if known.version != observed.version:
        yield f"  version    {observed.version} is installed, {known.version} is known"
    if known.as_it_is != observed.as_it_is:
        yield f"  as it is   {observed.as_it_is}, known as {known.as_it_is}"
    for scenario in sorted({*known.span_names, *observed.span_names}):
        names, before = observed.span_names.get(scenario, []), known.span_names.get(scenario, [])
        if names != before:
            yield f"  span_names {scenario}: {names}, known as {before}"


def _in_departures(known: set[Found], observed: set[Found]) -> Iterator[str]:
    for client, scenario, name in sorted(known ^ observed):
        yield f"  {'gone' if (client, scenario, name) in known else 'new '}       {client} {scenario}: {name}"
