"""Resources and scopes, which many spans share: they are reported once a trace."""

from __future__ import annotations

from typing import TypeAlias

from spanpact.trace.attributes import pairs_of
from spanpact.trace.model import Resource, Scope

Seen: TypeAlias = set[int | str]
"""The resources and scopes met: the ids of the objects, and the identities of those to report."""


def is_new(owner: Resource | Scope, seen: Seen) -> bool:
    """Return whether neither this object nor an equal one was seen; note it.

    A source may make one object for all spans with a resource, or one for each request or span.
    """
    if id(owner) in seen:
        return False
    seen.add(id(owner))
    identity = _identity(owner)
    if identity in seen:
        return False
    seen.add(identity)
    return True


def _identity(owner: Resource | Scope) -> str:
    name = (owner.name, owner.version) if isinstance(owner, Scope) else ()
    return repr((type(owner).__name__, name, owner.dropped_attributes, sorted(map(repr, pairs_of(owner.attributes)))))
