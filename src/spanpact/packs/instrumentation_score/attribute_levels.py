"""The attributes that the semantic conventions have at one level only: resources, or spans.

The files beside this one list them, one name a line, from release 1.44.0 of the conventions. `attributes_of_resources`:
attributes of entities that no span, event or metric has. `attributes_of_spans`: attributes of spans that no entity has.
Neither holds deprecated attributes, those of scopes, and those that only general groups name. A name that ends with a
full stop stands for all that begin with it: the user chooses the rest (`http.request.header.<key>`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


def is_of_resources(name: str) -> bool:
    """Return whether an attribute of this name belongs to resources only."""
    return _is_listed(name, "attributes_of_resources.txt")


def is_of_spans(name: str) -> bool:
    """Return whether an attribute of this name belongs to spans only."""
    return _is_listed(name, "attributes_of_spans.txt")


def _is_listed(name: str, file: str) -> bool:
    names, prefixes = _listed(file)
    return name in names or name.startswith(prefixes)


@cache
def _listed(file: str) -> tuple[frozenset[str], tuple[str, ...]]:
    lines = Path(__file__).with_name(file).read_text(encoding="ascii").splitlines()
    return frozenset(lines), tuple(line for line in lines if line.endswith("."))
