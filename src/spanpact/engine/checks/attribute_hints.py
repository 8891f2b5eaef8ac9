"""Explain a missing attribute by one that is there: its other name in the conventions, or a similar name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from spanpact.engine.checks.outcomes import Breach, Outcome
from spanpact.engine.checks.renamed_attributes import NEW_NAMES
from spanpact.engine.checks.values.shown import shown
from spanpact.findings import Edit
from spanpact.trace.model import Attributes

_SIMILAR = 0.75  # difflib's ratio: `http.request.methd` is similar, `http.request.body` is not
_MOST_COMPARED = 128  # names of one span that are compared


def with_attribute_hints(outcomes: Sequence[Outcome], keyword: str, attributes: Attributes) -> Sequence[Outcome]:
    """Return the outcomes of a check of `attributes.NAME`, a missing attribute with a hint if one is near.

    A hint that is there already is kept: it knows why the attribute is missing.
    """
    if not outcomes or not keyword.startswith("attributes."):
        return outcomes
    name = keyword.removeprefix("attributes.")
    return [
        replace(each, hint=nearest_attribute(name, attributes), nearest=_edit(name, attributes))
        if isinstance(each, Breach) and each.id == "attribute-missing" and not each.hint
        else each
        for each in outcomes
    ]


def nearest_attribute(name: str, attributes: Attributes) -> str:
    """Return the attribute that stands for the missing one, with its value and the reason; "" if there is none."""
    nearest, why = _nearest(name, tuple(attributes))
    value = shown(attributes[nearest]) if nearest else ""
    return f"{nearest}={value} is there: {why}" if why else f"near: {nearest}={value}" if nearest else ""


def _edit(name: str, attributes: Attributes) -> Edit | None:
    """Return the renaming of the attribute that stands for the missing one, None if there is none."""
    nearest, why = _nearest(name, tuple(attributes))
    return Edit("", "attributes", nearest, name, why) if nearest else None


def nearest_name(name: str, attributes: Attributes) -> str:
    """Return the name of that attribute and the reason, without its value; "" if there is none."""
    nearest, why = _nearest(name, tuple(attributes))
    return f"{nearest} is there: {why}" if why else f"near: {nearest}" if nearest else ""


@lru_cache(1024)
def _nearest(name: str, names: tuple[str, ...]) -> tuple[str, str]:
    """Return which of the names stands for the missing one, and why unless it is only similar; "" for none."""
    for old, new in NEW_NAMES.items():
        if name == new and old in names:
            return old, f"the old name of {new} in the semantic conventions"
        if name == old and new in names:
            return new, f"the new name of {old} in the semantic conventions"
    from difflib import get_close_matches

    lower = {each.lower().replace("_", "."): each for each in names[:_MOST_COMPARED]}
    close = get_close_matches(name.lower().replace("_", "."), lower, 1, _SIMILAR)
    return (lower[close[0]], "") if close else ("", "")
