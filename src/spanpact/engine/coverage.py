"""What the verification of one contract gathers: findings, what was undecided, how far each expectation got."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from spanpact.contract.compiled import Content, ContractPlan, Entry, Rule
from spanpact.engine.checks.base import INCOMPLETE, Breach, Outcome, Undecided
from spanpact.engine.early_decisions import mendable
from spanpact.errors import Place
from spanpact.findings import Coverage, CoverageState, Finding, NotChecked
from spanpact.privacy import PrivacyClass, Scanner, known_classes
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP, Topology

_LONGEST = 300  # characters of a text that a report shows


@dataclass(slots=True)
class Seen:
    """How often an expectation's place was reached, and how often it was decided there on a real span."""

    reached: int = 0
    exercised: int = 0


_NEVER = Seen()


@dataclass(frozen=True, slots=True)
class Mark:
    """All counts of a tally at one moment."""

    exercised: Mapping[tuple[str, str], int]
    undecided: Mapping[tuple[str, str, Undecided], int]


@dataclass(frozen=True, slots=True)
class Gain:
    """What a trace without a breach adds to the counts of a tally."""

    exercised: Mapping[tuple[str, str], int]
    undecided: Mapping[tuple[str, str, Undecided], int]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to count."""
        return not self.exercised and not self.undecided


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What the tallies of one contract share: its expectations, their places, and how to mask.

    `places` has more keys than there are expectations: a finding's keyword may be a part of one (`count`).
    `depended_on` are the entries that a condition or a `same_as` names.
    """

    plan: ContractPlan
    mask: Callable[[str], str]
    expectations: tuple[tuple[str, str], ...]
    by_id: Mapping[str, Sequence[str]]
    places: Mapping[tuple[str, str], Place | None]
    depended_on: frozenset[str]

    @classmethod
    def of(cls, plan: ContractPlan) -> Blueprint:
        """Reads it off a plan."""
        said = list(expectations(plan))
        by_id: dict[str, list[str]] = {}
        for entry, keyword, _ in said:
            by_id.setdefault(entry, []).append(keyword)
        counts = {(each.id, "count"): each.places.get("count", each.place) for each in plan.top.walk()}
        places = {**counts, **{(entry, keyword): place for entry, keyword, place in said}}
        mask = masker(plan.classes)
        keys = tuple(dict.fromkeys((entry, keyword) for entry, keyword, _ in said))
        return cls(plan, mask, keys, by_id, places, frozenset(_depended_on(plan)))


class Tally:
    """Gathers for one contract; whatever text goes in comes out masked."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self.complete = True
        """Whether the trace being judged is complete; if not, only what further spans cannot mend is a finding."""
        self.open = False
        """Whether the span being judged may still get another place: then nothing of it is a finding yet."""
        self._seen: dict[tuple[str, str], Seen] = {}
        self._vacuous: set[str] = set()
        self._findings: dict[tuple[str, ...], Finding] = {}
        self._broken: set[tuple[str, str]] = set()
        self._undecided: dict[tuple[str, str, Undecided], int] = {}
        self._troubled: set[str] = set()
        self.breaches = 0
        """How often something was broken, also where that was said already."""

    def mark(self) -> Mark:
        """The counts as they are now, to say later what one trace added."""
        exercised = {key: seen.exercised for key, seen in self._seen.items()}
        return Mark(exercised, dict(self._undecided))

    def gain_since(self, mark: Mark) -> Gain:
        """What was counted since."""
        exercised = {key: n for key, s in self._seen.items() if (n := s.exercised - mark.exercised.get(key, 0))}
        undecided = {key: n for key, c in self._undecided.items() if (n := c - mark.undecided.get(key, 0))}
        return Gain(exercised, undecided)

    def add(self, gain: Gain, times: int) -> None:
        """Counts what was gained so many times more; each place was reached before, when it was gained first."""
        for key, number in gain.exercised.items():
            self._seen[key].exercised += number * times
        for why, number in gain.undecided.items():
            self._undecided[why] += number * times

    def begin_flow(self) -> None:
        """What follows is of another flow: an ambiguity matters where a finding is in the same flow."""
        self._troubled = set(self.blueprint.depended_on)

    def reach(self, entry: str, keyword: str, *, exercised: bool = True) -> None:
        """The expectation's place was reached; `exercised` where it was decided on a real span."""
        seen = self._seen.get((entry, keyword))
        if seen is None:
            seen = self._seen[entry, keyword] = Seen()
        seen.reached += 1
        seen.exercised += exercised

    def undecided(self, entry: str, keyword: str, why: Undecided) -> None:
        """The expectation could not be decided here."""
        self.reach(entry, keyword, exercised=False)
        key = (entry, keyword, why)
        self._undecided[key] = self._undecided.get(key, 0) + 1

    def vacuous(self, id: str) -> None:
        """The place of everything that the id says was reached, with nothing to decide."""
        if id not in self._vacuous:
            self._vacuous.add(id)
            for keyword in self.blueprint.by_id.get(id, ()):
                self.reach(id, keyword, exercised=False)

    def unsettled(self, entry: str, keyword: str) -> None:
        """The expectation is kept so far, which spans still to come may undo."""
        if not self.complete:
            self.undecided(entry, keyword, INCOMPLETE)

    def judged(self, entry: str, keyword: str, outcomes: Sequence[Outcome], topology: Topology, i: int) -> None:
        """What the check of one expectation gave on span `i`."""
        if not outcomes:
            self.reach(entry, keyword)
            return
        decided = False
        for outcome in outcomes:
            if isinstance(outcome, Breach):
                decided = True
                self.breach(entry, keyword, outcome, topology, i)
            elif isinstance(outcome, Undecided):
                self.undecided(entry, keyword, outcome)
        self.reach(entry, keyword, exercised=decided)

    def has_undecided(self, entry: str, keyword: str) -> bool:
        """Whether the expectation could not be decided somewhere."""
        return any(key[:2] == (entry, keyword) for key in self._undecided)

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
        self.breaches += 1
        if not self.complete and (self.open or mendable(breach, keyword, i)):
            self.undecided(condition or entry, "then" if condition else keyword, INCOMPLETE)
            return
        span: Span | None = topology.spans[i] if topology and i != TOP else None
        span_id = span.span_id if span else ""
        trace_id = topology.trace.trace_id if topology else ""
        existence = keyword in ("span", "count", "event", "link")
        detail = "" if existence else breach.message + breach.observed
        key = (entry, breach.id, "" if existence else keyword, trace_id, span_id, detail)
        self._troubled.add(entry)
        self._broken |= {(entry, keyword), (condition, "then")}
        if key in self._findings:
            return
        report = self._reported
        self._findings[key] = Finding(
            breach.id,
            entry,
            report(breach.message),
            contract=self.blueprint.plan.name,
            keyword=keyword,
            place=place or self.blueprint.places.get((entry, keyword)),
            trace_id=report(trace_id),
            span_id=report(span_id),
            path=tuple(map(report, topology.names(i))) if topology and span else (),
            expected=report(breach.expected),
            observed=report(breach.observed),
            condition=condition,
            hint=report(breach.hint),
            spans=tuple(report(topology.spans[j].span_id) for j in spans) if topology else (),
        )

    def _reported(self, text: str) -> str:
        return abridged(self.blueprint.mask(text))

    @property
    def findings(self) -> list[Finding]:
        """The findings in the order in which they were made; levels are not set yet."""
        return list(self._findings.values())

    def not_checked(self) -> tuple[NotChecked, ...]:
        """What could not be decided, with how often. What is broken already needs no more spans to be so."""
        places = self.blueprint.places
        return tuple(
            NotChecked(entry, keyword, why.reason, self._reported(why.detail), count, places.get((entry, keyword)))
            for (entry, keyword, why), count in self._undecided.items()
            if why.reason != "incomplete" or (entry, keyword) not in self._broken
        )

    def coverage(self) -> tuple[Coverage, ...]:
        """Every expectation of the contract, in the order of the file."""
        return tuple(self._coverage(entry, keyword) for entry, keyword in self.blueprint.expectations)

    def _coverage(self, entry: str, keyword: str) -> Coverage:
        seen = self._seen.get((entry, keyword), _NEVER)
        state: CoverageState = "exercised" if seen.exercised else "vacuous" if seen.reached else "unseen"
        return Coverage(entry, keyword, state, seen.exercised, self.blueprint.places.get((entry, keyword)))


@lru_cache(64)
def masker(classes: tuple[PrivacyClass, ...]) -> Callable[[str], str]:
    """Masks the known privacy classes and these."""
    return Scanner((*known_classes(), *classes)).mask


def abridged(text: str) -> str:
    """A text of a report, cut where it is long. It is masked first: half an e-mail address looks like none."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


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
        yield from _of_rule(rule)
    for statement in plan.across:
        for keyword in ("sampling", "percentiles", "error_rate"):
            if getattr(statement, keyword) not in (None, ()):
                name = "duration" if keyword == "percentiles" else keyword
                yield statement.id, name, statement.places.get(name, statement.place)


def said_by(rule: Rule) -> Iterator[tuple[str, str]]:
    """(id, keyword) of every expectation of a rule, those of its events and links too."""
    return ((id, keyword) for id, keyword, _ in _of_rule(rule))


def _of_rule(rule: Rule) -> Iterator[tuple[str, str, Place | None]]:
    if rule.count is not None:
        yield rule.id, "count", rule.places.get("count", rule.place)
    yield from _of_content(rule.id, rule.content, rule.place)


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
