"""The compatibility rules, one for each keyword of the language (section 12 of docs/contract-format.md).

A keyword that is allowed in several places has one rule, unless it means different things there: then its key has a
prefix (`across.duration`). The keywords of matchers are in `inclusion.matchers.WORDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spanpact.contract.loader.vocabulary import KINDS, STATUSES
from spanpact.diff.inclusion.keyword_values import (
    Compare,
    compare_allowances,
    compare_durations,
    compare_exemptions,
    compare_limits,
    compare_members,
    compare_names,
    compare_numbers,
    compare_presence,
    compare_ranges,
    compare_resolutions,
    compare_selectors,
    compare_sequences,
    compare_text_only,
    compare_texts,
    compare_values,
    compare_vocabulary,
)


@dataclass(frozen=True, slots=True)
class KeywordRule:
    """How edits of a keyword count: a summary, the comparison of its values, and the findings it can raise.

    If all of `findings` are below violation or pending, the keyword refuses nothing.
    """

    summary: str
    compare: Compare
    findings: tuple[str, ...] = ()


_ATTRIBUTE: Final = ("attribute-missing", "attribute-type", "attribute-value", "attribute-unexpected")
_RELATED: Final = (*_ATTRIBUTE, "attribute-relation")
_COUNTED: Final = ("span-missing", "span-surplus", "span-misplaced")
_EVENTS: Final = ("event-missing", "event-surplus")
_LINKS: Final = ("link-missing", "link-surplus")
_MEMBER: Final = "one more tightens, unless it is pending or below violation; it loosens if it is named in a closed"
_CLOSED: Final = ("span-extra", "attribute-extra", "event-extra", "link-extra")

KEYWORDS: Final[Mapping[str, KeywordRule]] = MappingProxyType(
    {
        # the head of the file
        "spanpact": KeywordRule("the same for both: there is one version of the language", compare_text_only),
        "contract": KeywordRule("pairs the versions", compare_text_only),
        "fragment": KeywordRule("file layout: no change", compare_text_only),
        "extends": KeywordRule("file layout: what the fragments hold is compared", compare_text_only),
        "version": KeywordRule("must be raised as the changes need", compare_text_only),
        "about": KeywordRule("text only", compare_text_only),
        "examples": KeywordRule("text only", compare_text_only),
        "scenario": KeywordRule("it applies to other traces: both", compare_selectors),
        "aliases": KeywordRule("another name is checked and accepted too: both", compare_selectors),
        "classes": KeywordRule("a pattern that `forbid` uses: both; else text only", compare_selectors),
        "clock": KeywordRule("by `tolerance`, `skew` and `resolution`", compare_text_only),
        "clock.tolerance": KeywordRule("more loosens", compare_allowances),
        "clock.skew": KeywordRule("more loosens", compare_allowances),
        "clock.resolution": KeywordRule("more loosens; inferred is between exact and 1 ms", compare_resolutions),
        "levels": KeywordRule("to violation tightens, from violation loosens", compare_text_only),
        "pending": KeywordRule("made pending loosens, no longer pending tightens", compare_text_only),
        "pending.until": KeywordRule("later loosens", compare_allowances),
        "pending.reason": KeywordRule("text only", compare_text_only),
        "pending.owner": KeywordRule("text only", compare_text_only),
        "every": KeywordRule(f"{_MEMBER} place", compare_presence),
        "across": KeywordRule("one more tightens", compare_presence),
        # statements of `across`
        "across.sampling": KeywordRule("another rate: both", compare_presence, ("sampling-rate",)),
        "across.confidence": KeywordRule("more loosens", compare_allowances, ("sampling-rate",)),
        "across.duration": KeywordRule("a higher bound loosens", compare_allowances, ("duration",)),
        "across.error_rate": KeywordRule("a higher bound loosens", compare_allowances, ("error-rate",)),
        "across.distinct_names": KeywordRule("a higher bound loosens", compare_allowances, ("distinct-names",)),
        "across.of": KeywordRule("other spans are counted: both", compare_selectors),
        "across.samples": KeywordRule("other populations are checked: both", compare_selectors),
        # the tree
        "children": KeywordRule(f"{_MEMBER} place, or a neighbour may select the same spans", compare_presence),
        "descendants": KeywordRule(f"{_MEMBER} place, or a neighbour may select the same spans", compare_presence),
        "span": KeywordRule("selects: both", compare_selectors),
        "where": KeywordRule("selects: both", compare_selectors),
        "count": KeywordRule("a narrower range tightens; with another `same_as`: both", compare_ranges, _COUNTED),
        "closed": KeywordRule("one more tightens", compare_members, _CLOSED),
        "order": KeywordRule("one more at an end tightens; in the middle: both", compare_sequences, ("order",)),
        "concurrency": KeywordRule("a narrower range tightens", compare_ranges, ("concurrency",)),
        "conditions": KeywordRule(f"{_MEMBER} place", compare_presence),
        "when": KeywordRule("selects: both", compare_selectors),
        "then": KeywordRule("by the content and the count of each side", compare_presence, _COUNTED),
        "except_spans": KeywordRule("selects: both", compare_selectors),
        "parents": KeywordRule("fewer names tighten", compare_names, ("parent",)),
        "sum": KeywordRule("narrower bounds tighten", compare_values, ("attribute-sum", "attribute-type")),
        "distinct": KeywordRule("a narrower range tightens", compare_numbers, ("attribute-distinct",)),
        "repeats": KeywordRule("a narrower range tightens", compare_numbers, ("attribute-repeats",)),
        # content
        "name": KeywordRule("by the names accepted", compare_texts, ("span-name",)),
        "kind": KeywordRule("fewer kinds tighten", compare_vocabulary(KINDS), ("kind",)),
        "status": KeywordRule("fewer codes tighten", compare_vocabulary(STATUSES), ("status",)),
        "status_message": KeywordRule("by the texts accepted", compare_texts, ("status-message",)),
        "scope": KeywordRule("by the texts accepted", compare_texts, ("scope",)),
        "attributes": KeywordRule("by the values accepted", compare_values, _RELATED),
        "resource": KeywordRule("by the values accepted", compare_values, _RELATED),
        "exactly_one_true": KeywordRule("another list: both", compare_presence, ("attribute-relation",)),
        "parent": KeywordRule("another: both", compare_presence, ("parent",)),
        "duration": KeywordRule("narrower bounds tighten", compare_durations, ("duration",)),
        "limits": KeywordRule("lower bounds tighten", compare_limits, ("attribute-limit",)),
        "forbid": KeywordRule("one more tightens", compare_members, ("privacy-leak",)),
        "except": KeywordRule("one more loosens", compare_exemptions, ("privacy-leak",)),
        "events": KeywordRule(f"{_MEMBER} place", compare_presence, _EVENTS),
        "event": KeywordRule("selects: both", compare_selectors, _EVENTS),
        "via": KeywordRule("selects: both", compare_selectors, _EVENTS),
        "severity": KeywordRule("selects: both", compare_selectors, _EVENTS),
        "links": KeywordRule(f"{_MEMBER} place", compare_presence, _LINKS),
    }
)
"""The rule of each keyword."""
