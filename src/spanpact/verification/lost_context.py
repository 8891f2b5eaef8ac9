"""Find a missing span as the root of another trace: the context of its request was lost on the way (section 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Final, TypeAlias

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.findings import ContractResult, Finding, LostRoot
from spanpact.privacy import mask
from spanpact.trace.model import Span, Trace
from spanpact.trace.name_patterns import NamePattern

Root: TypeAlias = tuple[int, str]
"""The start of a root in ns, and its trace id."""

_MOST_ROOTS: Final = 1000  # of one name
_MOST_NAMES: Final = 10_000  # remembered, with whether an entry selects them
_LATEST_NS: Final = 60_000_000_000  # after the end of the span that should be above


class RootIndex:
    """The roots of all traces read whose name an entry below the top of some contract selects."""

    def __init__(self, plans: Sequence[ContractPlan]) -> None:
        self._patterns: dict[tuple[str, str], NamePattern] = {
            (plan.name, entry.id): entry.span
            for plan in plans
            for entry in plan.top.walk()
            if entry.span and entry.id != plan.top.id
        }
        self._wanted: dict[str, bool] = {}
        self._roots: dict[str, list[Root]] = {}
        self._numbers: dict[str, list[int]] = {}
        self.number = 0
        """The number of the trace whose roots are noted; it is set only where indexes are merged later."""

    def is_wanted(self, span: Span) -> bool:
        """Return whether the span is a root whose name an entry selects."""
        return not span.parent_id and self.is_wanted_name(span.name)

    def is_wanted_name(self, name: str) -> bool:
        """Return whether an entry selects roots of this name."""
        wanted = self._wanted.get(name)
        if wanted is None:
            if len(self._wanted) >= _MOST_NAMES:
                self._wanted.clear()
            wanted = any(pattern.fits(name) for pattern in self._patterns.values())
            self._wanted[name] = wanted
        return wanted

    def note(self, name: str, start_ns: int, trace_id: str) -> None:
        """Note one root that is wanted."""
        if name not in self._roots and len(self._roots) >= _MOST_NAMES:
            return
        roots = self._roots.setdefault(name, [])
        if len(roots) < _MOST_ROOTS:
            roots.append((start_ns, trace_id))
            self._numbers.setdefault(name, []).append(self.number)

    def noted(self) -> list[tuple[int, str, int, str]]:
        """Return the roots noted: the number of the trace, the name, the start in ns, the trace id."""
        return [
            (number, name, *root)
            for name, roots in self._roots.items()
            for number, root in zip(self._numbers[name], roots, strict=True)
        ]

    def replace_noted(self, noted: Iterable[tuple[int, str, int, str]]) -> None:
        """Note these instead, by their numbers."""
        self._roots.clear()
        self._numbers.clear()
        for self.number, name, start_ns, trace_id in sorted(noted, key=lambda each: each[0]):
            self.note(name, start_ns, trace_id)

    def is_full(self, name: str) -> bool:
        """Return whether no more roots of a name are noted."""
        return len(self._roots.get(name, ())) >= _MOST_ROOTS

    def note_trace(self, trace: Trace) -> None:
        """Note the roots of one trace that are wanted."""
        for span in trace.spans:
            if self.is_wanted(span):
                self.note(span.name, span.start_ns, trace.trace_id)

    def explain(self, results: Iterable[ContractResult], traces: Iterable[Trace]) -> tuple[ContractResult, ...]:
        """Return the results with a hint for each missing span that is the root of another trace.

        `traces` holds at least those with findings.
        """
        results = tuple(results)
        missing: dict[str, set[str]] = {}
        for each in (each for result in results for each in result.findings if each.id == "span-missing"):
            missing.setdefault(each.trace_id, set()).add(each.span_id)
        if not (self._roots and missing):
            return results
        spans = {
            trace.trace_id: _each_once(trace, missing[trace.trace_id]) for trace in traces if trace.trace_id in missing
        }
        return tuple(replace(each, findings=self._explained_all(each.findings, spans)) for each in results)

    def _explained_all(
        self, findings: Sequence[Finding], spans: Mapping[str, Mapping[str, Span]]
    ) -> tuple[Finding, ...]:
        missing = [
            (above.start_ns, finding.trace_id, finding.span_id, finding.entry, place, above)
            for place, finding in enumerate(findings)
            if finding.id == "span-missing" and (above := spans.get(finding.trace_id, {}).get(finding.span_id))
        ]
        explained, used = list(findings), set[Root]()
        for *_, place, above in sorted(missing, key=lambda each: each[:5]):  # in no order of reading
            explained[place] = self._explained(findings[place], above, used)
        return tuple(explained)

    def _explained(self, finding: Finding, above: Span, used: set[Root]) -> Finding:
        pattern = self._patterns.get((finding.contract, finding.entry))
        if pattern is None:
            return finding
        near = [
            (abs(start - above.start_ns), start, trace_id, name)
            for name, roots in self._roots.items()
            if pattern.fits(name)
            for start, trace_id in roots
            if trace_id != finding.trace_id
            and (start, trace_id) not in used
            and above.start_ns - _LATEST_NS <= start <= above.end_ns + _LATEST_NS
        ]
        if not near:
            return finding
        distance, start, trace_id, name = min(near)
        shown = mask(name)
        used.add((start, trace_id))
        when = f"{shown_ns(distance)} {'later' if start >= above.start_ns else 'earlier'}"
        hint = f"{shown} is found as the root of trace {trace_id}, {when}: was the context passed on?"
        return replace(
            finding,
            hint=f"{finding.hint}; {hint}" if finding.hint else hint,
            lost_root=LostRoot(shown, trace_id, start - above.start_ns),
        )


def _each_once(trace: Trace, wanted: Set[str]) -> dict[str, Span]:
    """Return the spans with some ids, without spans that share one: which of them is meant is not known."""
    times = Counter(span.span_id for span in trace.spans)
    return {span.span_id: span for span in trace.spans if span.span_id in wanted and times[span.span_id] == 1}
