"""What the verification of one contract gathers: findings, what was undecided, how far each expectation got."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spanpact.checks.base import Breach, Outcome, Undecided
from spanpact.errors import Place
from spanpact.findings import Coverage, Finding, NotChecked
from spanpact.model import Span
from spanpact.plan import Content, ContractPlan, Entry
from spanpact.privacy import Scanner, known_classes
from spanpact.topology import TOP, Topology

_MENDABLE = frozenset(["span-missing", "span-misplaced", "link-missing", "attribute-relation", "concurrency", "order"])
"""Findings that spans still to come may undo (section 10, early decisions)."""


@dataclass(slots=True)
class Seen:
    """How often an expectation's place was reached, and how often it was decided there on a real span."""

    reached: int = 0
    exercised: int = 0


class Tally:
    """Gathers for one contract; whatever text goes in comes out masked."""

    def __init__(self, plan: ContractPlan) -> None:
        self.plan = plan
        self.mask = Scanner((*known_classes(), *plan.classes)).mask
        self.complete = True
        """Whether the trace being judged is complete; if not, only what further spans cannot mend is a finding."""
        self.seen: dict[tuple[str, str], Seen] = {}
        self.places: dict[tuple[str, str], Place | None] = {}
        for entry, keyword, place in expectations(plan):
            self.seen[entry, keyword] = Seen()
            self.places[entry, keyword] = place
        self._findings: dict[tuple[str, ...], Finding] = {}
        self._undecided: dict[tuple[str, str, Undecided], int] = {}
        self._troubled = set(_depended_on(plan))

    def reach(self, entry: str, keyword: str, *, exercised: bool = True) -> None:
        """The expectation's place was reached; `exercised` where it was decided on a real span."""
        seen = self.seen.setdefault((entry, keyword), Seen())
        seen.reached += 1
        seen.exercised += exercised

    def undecided(self, entry: str, keyword: str, why: Undecided) -> None:
        """The expectation could not be decided here."""
        self.reach(entry, keyword, exercised=False)
        key = (entry, keyword, why)
        self._undecided[key] = self._undecided.get(key, 0) + 1

    def judged(self, entry: str, keyword: str, outcomes: Sequence[Outcome], topology: Topology, i: int) -> None:
        """What the check of one expectation gave on span `i`."""
        decided = not outcomes
        for outcome in outcomes:
            if isinstance(outcome, Breach):
                decided = True
                self.breach(entry, keyword, outcome, topology, i)
            elif isinstance(outcome, Undecided):
                self.undecided(entry, keyword, outcome)
        self.reach(entry, keyword, exercised=decided)

    def trouble(self, entries: Iterable[str]) -> None:
        """These entries are in a finding that another entry carries (`order`)."""
        self._troubled.update(entries)

    def troubled(self, entry: str) -> bool:
        """Whether the entry is in a finding, or a condition or a `same_as` names it: an ambiguity matters."""
        return entry in self._troubled

    def breach(
        self,
        entry: str,
        keyword: str,
        breach: Breach,
        topology: Topology | None,
        i: int,
        *,
        place: Place | None = None,
        condition: str = "",
        spans: Sequence[int] = (),
    ) -> None:
        """A finding at span `i` (TOP: at the trace). Equal findings, of nested flows say, are kept once."""
        if not self.complete and breach.id in _MENDABLE:
            self.undecided(entry, keyword, Undecided("incomplete", "spans may still arrive"))
            return
        span: Span | None = topology.spans[i] if topology and i != TOP else None
        span_id = span.span_id if span else ""
        trace_id = topology.trace.trace_id if topology else ""
        existence = keyword in ("span", "count", "event", "link")
        detail = "" if existence else breach.message + breach.observed
        key = (entry, breach.id, "" if existence else keyword, trace_id, span_id, detail)
        if key in self._findings:
            return
        mask = self.mask
        self._troubled.add(entry)
        self._findings[key] = Finding(
            breach.id,
            entry,
            mask(breach.message),
            contract=self.plan.name,
            keyword=keyword,
            place=place or self.places.get((entry, keyword)),
            trace_id=mask(trace_id),
            span_id=mask(span_id),
            path=tuple(map(mask, topology.names(i))) if topology and span else (),
            expected=mask(breach.expected),
            observed=mask(breach.observed),
            condition=condition,
            hint=mask(breach.hint),
            spans=tuple(mask(topology.spans[j].span_id) for j in spans) if topology else (),
        )

    @property
    def findings(self) -> list[Finding]:
        """The findings in the order in which they were made; levels are not set yet."""
        return list(self._findings.values())

    def not_checked(self) -> tuple[NotChecked, ...]:
        """What could not be decided, with how often."""
        return tuple(
            NotChecked(entry, keyword, why.reason, self.mask(why.detail), count, self.places.get((entry, keyword)))
            for (entry, keyword, why), count in self._undecided.items()
        )

    def coverage(self) -> tuple[Coverage, ...]:
        """Every expectation of the contract, in the order of the file."""
        return tuple(
            Coverage(
                entry,
                keyword,
                "exercised" if seen.exercised else "vacuous" if seen.reached else "unseen",
                seen.exercised,
                self.places.get((entry, keyword)),
            )
            for (entry, keyword), seen in self.seen.items()
        )


def _depended_on(plan: ContractPlan) -> Iterator[str]:
    """The entries that a condition or a `same_as` names."""
    contents = [rule.content for rule in plan.rules]
    for entry in plan.top.walk():
        contents.append(entry.content)
        for condition in entry.conditions:
            yield from (side.entry for side in (*condition.when, *condition.then))
            contents += [side.content for side in condition.then]
    for content in contents:
        nested = [a for event in content.events for a in event.attributes]
        nested += [a for link in content.links for a in link.attributes]
        for attribute in (*content.attributes, *content.resource, *nested):
            if attribute.matcher.same_as:
                yield attribute.matcher.same_as.entry


def expectations(plan: ContractPlan) -> Iterator[tuple[str, str, Place | None]]:
    """(id, keyword, place) of every expectation of a contract."""
    for entry in plan.top.walk():
        yield from _of_entry(entry)
    for rule in plan.rules:
        if rule.count is not None:
            yield rule.id, "count", rule.places.get("count", rule.place)
        yield from _of_content(rule.id, rule.content, rule.place)
    for statement in plan.across:
        for keyword in ("sampling", "percentiles", "error_rate"):
            if getattr(statement, keyword) not in (None, ()):
                name = "duration" if keyword == "percentiles" else keyword
                yield statement.id, name, statement.places.get(name, statement.place)


def _of_entry(entry: Entry) -> Iterator[tuple[str, str, Place | None]]:
    def place(keyword: str) -> Place | None:
        return entry.places.get(keyword, entry.place)

    if entry.span is not None:
        yield entry.id, "span", place("span")
    yield from _of_content(entry.id, entry.content, entry.place)
    for closed in sorted(entry.closed):
        yield entry.id, f"closed.{closed}", place("closed")
    if entry.order:
        yield entry.id, "order", place("order")
    if entry.concurrency:
        yield entry.id, "concurrency", place("concurrency")
    for condition in entry.conditions:
        yield condition.id, "then", condition.place


def _of_content(holder: str, content: Content, place: Place | None) -> Iterator[tuple[str, str, Place | None]]:
    attributes = {f"attributes.{a.name}": a.place for a in content.attributes}
    attributes |= {f"resource.{a.name}": a.place for a in content.resource}
    for keyword in content.keywords():
        yield holder, keyword, attributes.get(keyword) or content.places.get(keyword, place)
    for event in content.events:
        yield event.id, "event", event.place
        yield from ((event.id, f"attributes.{a.name}", a.place) for a in event.attributes)
    for link in content.links:
        yield link.id, "link", link.place
        yield from ((link.id, f"attributes.{a.name}", a.place) for a in link.attributes)
