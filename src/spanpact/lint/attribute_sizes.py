"""Decide whether the attributes that a span must have are certainly more, or longer, than `limits` allows."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.contract.compiled import AttributeExpectation, Content
from spanpact.lint.satisfiability import literals


def exceeded(content: Content, limiting: Content) -> str:
    """Return the keyword of an attribute of `content` by which the limits of `limiting` are exceeded; "" for none."""
    limits = limiting.limits
    if limits is None:
        return ""
    demanded = list(_demanded(content))
    if limits.attributes is not None and len(demanded) > limits.attributes:
        return f"attributes.{demanded[limits.attributes].name}"
    if limits.length is None:
        return ""
    return next((f"attributes.{each.name}" for each in demanded if _least_length(each) > limits.length), "")


def _demanded(content: Content) -> Iterator[AttributeExpectation]:
    """Yield the attributes that must be there, of which no two can be one: they have no accepted name in common."""
    names: set[str] = set()
    for attribute in content.attributes:
        if attribute.matcher.optional or attribute.matcher.presence == "absent":
            continue
        if names.isdisjoint(attribute.names):
            names.update(attribute.names)
            yield attribute


def _least_length(attribute: AttributeExpectation) -> int:
    """Return how long a text in the attribute is at least."""
    listed = literals(attribute.matcher)
    contained = attribute.matcher.contains
    least = min((len(each) if isinstance(each, str) else 0 for each in listed), default=0) if listed else 0
    return max(least, len(contained) if isinstance(contained, str) else 0)
