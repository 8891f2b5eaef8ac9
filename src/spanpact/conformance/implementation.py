"""The adapter between the contract tests and an implementation: it performs a scenario and returns its traces."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from spanpact.trace.model import Reading


class Implementation(Protocol):
    """An implementation of the shipped contracts.

    Its traces may come from any source: an in-memory exporter, an OTLP receiver, Jaeger. For an implementation in
    another language, `perform` runs a process or calls it over HTTP.
    """

    @property
    def name(self) -> str:
        """Return the name that reports show."""

    @property
    def scenarios(self) -> Collection[str]:
        """Return the names of the scenarios it can perform; the tests of others are skipped as not claimed."""

    def perform(self, scenario: str) -> Reading:
        """Perform the scenario and return the complete traces that it caused."""
