"""Decide whether two spans come from one process (section 6 of docs/contract-format.md)."""

from __future__ import annotations

from spanpact.trace.model import Capability, Resource, Span


def same_resource(one: Resource, other: Resource) -> bool:
    """Return whether two resources have equal attributes: they describe one process."""
    return one is other or one.attributes == other.attributes


def same_process(one: Span, other: Span, capabilities: frozenset[Capability]) -> bool:
    """Return whether two spans have equal resources; False where the source carries no resources."""
    return "resource" in capabilities and same_resource(one.resource, other.resource)
