"""The scores that a pack gives services."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceScore:
    """The score of one service ("": spans without a service name), 0 to 100, and the ids of the rules that it fails."""

    service: str
    score: float
    category: str
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of all services, and what they rest on.

    `specification` is the date of the rules, `rules` their number, `not_evaluated` which are left out.
    """

    services: tuple[ServiceScore, ...]
    specification: str
    rules: int
    not_evaluated: str
