"""Merge the sections of a contract with those of the fragments that it extends (section 1 of docs/contract-format.md).

A key that occurs in two files is an error. Only in `levels` and `clock` may the contract override a fragment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spanpact.contract.document import Location, Mapping, Node
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.node_readers import read_mapping


@dataclass(frozen=True, slots=True)
class SectionItem:
    """One key of a section, with its node and its location."""

    key: str
    node: Node
    location: Location


def merge_sections(
    context: Context, documents: Sequence[Mapping], section: str, *, last_wins: bool = False
) -> tuple[SectionItem, ...]:
    """Return the items of a section over all documents, of which the contract is the last. Collect errors.

    With `last_wins` the contract overrides the items of fragments.
    """
    found: dict[str, SectionItem] = {}
    own = {item.key for item in _section(context, documents[-1], section)} if last_wins else set()
    for document in documents:
        for item in _section(context, document, section, quiet=last_wins and document is documents[-1]):
            first = found.get(item.key)
            if first and item.key not in own:
                with context.collecting():
                    where = f" in {first.location.place}" if first.location.place else ""
                    raise item.location.error(f"`{item.key}` of `{section}` is defined in two files; first{where}")
            else:
                found[item.key] = item
    return tuple(found.values())


def _section(context: Context, document: Mapping, section: str, *, quiet: bool = False) -> Iterator[SectionItem]:
    node = document.items.get(section)
    if isinstance(node, Mapping):
        for key, item in node.items.items():
            yield SectionItem(key, item, node.keys[key])
    elif node is not None and not quiet:
        with context.collecting():
            read_mapping(node, f"`{section}`")
