"""Keep the Instrumentation Score of each service while traces go by, and report it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from spanpact.findings import ContractResult, Coverage, Finding, Level, NotChecked, Reason, Scores, ServiceScore
from spanpact.packs.instrumentation_score import NAME
from spanpact.packs.instrumentation_score.failures import (
    Failure,
    level_failures,
    resource_failures,
    service_of,
    span_failures,
)
from spanpact.packs.instrumentation_score.instances import Instances
from spanpact.packs.instrumentation_score.rules import (
    BY_ID,
    NO_RESOURCES,
    NOT_EVALUATED,
    RULES,
    SPECIFICATION,
    Rule,
    category,
    is_of_resource,
)
from spanpact.privacy import mask
from spanpact.trace.model import Resource, SourceInfo, Trace
from spanpact.trace.topology import Topology

VERSION: Final = "1.0.0"
_MOST_OF_A_NAME: Final = 120


@dataclass(slots=True)
class _Failed:
    """The failures of one rule by one service: how many, and the first with the trace it was in."""

    first: Failure
    trace_id: str
    path: tuple[str, ...]
    count: int = 0


class ScoreKeeper:
    """Observes all traces of one verification. Holds one failure for each service and rule, not the traces.

    A rule of impact `critical` that fails is a violation, others are improvements; with `least`, all rules that a
    service with a lower score fails are violations.
    """

    def __init__(self, source: SourceInfo, *, least: float = 0.0) -> None:
        self._carries_resources = "resource" in source.capabilities
        self._rules = tuple(rule for rule in RULES if self._carries_resources or not is_of_resource(rule))
        self._least = least
        self._services: set[str] = set()
        self._failed: dict[tuple[str, str], _Failed] = {}
        self._looked_at: Counter[str] = Counter()
        self._instances = Instances()
        self.traces = self._incomplete = 0

    def observe(self, trace: Trace) -> bool:
        """Look at one trace. Return whether the report should show it: a service fails a rule for the first time."""
        topology = Topology(trace)
        new = False
        self.traces += 1
        self._incomplete += not trace.complete
        for failure in self._failures(trace, topology):
            new |= self._note(failure, topology)
        self._looked_at["SPA"] += 1
        return new

    def _failures(self, trace: Trace, topology: Topology) -> Iterator[Failure]:
        for resource, span_id in _resources(topology):
            self._services.add(service_of(resource))
            if self._carries_resources:
                self._looked_at["RES"] += 1
                yield from resource_failures(resource, span_id)
                yield from self._instances.failures(resource, span_id)
        if self._carries_resources:
            yield from level_failures(topology.spans, trace.logs)
        yield from span_failures(trace, topology.spans)

    def _note(self, failure: Failure, topology: Topology) -> bool:
        key = failure.service, failure.rule
        known = self._failed.get(key)
        if known is None:
            at = topology.by_id.get(failure.span_id)
            path = tuple(map(mask, topology.names(at))) if at is not None else ()
            known = self._failed[key] = _Failed(failure, topology.trace.trace_id, path)
        known.count += 1
        return known.count == 1

    def scores(self) -> Scores:
        """Return the score of each service that had a span, sorted by name."""
        services = tuple(self._score(service) for service in sorted(self._services))
        left_out = NOT_EVALUATED if self._carries_resources else f"{NO_RESOURCES}; {NOT_EVALUATED}"
        return Scores(services, SPECIFICATION, len(self._rules), left_out)

    def _score(self, service: str) -> ServiceScore:
        failed = tuple(rule.id for rule in self._rules if (service, rule.id) in self._failed)
        whole = sum(rule.weight for rule in self._rules)
        score = 100 * (whole - sum(BY_ID[id].weight for id in failed)) / whole
        return ServiceScore(mask(service), round(score, 2), category(score), failed)

    def result(self) -> ContractResult:
        """Return the rules as a contract: its findings, coverage and verdict."""
        scores = {service: self._score(service).score for service in self._services}
        findings = tuple(
            _finding(BY_ID[id], failed, self._level(BY_ID[id], scores[service]), self._shortfall(scores[service]))
            for (service, id), failed in sorted(self._failed.items())
        )
        not_checked = tuple(self._not_checked())
        undecided = any(each.reason != "capability" for each in not_checked)
        broken = any(each.breaks for each in findings)
        return ContractResult(
            NAME, VERSION, "", "broken" if broken else "not checked" if undecided else "kept", self.traces, findings,
            not_checked, tuple(self._coverage()),
        )  # fmt: skip

    def _level(self, rule: Rule, score: float) -> Level:
        return "violation" if rule.impact == "critical" or score < self._least else "improvement"

    def _shortfall(self, score: float) -> str:
        return f"; the score {score:g} is below the least, {self._least:g}" if score < self._least else ""

    def _not_checked(self) -> Iterator[NotChecked]:
        if not self.traces:
            yield NotChecked("top", "span", "unseen", "there is no trace")
        for rule in RULES:
            if reason := self._reason(rule):
                detail = {"capability": "the source carries no resources"}.get(reason, "spans may still come")
                count = self._incomplete if reason == "incomplete" else max(self.traces, 1)
                yield NotChecked(rule.entry, rule.keyword, reason, detail, count)

    def _reason(self, rule: Rule) -> Reason | None:
        if rule not in self._rules:
            return "capability"
        return "incomplete" if rule.id == "SPA-002" and self._incomplete else None

    def _coverage(self) -> Iterator[Coverage]:
        for rule in RULES:
            exercised = self._looked_at[rule.id[:3]]
            yield Coverage(rule.entry, rule.keyword, "exercised" if exercised else "unseen", exercised)


def _resources(topology: Topology) -> Iterator[tuple[Resource, str]]:
    """Yield each resource of a trace once, with the id of its first span."""
    seen: defaultdict[int, list[Resource]] = defaultdict(list)
    for span in topology.spans:
        same = seen[len(span.resource.attributes)]
        if not any(each is span.resource or each == span.resource for each in same):
            same.append(span.resource)
            yield span.resource, span.span_id


def _finding(rule: Rule, failed: _Failed, level: Level, shortfall: str) -> Finding:
    first, more = failed.first, failed.count - 1
    service = mask(first.service) or "a service without a name"
    if len(service) > _MOST_OF_A_NAME:
        service = f"{service[:_MOST_OF_A_NAME]}…"
    times = f", and {more} more time{'s' if more > 1 else ''}" if more else ""
    return Finding(
        id=rule.finding,
        entry=rule.entry,
        message=f"{rule.id} ({rule.impact}) fails for {service}: {mask(first.seen)}{times}{shortfall}",
        level=level,
        contract=NAME,
        keyword=rule.keyword,
        trace_id=failed.trace_id,
        span_id=first.span_id,
        path=failed.path,
        expected=rule.demand,
        hint=rule.hint,
    )
