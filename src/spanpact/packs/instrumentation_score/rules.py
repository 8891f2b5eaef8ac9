"""The rules of the Instrumentation Score about traces and resources, and how much each weighs.

From the public specification as of 2026-04-09 (github.com/instrumentation-score/spec). SPA-003 (bounded span names) has
no criterion there yet, so that nothing can fail it; it is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Impact: TypeAlias = Literal["critical", "important", "normal", "low"]

SPECIFICATION: Final = "2026-04-09"
WEIGHTS: Final = MappingProxyType[Impact, int]({"critical": 40, "important": 30, "normal": 20, "low": 10})
CATEGORIES: Final = ((90.0, "excellent"), (75.0, "good"), (50.0, "needs improvement"), (0.0, "poor"))
NOT_EVALUATED: Final = "SPA-003 has no criterion yet; rules of logs, metrics and SDKs are not evaluated"
"""The specification demands that users are told which rules are missing."""
NO_RESOURCES: Final = "RES-001 to RES-005 are not evaluated, as the source carries no resources"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is about, what it demands, and the id of the finding if it fails."""

    id: str
    impact: Impact
    demand: str
    finding: str
    keyword: str
    hint: str

    @property
    def weight(self) -> int:
        """Return how much the rule counts in the score."""
        return WEIGHTS[self.impact]

    @property
    def entry(self) -> str:
        """Return the id as contracts write ids: `res_001`."""
        return self.id.lower().replace("-", "_")


RULES: Final = (
    Rule(
        "RES-001", "normal", "`service.instance.id` is in every resource", "attribute-missing",
        "resource.service.instance.id", "set it to a new UUID in each process: OTEL_RESOURCE_ATTRIBUTES or a detector",
    ),
    Rule(
        "RES-002", "important", "`service.instance.id` differs between pods and hosts", "attribute-relation",
        "resource.service.instance.id", "do not build it into the image or the manifest; let each process make its own",
    ),
    Rule(
        "RES-003", "important", "`k8s.pod.uid` is in every resource of a pod", "attribute-missing",
        "resource.k8s.pod.uid", "pass metadata.uid of the pod to OTEL_RESOURCE_ATTRIBUTES by the downward API",
    ),
    Rule(
        "RES-004", "important", "attributes are at their level: resource or span", "attribute-unexpected",
        "attributes", "move the attribute to the level that the semantic conventions give it",
    ),
    Rule(
        "RES-005", "critical", "`service.name` is in every resource and not empty", "attribute-missing",
        "resource.service.name", "set OTEL_SERVICE_NAME",
    ),
    Rule(
        "SPA-001", "normal", "a trace has at most 10 internal spans of a service", "span-surplus",
        "count", "remove spans of inner functions, or make them events",
    ),
    Rule(
        "SPA-002", "normal", "the parent of every span is in the trace", "span-orphan",
        "parent", "export the missing spans: shut the SDK down before the process ends, sample by the parent",
    ),
    Rule(
        "SPA-004", "important", "a root span is not of kind client", "parent",
        "parent", "start a server, consumer or internal span before calling others, and pass the context on",
    ),
    Rule(
        "SPA-005", "important", "a trace has at most 20 spans of less than 5 ms", "span-surplus",
        "count", "remove spans of fast inner calls, or make them events or attributes",
    ),
)  # fmt: skip
BY_ID: Final = MappingProxyType({rule.id: rule for rule in RULES})


def is_of_resource(rule: Rule) -> bool:
    """Return whether the rule is about resources, which not every source carries."""
    return rule.id.startswith("RES")


def category(score: float) -> str:
    """Return what the specification calls a score, 0 to 100."""
    return next(name for least, name in CATEGORIES if score >= least)
