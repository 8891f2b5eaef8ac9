"""Ask ClickHouse for facts about all traces of a search, and for the keys of their shapes (ADR 0071)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import msgspec

from spanpact.sources.clickhouse import grouping_queries as statements
from spanpact.sources.clickhouse.grouping_queries import MOST_LISTED, NO_KEY, KeyParts
from spanpact.sources.clickhouse.queries import array
from spanpact.sources.clickhouse.rows import attributes_of_map
from spanpact.trace.model import Attributes

_SPANS_OF_BATCH: Final = 250_000
_KEYS_AT_ONCE: Final = 200
_Row = TypeVar("_Row")

Ask: TypeAlias = Callable[[str, Mapping[str, str]], bytes]
"""Sends a statement with its parameters, besides those of the table, and returns the answer."""


class Totals(NamedTuple):
    """How many traces are complete, how many spans these have, and how many traces still grow."""

    traces: int
    spans: int
    growing: int


class ResourceStarts(NamedTuple):
    """A resource, its hash, and of the starts of its spans how many are not 0, and multiples of each unit."""

    attributes: Attributes
    hash: str
    counts: Sequence[int]


class Group(NamedTuple):
    """The traces of one key, "0" for a single trace without one; `newest` (ns) and `trace_id` are of the first read."""

    key: str
    traces: int
    spans: int
    newest: int
    trace_id: str


class GroupedTrace(NamedTuple):
    """A trace of a key; `newest` orders the traces, the newest first; `span_ids` are those of its spans by start."""

    key: str
    newest: int
    trace_id: str
    span_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class TraceGroups:
    """The traces of one search at one time; `values` are the parameters of it. Raises what `ask` raises."""

    ask: Ask
    values: Mapping[str, str]

    def totals(self) -> Totals:
        """Return how much there is."""
        ((traces, spans, growing),) = self._rows(statements.TOTALS, tuple[str, str, str])
        return Totals(int(traces), int(spans), int(growing))

    def names(self) -> tuple[list[str], list[str]]:
        """Return the names of spans, and those of roots."""
        ((names, roots),) = self._rows(statements.NAMES, tuple[list[str], list[str]])
        return names, roots

    def attribute_values(self) -> dict[str, list[str] | None]:
        """Return the values of each attribute; None for one that has more than are looked at."""
        rows = self._rows(statements.VALUES, tuple[str, list[str]])
        return {name: None if len(values) > MOST_LISTED else values for name, values in rows}

    def resources(self, units_ns: Sequence[int]) -> list[ResourceStarts]:
        """Return all resources, with what their starts are multiples of."""
        rows = self._rows(statements.resources(units_ns), tuple[list[str], list[str], str, list[str]])
        return [
            ResourceStarts(attributes_of_map(names, values), hash, list(map(int, counts)))
            for names, values, hash, counts in rows
        ]

    def groups(self, parts: KeyParts, spans: int, most: int) -> list[Group]:
        """Return the keys of all traces, which have so many spans; at most so many for each batch of them."""
        return [
            Group(key, int(number), int(all_spans), int(newest), trace_id)
            for more in _batches(spans)
            for key, number, all_spans, newest, trace_id in self._rows(
                statements.groups(parts, most), tuple[str, str, str, str, str], {**parts.parameters(), **more}
            )
        ]

    def traces_of(self, parts: KeyParts, keys: Sequence[str], spans: int) -> Iterator[GroupedTrace]:
        """Yield the traces of some keys, batch by batch."""
        for more in _batches(spans):
            for i in range(0, len(keys), _KEYS_AT_ONCE):
                given = {**parts.parameters(), **more, "keys": f"[{', '.join(keys[i : i + _KEYS_AT_ONCE])}]"}
                rows = self._rows(statements.traces_of_keys(parts), tuple[str, str, str, list[str]], given)
                yield from (GroupedTrace(key, int(newest), trace_id, ids) for key, newest, trace_id, ids in rows)

    def roots(self, names: Sequence[str]) -> list[tuple[str, int, str]]:
        """Return the roots with some names in the order of reading: name, start (ns), trace id."""
        rows = self._rows(statements.ROOTS, tuple[str, str, str], {"names": array(names)})
        return [(name, int(start), trace_id) for name, start, trace_id in rows]

    def _rows(self, statement: str, row: type[_Row], more: Mapping[str, str] | None = None) -> list[_Row]:
        body = self.ask(statement, {**self.values, **(more or {})})
        decoder: Any = msgspec.json.Decoder(row)
        try:
            rows: list[_Row] = decoder.decode_lines(body)
        except UnicodeDecodeError:  # ClickHouse keeps texts that are not UTF-8
            rows = decoder.decode_lines(body.decode("utf-8", "replace").encode())
        return rows


def _batches(spans: int) -> Iterator[Mapping[str, str]]:
    number = -(-spans // _SPANS_OF_BATCH)
    return ({"batches": str(number), "batch": str(i)} for i in range(number))


__all__ = ["NO_KEY", "Group", "GroupedTrace", "KeyParts", "ResourceStarts", "Totals", "TraceGroups"]
