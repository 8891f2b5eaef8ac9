"""A contract and its fragments become one: union, and the same key twice is an error.

In `levels` and `clock` the contract wins; between fragments there, too, the same key twice is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spanpact.contract.document import Location, Mapping, Node
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.node_readers import read_mapping


@dataclass(frozen=True, slots=True)
class SectionItem:
    """One key of a merged section, with what it says and where."""

    key: str
    node: Node
    location: Location


def merge_sections(
    context: Context, documents: Sequence[Mapping], section: str, *, last_wins: bool = False
) -> tuple[SectionItem, ...]:
    """The keys of a section over all documents, the contract being the last; errors are collected."""
    found: dict[str, SectionItem] = {}
    own = {said.key for said in _section(context, documents[-1], section)} if last_wins else set()
    for document in documents:
        for said in _section(context, document, section, quiet=last_wins and document is documents[-1]):
            first = found.get(said.key)
            if first and said.key not in own:
                with context.collecting():
                    where = f" ({first.location.place})" if first.location.place else ""
                    raise said.location.error(f"`{said.key}` of `{section}` is in two files; first{where}")
            else:
                found[said.key] = said
    return tuple(found.values())


def _section(context: Context, document: Mapping, section: str, *, quiet: bool = False) -> Iterator[SectionItem]:
    node = document.items.get(section)
    if isinstance(node, Mapping):
        for key, item in node.items.items():
            yield SectionItem(key, item, node.keys[key])
    elif node is not None and not quiet:
        with context.collecting():
            read_mapping(node, f"`{section}`")
