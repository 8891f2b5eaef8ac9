"""The rules of compatibility, one for each keyword of the language (section 12 of docs/contract-format.md).

A keyword that stands in several places has one rule, unless its meaning differs: then the place goes before it
(`across.duration`). A matcher's words have theirs in `matchers.WORDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spanpact.contract.loader.vocabulary import KINDS, STATUSES
from spanpact.diff.inclusion import shifts
from spanpact.diff.inclusion.shifts import Compare


@dataclass(frozen=True, slots=True)
class KeywordRule:
    """How edits of a keyword count: what they do, in words; how values compare; which findings the keyword raises.

    Where all of `findings` are below violation, or pending, what the keyword demands refuses nothing.
    """

    says: str
    compare: Compare
    findings: tuple[str, ...] = ()


_ATTRIBUTE: Final = ("attribute-missing", "attribute-type", "attribute-value", "attribute-unexpected")
_RELATED: Final = (*_ATTRIBUTE, "attribute-relation")
_COUNTED: Final = ("span-missing", "span-surplus", "span-misplaced")
_EVENTS: Final = ("event-missing", "event-surplus")
_LINKS: Final = ("link-missing", "link-surplus")
_MEMBER: Final = "one more tightens, unless it is pending or below violation; it loosens where it is named in a closed"
_CLOSED: Final = ("span-extra", "attribute-extra", "event-extra", "link-extra")

KEYWORDS: Final[Mapping[str, KeywordRule]] = MappingProxyType(
    {
        # the head of the file
        "spanpact": KeywordRule("the same for both: there is one version of the language", shifts.only_text),
        "contract": KeywordRule("pairs the versions", shifts.only_text),
        "fragment": KeywordRule("file layout: no change", shifts.only_text),
        "extends": KeywordRule("file layout: what the fragments hold is compared", shifts.only_text),
        "version": KeywordRule("what the changes ask to be raised", shifts.only_text),
        "about": KeywordRule("text only", shifts.only_text),
        "examples": KeywordRule("text only", shifts.only_text),
        "scenario": KeywordRule("other traces are spoken of: both", shifts.selects),
        "aliases": KeywordRule("another name is also judged, and also enough: both", shifts.selects),
        "classes": KeywordRule("a pattern that `forbid` uses: both; else text only", shifts.selects),
        "clock": KeywordRule("by `tolerance` and `skew`", shifts.only_text),
        "clock.tolerance": KeywordRule("more loosens", shifts.allowances),
        "clock.skew": KeywordRule("more loosens", shifts.allowances),
        "levels": KeywordRule("to violation tightens, from violation loosens", shifts.only_text),
        "pending": KeywordRule("made pending loosens, no longer pending tightens", shifts.only_text),
        "pending.until": KeywordRule("later loosens", shifts.allowances),
        "pending.reason": KeywordRule("text only", shifts.only_text),
        "pending.owner": KeywordRule("text only", shifts.only_text),
        "every": KeywordRule(f"{_MEMBER} place", shifts.said),
        "across": KeywordRule("one more tightens", shifts.said),
        # statements of `across`
        "across.sampling": KeywordRule("another rate: both", shifts.said, ("sampling-rate",)),
        "across.confidence": KeywordRule("more loosens", shifts.allowances, ("sampling-rate",)),
        "across.duration": KeywordRule("a higher bound loosens", shifts.allowances, ("duration",)),
        "across.error_rate": KeywordRule("a higher bound loosens", shifts.allowances, ("error-rate",)),
        "across.of": KeywordRule("other spans are counted: both", shifts.selects),
        "across.samples": KeywordRule("other populations are judged: both", shifts.selects),
        # the tree
        "children": KeywordRule(f"{_MEMBER} place, or a neighbour may select the same", shifts.said),
        "descendants": KeywordRule(f"{_MEMBER} place, or a neighbour may select the same", shifts.said),
        "span": KeywordRule("selects: both", shifts.selects),
        "where": KeywordRule("selects: both", shifts.selects),
        "count": KeywordRule("a narrower range tightens", shifts.ranges, _COUNTED),
        "closed": KeywordRule("one more tightens", shifts.members, _CLOSED),
        "order": KeywordRule("one more at an end tightens; in the middle: both", shifts.sequences, ("order",)),
        "concurrency": KeywordRule("a narrower range tightens", shifts.ranges, ("concurrency",)),
        "conditions": KeywordRule(f"{_MEMBER} place", shifts.said),
        "when": KeywordRule("selects: both", shifts.selects),
        "then": KeywordRule("by the content and the count of each side", shifts.said, _COUNTED),
        # content
        "kind": KeywordRule("fewer kinds tighten", shifts.words_of(KINDS), ("kind",)),
        "status": KeywordRule("fewer codes tighten", shifts.words_of(STATUSES), ("status",)),
        "status_message": KeywordRule("by the texts accepted", shifts.text_values, ("status-message",)),
        "scope": KeywordRule("by the texts accepted", shifts.text_values, ("scope",)),
        "attributes": KeywordRule("by the values accepted", shifts.values, _RELATED),
        "resource": KeywordRule("by the values accepted", shifts.values, _RELATED),
        "exactly_one_true": KeywordRule("another list: both", shifts.said, ("attribute-relation",)),
        "parent": KeywordRule("another: both", shifts.said, ("parent",)),
        "duration": KeywordRule("narrower bounds tighten", shifts.bounds, ("duration",)),
        "forbid": KeywordRule("one more tightens", shifts.members, ("privacy-leak",)),
        "except": KeywordRule("one more loosens", shifts.exemptions, ("privacy-leak",)),
        "events": KeywordRule(f"{_MEMBER} place", shifts.said, _EVENTS),
        "event": KeywordRule("selects: both", shifts.selects, _EVENTS),
        "via": KeywordRule("selects: both", shifts.selects, _EVENTS),
        "links": KeywordRule(f"{_MEMBER} place", shifts.said, _LINKS),
    }
)
"""Each keyword's rule. What no rule lists counts as both."""
