"""The catalogue of finding ids, with default levels and meanings (section 14 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

from spanpact.findings.finding import Level

_Id = TypeVar("_Id")
_Meanings: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IdMeaning:
    """An id with its level and its meaning."""

    id: str
    level: Level
    meaning: str


_VIOLATIONS: Final = {
    "span-missing": "fewer spans than `count`",
    "span-surplus": "more spans than `count`",
    "span-misplaced": "the span is there, under another parent",
    "span-extra": "a span not named in a closed place",
    "span-name": "the selected span has another name",
    "parent": "the parent is not none, local or remote as asked",
    "kind": "another span kind",
    "status": "another status",
    "status-message": "another status message",
    "scope": "another instrumentation scope",
    "attribute-missing": "the attribute is not there",
    "attribute-type": "the attribute is of another type",
    "attribute-value": "the attribute has another value",
    "attribute-unexpected": "the attribute must be absent",
    "attribute-extra": "an attribute not named in a closed place",
    "attribute-relation": "`same_as` or `exactly_one_true` does not hold",
    "attribute-limit": "more attributes, or a longer text in one, than `limits` allows",
    "attribute-sum": "the sum of an attribute over the flow is out of bounds",
    "attribute-distinct": "the flow has too many or too few distinct values of an attribute",
    "attribute-repeats": "one value of an attribute is on too many or too few spans of the flow",
    "event-missing": "fewer events than `count`",
    "event-surplus": "more events than `count`",
    "event-extra": "an event not named in a closed place",
    "link-missing": "fewer links than `count`",
    "link-surplus": "more links than `count`",
    "link-extra": "a link not named in a closed place",
    "duration": "a duration out of bounds",
    "order": "a span starts before one that must precede it has ended",
    "concurrency": "too many or too few spans open at once",
    "privacy-leak": "a forbidden class is there",
    "sampling-rate": "the share of sampled requests is out of bounds",
    "error-rate": "the share of failed spans is out of bounds",
    "distinct-names": "more distinct span names than `distinct_names`",
    "trace-roots": "more than one span without a parent id",
    "span-orphan": "the span's parent is not in the complete trace",
    "span-duplicate": "two spans with one id",
    "span-cycle": "a span is its own ancestor",
    "id-invalid": "a malformed or all-zero id",
    "span-times": "a span ends before its start, or never",
    "child-early": "a span starts before its parent",
    "value-not-finite": "NaN or infinite",
    "span-lost": "a span is in one source and not in another",
    "span-altered": "a span differs between two sources",
    "pending-expired": "a pending expectation is past its date",
    "example-wrong": "an example gave other findings than it lists",
}
_IMPROVEMENTS: Final = {
    "child-late": "a span ends after its parent",
    "attribute-repeated": "a key occurs more than once in a list of attributes",
    "data-dropped": "the SDK counted dropped attributes, events or links",
    "link-dangling": "a link names a span that is not in its trace",
    "log-uncorrelated": "a log record names a span that is not in its trace",
    "pending-kept": "a pending expectation is kept already",
}
_INFORMATION: Final = {
    "match-ambiguous": "another assignment of spans to entries is as good",
    "expectation-unproven": "removing the expectation changes the result of no example",
}


def ids_by_name(
    make: Callable[[str, Level, str], _Id], *, violation: _Meanings, improvement: _Meanings, information: _Meanings
) -> Mapping[str, _Id]:
    """Return the ids of all three levels by name, each made from its name, its level and its meaning."""
    levels: dict[Level, _Meanings] = {"violation": violation, "improvement": improvement, "information": information}
    return MappingProxyType(
        {id: make(id, level, meaning) for level, meanings in levels.items() for id, meaning in meanings.items()}
    )


class FindingId(IdMeaning):
    """One id of the catalogue, with its level unless a contract sets another one."""

    __slots__ = ()


CATALOGUE: Final = ids_by_name(FindingId, violation=_VIOLATIONS, improvement=_IMPROVEMENTS, information=_INFORMATION)
"""Every finding id of the language."""
INTEGRITY: Final = frozenset(
    ("trace-roots", "span-orphan", "span-duplicate", "span-cycle", "id-invalid", "span-times", "child-early",
     "child-late", "value-not-finite", "attribute-repeated", "data-dropped", "link-dangling", "log-uncorrelated"),
) & CATALOGUE.keys()  # fmt: skip
"""The findings that any trace can give, whatever its contract: malformed traces."""
