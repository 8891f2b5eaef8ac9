"""The result of counting what traces hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.trace.model import Value

Holder: TypeAlias = Literal["span", "resource", "event", "link", "log"]
"""What an attribute is of."""


@dataclass(frozen=True, slots=True)
class NameSummary:
    """The spans of one service with one name.

    `kinds` counts them by kind, `errors` those with the status error. `roots` have no parent; `orphans` have one that
    was not read.
    """

    name: str
    spans: int
    kinds: Mapping[str, int]
    errors: int
    roots: int
    orphans: int


@dataclass(frozen=True, slots=True)
class ServiceSummary:
    """The spans of one service ("": without a name), by name. `resolution_ns` is that of its coarsest clock."""

    name: str
    spans: int
    resolution_ns: int
    names: Sequence[NameSummary]


@dataclass(frozen=True, slots=True)
class AttributeSummary:
    """One attribute: on how many holders it is (of a resource: on how many spans), by the type of its value.

    `values` are the first distinct values with how often each was seen, `other_values` counts all others. Both are
    empty unless values were asked for.
    """

    holder: Holder
    name: str
    types: Mapping[str, int]
    values: Sequence[tuple[Value, int]] = ()
    other_values: int = 0


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """Everything that was counted. `other_names` and `other_attributes` count what was beyond the limits."""

    source: str
    traces: int
    spans: int
    logs: int
    roots: int
    orphans: int
    services: Sequence[ServiceSummary]
    attributes: Sequence[AttributeSummary]
    other_names: int = 0
    other_attributes: int = 0
