"""Compiled `sum`, `distinct` and `repeats`: what all spans that a rule selects in a flow say together (section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from spanpact.errors import Place

if TYPE_CHECKING:
    from spanpact.contract.compiled import Count, Matcher

AggregateKeyword: TypeAlias = Literal["sum", "distinct", "repeats"]
JOINED = " + "
"""What joins the names of several attributes whose values are compared together."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One attribute of `sum`, `distinct` or `repeats`, or several that are compared together.

    `name` is the key as it is written. `names` has one tuple for each attribute: the name and its aliases. `within` is
    a matcher of the sum, or the range of a number of values or spans.
    """

    keyword: AggregateKeyword
    name: str
    names: tuple[tuple[str, ...], ...]
    within: Count | Matcher
    place: Place | None = None

    @property
    def path(self) -> str:
        """Return the keyword of the expectation: `sum.gen_ai.usage.input_tokens`."""
        return f"{self.keyword}.{self.name}"

    @property
    def all_names(self) -> frozenset[str]:
        """Return the attributes that it looks at, under all their aliases."""
        return frozenset(name for names in self.names for name in names)
