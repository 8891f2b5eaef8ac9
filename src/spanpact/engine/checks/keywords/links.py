"""`links`: references from a span to other spans (section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.contract.compiled import AttributeExpectation, LinkExpectation
from spanpact.engine.checks.check import Check, Judge, Phase, missing_capability
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.keywords.attributes import compile_attribute
from spanpact.engine.checks.outcomes import KEPT, VACUOUS, Breach, Outcome, Undecided
from spanpact.trace.equality import link_key
from spanpact.trace.model import Link, Span
from spanpact.trace.name_patterns import NamePattern


def compile_links(expectation: LinkExpectation) -> list[Check]:
    """Return the checks of one id of `links`: how many there are, and each attribute of each of them."""
    checks = [Check("link", _existence(expectation), expectation.id, expectation.place)]
    for attribute in expectation.attributes:
        phase: Phase = "relation" if attribute.matcher.same_as else "content"
        judge = _each(attribute, expectation.span)
        keyword = f"attributes.{attribute.name}"
        checks.append(Check(keyword, judge, expectation.id, attribute.place, phase))
    return checks


def distinct_links(span: Span) -> Sequence[Link]:
    """Return the links of a span; equal ones, of a message that was linked twice, count once."""
    if len({(link.trace_id, link.span_id) for link in span.links}) == len(span.links):
        return span.links
    return list({link_key(link): link for link in span.links}.values())


def links_to(span: Span, context: Context, pattern: NamePattern) -> tuple[list[Link], int]:
    """Return the links whose target's name fits, and the number of targets that were not read."""
    links = distinct_links(span)
    if pattern.any:
        return list(links), 0
    found, unknown = [], 0
    for link in links:
        target = context.find_span(link.trace_id, link.span_id)
        if target is None:
            unknown += 1
        elif pattern.fits(target.name):
            found.append(link)
    return found, unknown


def _existence(expectation: LinkExpectation) -> Judge:
    pattern, count = expectation.span, expectation.count

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if outcome := missing_capability(context, "links"):
            return outcome
        links, unknown = links_to(span, context, pattern)
        number = len(links)
        if count.high is not None and number > count.high:
            return (Breach("link-surplus", f"too many links to {pattern}", str(count), f"{number} found"),)
        if number + unknown < count.low:
            observed = f"{number} found of {len(span.links)} links"
            observed += "; equal links count once" if len(distinct_links(span)) < len(span.links) else ""
            return (Breach("link-missing", f"a link to {pattern} is missing", str(count), observed),)
        if number in count and number + unknown in count:
            return KEPT
        return (Undecided("no-reference", f"{unknown} linked spans were not read"),)

    return judge


def _each(expectation: AttributeExpectation, pattern: NamePattern) -> Judge:
    judge_one = compile_attribute(expectation)

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if outcome := missing_capability(context, "links"):
            return outcome
        links, _ = links_to(span, context, pattern)
        return [o for link in links for o in judge_one(link.attributes, context)] if links else (VACUOUS,)

    return judge
