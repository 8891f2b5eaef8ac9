"""The list of broken implementations: each with the scenario that shows it and everything that it gives there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.broken_implementations.service import Service


@dataclass(frozen=True, slots=True)
class Broken:
    """A service broken in one way: which scenario shows it, and the keys (`entry/id`) of all its findings there."""

    service: type[Service]
    scenario: str
    findings: frozenset[str]


BROKEN: dict[str, Broken] = {}
"""By name; filled by the files of `every.py`."""


def broken(scenario: str, *findings: str) -> Callable[[type[Service]], type[Service]]:
    """Put a service on the list, under its name in lower case with hyphens; its docstring says how it is broken."""

    def listed(service: type[Service]) -> type[Service]:
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", service.__name__).lower()
        assert name not in BROKEN
        assert service.__doc__
        BROKEN[name] = Broken(service, scenario, frozenset(findings))
        return service

    return listed
