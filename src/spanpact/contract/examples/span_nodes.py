"""The spans of an example as nodes, one for each span after `repeat` is written out.

`given`, `like` and `but` merge the mappings of these nodes, so that errors still have a place in the file.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from dataclasses import dataclass
from typing import Final

from spanpact.contract.document import Location, Mapping, Node, Scalar
from spanpact.contract.examples.values import is_absent
from spanpact.contract.loader.node_readers import read_integer, read_mapping, read_sequence
from spanpact.contract.loader.vocabulary import CONCRETE, EXAMPLE_SPAN, EXAMPLE_TRACE
from spanpact.trace.name_patterns import NamePattern

MAX_SPANS: Final = 100_000
"""Limit of one example, so that nested `repeat`s cannot fill the memory."""

_MERGED: Final = ("attributes", "resource", "scope", "dropped")  # merged by key; all other fields are replaced


@dataclass(frozen=True, slots=True)
class SpanNode:
    """One span of an example: its fields (without `children` and `repeat`) and its children."""

    fields: Mapping
    children: tuple[SpanNode, ...] = ()


@dataclass(slots=True)
class Budget:
    """The number of spans that an example may still add."""

    left: int = MAX_SPANS

    def take(self, location: Location) -> None:
        """Count one span. Raise ContractError where the example has too many."""
        self.left -= 1
        if self.left < 0:
            raise location.error(f"the example has more than {MAX_SPANS:,} spans")


def read_trace_nodes(example: Mapping, budget: Budget) -> tuple[tuple[SpanNode, ...], ...]:
    """Return the spans of each trace of an example with `trace` or `traces`, with `repeat` written out."""
    if "trace" in example.items:
        return (_spans(example.items["trace"], "`trace`", budget),)
    found: list[tuple[SpanNode, ...]] = []
    for item in read_sequence(example.items["traces"], "`traces`").items:
        keywords = read_mapping(item, "each of `traces`", EXAMPLE_TRACE)
        if "trace" not in keywords.items:
            raise item.location.error("each of `traces` needs `trace`")
        times = read_integer(keywords.items["repeat"], "`repeat`", least=1) if "repeat" in keywords.items else 1
        found.extend(_spans(keywords.items["trace"], "`trace`", budget) for _ in range(times))
    return tuple(found)


def _spans(node: Node, what: str, budget: Budget) -> tuple[SpanNode, ...]:
    return tuple(copy for item in read_sequence(node, what, empty=True).items for copy in _copies(item, budget))


def _copies(node: Node, budget: Budget) -> list[SpanNode]:
    """Return the nodes of one span: one for each repetition."""
    keywords = _span_mapping(node)
    times = read_integer(keywords.items["repeat"], "`repeat`", least=1) if "repeat" in keywords.items else 1
    if times > 1 and "id" in keywords.items:
        raise keywords.keys["id"].error("`id` labels one span, and this one is repeated")
    fields = _without(keywords, "children", "repeat")
    copies: list[SpanNode] = []
    for _ in range(times):
        budget.take(keywords.location)
        below = keywords.items.get("children")
        copies.append(SpanNode(fields, _spans(below, "`children`", budget) if below is not None else ()))
    return copies


def _span_mapping(node: Node) -> Mapping:
    if isinstance(node, Scalar):
        return Mapping({"span": node}, {"span": node.location}, node.location)
    keywords = read_mapping(node, "a span of an example", EXAMPLE_SPAN)
    if "span" not in keywords.items:
        raise keywords.location.error("a span of an example needs `span`")
    return keywords


def _without(node: Mapping, *keys: str) -> Mapping:
    return Mapping({k: v for k, v in node.items.items() if k not in keys}, node.keys, node.location)


def merge_fields(under: Mapping, over: Mapping) -> Mapping:
    """Return `under` with the fields of `over`. Attributes and the like are merged, other fields replaced."""
    items = dict(under.items)
    for key, item in over.items.items():
        below = items.get(key)
        if key in _MERGED and isinstance(below, Mapping) and isinstance(item, Mapping):
            item = Mapping({**below.items, **item.items}, {**below.keys, **item.keys}, item.location)
        items[key] = item
    return Mapping(items, {**under.keys, **over.keys}, under.location)


@dataclass(frozen=True, slots=True)
class Given:
    """The section `given`: default fields of spans by their name."""

    patterns: tuple[tuple[NamePattern, Mapping], ...] = ()
    """Name patterns with their fields; later ones override earlier ones."""

    def complete(self, name: str, fields: Mapping) -> Mapping:
        """Return a span's fields, completed by those given for its name, without fields that are `absent`."""
        result = Mapping({}, {}, fields.location)
        for pattern, given in self.patterns:
            if pattern.fits(name):
                result = merge_fields(result, given)
        result = merge_fields(result, fields)
        kept = {k: v for k, v in result.items.items() if k in ("span", "id") or not is_absent(v)}
        return Mapping(kept, result.keys, result.location)


def read_given(node: Node | None) -> Given:
    """Read `given`. Longer patterns override shorter ones; of equally long ones, the alphabetically later wins."""
    if node is None:
        return Given()
    keywords = read_mapping(node, "`given`")
    ordered = sorted(keywords.items, key=lambda text: (len(text), text))
    fields = (read_mapping(keywords.items[text], f"what is given for `{text}`", CONCRETE) for text in ordered)
    return Given(tuple((NamePattern((text,)), given) for text, given in zip(ordered, fields, strict=True)))


def apply_changes(spans: AnySequence[SpanNode], changes: AnyMapping[int, Node], budget: Budget) -> tuple[SpanNode, ...]:
    """Return the spans with the changes of `but` applied. `changes` maps the `id()` of a node to its change."""
    found: list[SpanNode] = []
    for span in spans:
        change = changes.get(id(span))
        if change is None:
            budget.take(span.fields.location)
            found.append(SpanNode(span.fields, apply_changes(span.children, changes, budget)))
        elif not is_absent(change):
            found.extend(_changed(span, read_mapping(change, "a change", EXAMPLE_SPAN), changes, budget))
    return tuple(found)


def _changed(span: SpanNode, change: Mapping, changes: AnyMapping[int, Node], budget: Budget) -> list[SpanNode]:
    """Change one span: new `children` replace the old ones, a new `repeat` makes copies."""
    fields = merge_fields(span.fields, change)
    if "children" in change.items or "repeat" in change.items:
        fresh = _copies(Mapping(fields.items, fields.keys, change.location), budget)
        if "children" in change.items:
            return fresh
        return [SpanNode(copy.fields, apply_changes(span.children, changes, budget)) for copy in fresh]
    budget.take(change.location)
    return [SpanNode(fields, apply_changes(span.children, changes, budget))]
