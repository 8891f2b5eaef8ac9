"""Remember attributes in which nothing leaks: most come again and again, and are scanned once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final

from spanpact.byte_budget import ByteBudget
from spanpact.privacy import number_text
from spanpact.trace.attributes import attributes_of, pairs_of
from spanpact.trace.model import Attributes, Resource, Scope, Value

_MOST_REMEMBERED: Final = 1 << 20  # bytes
_MOST_OWNERS: Final = 1 << 10


class CleanAttributes:
    """The attributes of spans, resources and scopes in which `leaks` finds nothing, by name and value."""

    def __init__(self, leaks: Callable[[str, Value], Sequence[object]]) -> None:
        self._leaks = leaks
        self._clean: set[Hashable] = set()
        self._budget = ByteBudget(_MOST_REMEMBERED)
        self._owners: dict[int, Resource | Scope] = {}

    def leaking(self, attributes: Attributes) -> Attributes:
        """Return those of the attributes in which something leaks."""
        leaking = [
            (name, value)
            for name, value in pairs_of(attributes)
            if _key(name, value) not in self._clean and not self._is_clean(name, value)
        ]
        return attributes_of(leaking) if leaking else {}

    def leaking_of(self, owner: Resource | Scope) -> Attributes:
        """Return the same for a resource or scope; many spans have the same object."""
        if id(owner) in self._owners:
            return {}
        leaking = self.leaking(owner.attributes)
        if not leaking:
            if len(self._owners) >= _MOST_OWNERS:
                self._owners.clear()
            self._owners[id(owner)] = owner  # which holds it, so that its id stays its own
        return leaking

    def _is_clean(self, name: str, value: Value) -> bool:
        """Return whether nothing leaks; if so, remember the attribute, unless its value is large."""
        if self._leaks(name, value):
            return False
        key = _key(name, value)
        size = len(name) + (len(value) if isinstance(value, str | bytes) else 0)
        if key is not None and self._budget.takes(size):
            if self._budget.is_spent:
                self._clean.clear()
                self._budget.renew()
            self._budget.spend(size)
            self._clean.add(key)
        return True


def _key(name: str, value: Value) -> Hashable:
    """Return a key of an attribute: numbers in which nothing can leak have that of their name, lists and maps none."""
    if type(value) is str:
        return name, value
    if isinstance(value, list | dict):
        return None
    if isinstance(value, int | float) and not number_text(value):
        return name
    return name, value
