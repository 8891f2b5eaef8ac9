"""`across`: statements about all flows of a contract together: sampling, percentiles, error rate (section 2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from spanpact.contract.compiled import ContractPlan, Statement
from spanpact.engine.checks.base import INCOMPLETE, Breach, Undecided
from spanpact.engine.checks.timing import shown_ns
from spanpact.engine.coverage import Tally
from spanpact.engine.flow import Flow
from spanpact.trace.model import Reading
from spanpact.trace.topology import TOP

Members: TypeAlias = tuple[str, Sequence[int], int]
"""The spans of one entry in one flow, by their place in the trace, and how many of them failed."""
Times: TypeAlias = Callable[[int], tuple[int, int]]
"""Start and end of the span at a place of the trace."""


class Population:
    """Gathers what the statements need of each flow, and judges them at the end."""

    def __init__(self, plan: ContractPlan, reading: Reading) -> None:
        self._plan = plan
        self._reading = reading
        self._traces: set[str] = set()
        self._complete = True
        self._durations: dict[str, list[int]] = {s.of: [] for s in plan.across}
        self._errors: dict[str, int] = dict.fromkeys(self._durations, 0)
        self._noted: list[Members] | None = None

    def add(self, flow: Flow) -> None:
        """Takes in one flow."""
        if not self._plan.across:
            return
        self._traces.add(flow.topology.trace.trace_id)
        self._complete = self._complete and flow.topology.trace.complete
        spans = flow.topology.spans
        for entry in self._durations:
            places = flow.members.get(entry, ())
            members = (entry, places, sum(spans[i].status == "error" for i in places))
            self._count(members, lambda i: (spans[i].start_ns, spans[i].end_ns))
            if self._noted is not None:
                self._noted.append(members)

    def begin_note(self) -> None:
        """From now on what is added is noted, until `end_note`: that is, of one trace."""
        self._noted = []

    def end_note(self) -> Sequence[Members]:
        """What was added since `begin_note`; nothing is noted any more."""
        noted, self._noted = self._noted, None
        return noted or ()

    def add_like(self, trace_id: str, members: Sequence[Members], times: Times) -> None:
        """Takes in the flows of a complete trace that are as those that were noted."""
        self._traces.add(trace_id)
        for each in members:
            self._count(each, times)

    def _count(self, members: Members, times: Times) -> None:
        entry, places, errors = members
        self._durations[entry] += [end - start for start, end in map(times, places) if end]
        self._errors[entry] += errors

    def judge(self, tally: Tally) -> None:
        """Judges every statement."""
        for statement in self._plan.across:
            keyword = "sampling" if statement.sampling is not None else "duration"
            keyword = "error_rate" if statement.error_rate is not None else keyword
            for outcome in self._outcomes(statement):
                if isinstance(outcome, Undecided):
                    tally.undecided(statement.id, keyword, outcome)
                    break
                tally.breach(statement.id, keyword, outcome, None, TOP)
            else:
                tally.reach(statement.id, keyword)

    def _outcomes(self, statement: Statement) -> Iterator[Breach | Undecided]:
        if not self._complete:
            yield INCOMPLETE
        elif statement.sampling is not None:
            yield from self._sampling(statement, statement.sampling)
        else:
            yield from self._of_spans(statement)

    def _of_spans(self, statement: Statement) -> Iterator[Breach | Undecided]:
        durations = sorted(self._durations[statement.of])
        if len(durations) < statement.samples:
            yield Undecided("too-few", f"{len(durations)} spans of {statement.of}; {statement.samples} are needed")
        elif statement.error_rate is not None:
            yield from self._error_rate(statement, statement.error_rate, len(durations))
        else:
            for percent, bound in statement.percentiles:
                observed = durations[max(0, math.ceil(percent / 100 * len(durations)) - 1)]  # nearest rank
                if observed > bound:
                    message = f"p{percent:g} of {statement.of} is too long"
                    yield Breach("duration", message, f"at most {shown_ns(bound)}", shown_ns(observed))

    def _error_rate(self, statement: Statement, bound: float, number: int) -> Iterator[Breach]:
        rate = self._errors[statement.of] / number
        if rate > bound:
            yield Breach("error-rate", f"{statement.of} fails too often", f"at most {bound:g}", f"{rate:.4g}")

    def _sampling(self, statement: Statement, wanted: float) -> Iterator[Breach | Undecided]:
        offered, sampled = self._reading.offered, len(self._traces)
        if offered is None or "offered" not in self._reading.source.capabilities:
            yield Undecided("capability", "how many requests were offered is not declared")
        elif offered < statement.samples:
            yield Undecided("too-few", f"{offered} requests offered; {statement.samples} are needed")
        elif sampled > offered or binomial_p_value(sampled, offered, wanted) < 1 - statement.confidence:
            observed = f"{sampled} of {offered} ({sampled / offered:.4g})"
            yield Breach("sampling-rate", "another share of the requests is traced", f"{wanted:g}", observed)


def binomial_p_value(successes: int, trials: int, probability: float) -> float:
    """The two-sided p-value of the exact binomial test: all outcomes that are no likelier than the observed."""
    if probability in (0.0, 1.0):
        return float(successes == trials * probability)
    logs = [math.log(probability), math.log1p(-probability)]

    def log_likelihood(k: int) -> float:
        ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        return ways + k * logs[0] + (trials - k) * logs[1]

    limit = log_likelihood(successes) + 1e-7  # equal likelihoods differ in their last bits
    return min(1.0, math.fsum(math.exp(x) for k in range(trials + 1) if (x := log_likelihood(k)) <= limit))
