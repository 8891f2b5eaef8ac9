"""Bounds that contracts set: numbers of spans, durations, and how many and how long attributes may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A range of counts; `high` is None for no upper bound."""

    low: int
    high: int | None

    def __str__(self) -> str:
        if self.high is None:
            return f"{self.low}.."
        return str(self.low) if self.low == self.high else f"{self.low}..{self.high}"

    def __contains__(self, number: int) -> bool:
        return self.low <= number and (self.high is None or number <= self.high)


ONE = Count(1, 1)
ANY = Count(0, None)
AT_LEAST_ONE = Count(1, None)


@dataclass(frozen=True, slots=True)
class DurationBound:
    """Inclusive bounds of a span's duration in nanoseconds."""

    at_least_ns: int | None = None
    at_most_ns: int | None = None


@dataclass(frozen=True, slots=True)
class AttributeLimits:
    """Inclusive upper bounds of `limits`: the number of attributes, and the length of each text; None is no bound."""

    attributes: int | None = None
    length: int | None = None

    def __str__(self) -> str:
        parts = (("attributes", self.attributes), ("length", self.length))
        return ", ".join(f"{name} {bound}" for name, bound in parts if bound is not None)
