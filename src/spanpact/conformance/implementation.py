"""What is under contract, behind a small adapter: perform a scenario, give the traces that it caused."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from spanpact.trace.model import Reading


class Implementation(Protocol):
    """An implementation of the shipped contracts.

    The traces may come from anywhere: an in-memory exporter, an OTLP receiver, Jaeger. One that is written in
    another language is adapted by a `perform` that runs it as a process or calls it over HTTP.
    """

    @property
    def name(self) -> str:
        """A name for reports."""

    @property
    def scenarios(self) -> Collection[str]:
        """The names of the scenarios that it can perform; the others show as not claimed."""

    def perform(self, scenario: str) -> Reading:
        """Do what the scenario says, and give the traces that it caused, complete."""
