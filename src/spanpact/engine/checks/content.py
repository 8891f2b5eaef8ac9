"""Compile the content keywords of an entry, a rule or one side of a condition to a flat list of checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from spanpact.contract.compiled import AttributeExpectation, Content
from spanpact.engine.checks.check import Check, Judge, Phase, missing_capability
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.keywords.attributes import compile_attribute, exactly_one_true
from spanpact.engine.checks.keywords.duration import compile_duration
from spanpact.engine.checks.keywords.events import compile_events
from spanpact.engine.checks.keywords.leaks import compile_forbid
from spanpact.engine.checks.keywords.limits import compile_limits
from spanpact.engine.checks.keywords.links import compile_links
from spanpact.engine.checks.keywords.parent import compile_parent
from spanpact.engine.checks.keywords.span_fields import compile_name, compile_status, compile_text
from spanpact.engine.checks.outcomes import Outcome
from spanpact.trace.model import Capability, Resource, Span

_MOST_RESOURCES: Final = 1 << 10  # remembered by each check


class _JudgedResource(NamedTuple):
    """The outcomes of one check on a resource, which many spans have; holding it keeps its id its own."""

    resource: Resource
    capabilities: frozenset[Capability]
    outcomes: Sequence[Outcome]


def compile_content(content: Content) -> tuple[Check, ...]:
    """Return one check for each expectation, in the order of section 3."""
    judges: list[tuple[str, Judge]] = []
    named: list[Check] = []
    if content.name:
        phase: Phase = "relation" if content.name.same_as else "content"
        named.append(Check("name", compile_name(content.name), place=content.places.get("name"), phase=phase))
    if content.kind:
        judges.append(("kind", compile_text("kind", "span kind", lambda span: span.kind, content.kind)))
    if content.status:
        judges.append(("status", compile_status(content.status)))
    if content.status_message:
        message = compile_text(
            "status-message",
            "status message",
            lambda span: span.status_message,
            content.status_message,
            "status_message",
        )
        judges.append(("status_message", message))
    if content.scope:
        scope = compile_text("scope", "scope", lambda span: span.scope.name, content.scope, "scope")
        judges.append(("scope", scope))
    if names := content.exactly_one_true:
        judges.append(("exactly_one_true", lambda span, context: exactly_one_true(names, span.attributes, context)))
    if content.parent:
        judges.append(("parent", compile_parent(content.parent)))
    if content.duration:
        judges.append(("duration", compile_duration(content.duration)))
    if content.limits:
        within = compile_limits(content.limits, "span")
        judges.append(("limits", lambda span, context: within(span.attributes, context)))
    if content.forbid:
        judges.append(("forbid", compile_forbid(content)))
    checks = named + [Check(keyword, judge, place=content.places.get(keyword)) for keyword, judge in judges]
    checks += [_attribute(a) for a in content.attributes]
    checks += [_resource(a) for a in content.resource]
    for event in content.events:
        checks += compile_events(event)
    for link in content.links:
        checks += compile_links(link)
    return tuple(checks)


def _attribute(expectation: AttributeExpectation) -> Check:
    judge_one = compile_attribute(expectation)
    return _named("attributes", expectation, lambda span, context: judge_one(span.attributes, context))


def _resource(expectation: AttributeExpectation) -> Check:
    judge_one = compile_attribute(expectation)
    known: dict[int, _JudgedResource] = {}

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if expectation.matcher.same_as:
            return missing_capability(context, "resource") or judge_one(span.resource.attributes, context)
        judged = known.get(id(span.resource))
        if judged is None or judged.capabilities != context.capabilities:
            outcomes = missing_capability(context, "resource") or judge_one(span.resource.attributes, context)
            if len(known) >= _MOST_RESOURCES:
                known.clear()
            judged = known[id(span.resource)] = _JudgedResource(span.resource, context.capabilities, outcomes)
        return judged.outcomes

    return _named("resource", expectation, judge)


def _named(keyword: str, expectation: AttributeExpectation, judge: Judge) -> Check:
    phase: Phase = "relation" if expectation.matcher.same_as else "content"
    return Check(f"{keyword}.{expectation.name}", judge, place=expectation.place, phase=phase)
