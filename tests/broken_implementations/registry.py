"""The lists of broken implementations, each with the scenario that shows it and all its findings there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.broken_implementations.service import Service


@dataclass(frozen=True, slots=True)
class Broken:
    """A service broken in one way, and the scenario that shows it.

    `findings` are the keys (`entry/id`) of all its findings there. A service without findings leaves the contracts
    `not_checked` of its scenario unchecked, which is a failure too.
    """

    service: type[Service]
    scenario: str
    findings: frozenset[str] = field(default=frozenset())
    not_checked: frozenset[str] = field(default=frozenset())


BROKEN: dict[str, Broken] = {}
"""By name; filled by the files of `every.py`."""

BLIND_SPOTS: dict[str, Broken] = {}
"""Broken services that keep every contract: by name; filled by `blind_spots.py`."""


def broken(scenario: str, *findings: str) -> Callable[[type[Service]], type[Service]]:
    """List a service under its name in lower case with hyphens; its docstring says how it is broken."""
    return _register(BROKEN, lambda service: Broken(service, scenario, findings=frozenset(findings)))


def unseen(scenario: str, *contracts: str) -> Callable[[type[Service]], type[Service]]:
    """List a service that gives no finding, but leaves these contracts of its scenario unchecked."""
    return _register(BROKEN, lambda service: Broken(service, scenario, not_checked=frozenset(contracts)))


def blind_spot(scenario: str) -> Callable[[type[Service]], type[Service]]:
    """List a service that no shipped contract notices; its docstring also says why."""
    return _register(BLIND_SPOTS, lambda service: Broken(service, scenario))


def _register(
    every: dict[str, Broken], made: Callable[[type[Service]], Broken]
) -> Callable[[type[Service]], type[Service]]:
    def listed(service: type[Service]) -> type[Service]:
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", service.__name__).lower()
        assert name not in every
        assert service.__doc__
        every[name] = made(service)
        return service

    return listed
