"""Answer the core's questions about traces: judge them, and say what their like adds.

What the core counts has a number in `counters`; it hands over in the end how often each was counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

from spanpact.engine.results.mentions import UnmentionedNames
from spanpact.trace.clocks import Clocks
from spanpact.verification.cache.cached_traces import AppliedTrace
from spanpact.verification.cache.verdict_cache import VerdictCache
from spanpact.verification.documents.trace_stream import OpenTrace
from spanpact.verification.native.contract_outlines import ContractOutline, DescribedContent, described, outline_of
from spanpact.verification.native.counted_traces import CountedTrace
from spanpact.verification.native.counters import Counters, KnownTrace, LogRecord, Unmentioned, Verdict
from spanpact.verification.native.part_answers import AskedContract, KnownContract, PartAnswers
from spanpact.verification.native.questions import Questions
from spanpact.verification.shapes import RecordSummary, SpanSummary, TraceShape
from spanpact.verification.split_keys import Addition
from spanpact.verification.split_keys.trace_view import processes_of_shapes

JudgedTrace: TypeAlias = tuple[int, list[tuple[int, Sequence[int]]], list[tuple[int, int]], bool]
"""What each trace of a key adds: a counter; for each contract with flows, its number and the places of the flows' spans
(-1: the whole trace); the places of roots that the index of roots wants, with their numbers; and whether some log
records have a name of their own."""
CountedContract: TypeAlias = tuple[int, Sequence[int], bytes, bytes, Sequence[tuple[int, int]]]
"""What a contract adds of which the core knows everything: its number, the places of its flows' spans, the sets of
spans in flows and of those that are placed, as bits from the lowest on; and if the trace is checked, all counts."""
ShapeParts: TypeAlias = tuple[Sequence[int], Sequence[int], bool, bytes]
"""The shapes of a trace's spans, the places of their parents, whether they have one resource, and the core's key."""

_FLAG: Final = {None: 0, True: 1, False: 2}


class JudgingStream(Protocol):
    """Judges the traces that the core passes on."""

    def judge_one(self, trace_id: str, ended: OpenTrace) -> None:
        """Judge a trace."""

    def judge_rest(self, trace_id: str, ended: OpenTrace, counted: Mapping[int, Addition]) -> bool:
        """Judge a trace by the contracts that did not add `counted`. Return whether the cache knew all of it."""

    def check_one(self, trace_id: str, ended: OpenTrace, applied: AppliedTrace) -> None:
        """Let the engine judge a trace that was counted. Raise CacheError if it says something else."""


class TraceAnswers(Questions):
    """The answers on traces, besides those on what is in them."""

    def __init__(self, stream: JudgingStream, cache: VerdictCache, clocks: Clocks) -> None:
        super().__init__(cache.shapes, clocks)
        self._stream, self._cache = stream, cache
        self._numbers = {id(run): number for number, run in enumerate(cache.runs)}
        self._counters = Counters()
        self._parts = PartAnswers(cache.parts, self._counters)
        self._names: list[str] = []
        self._number_of_name: dict[str, int] = {}

    # whole traces

    def judge(
        self,
        trace_id: str,
        summaries: list[SpanSummary],
        records: list[RecordSummary],
        generation: int,
        began: tuple[int, int],
        keyed: bool,
        shape: ShapeParts | None,
    ) -> JudgedTrace | None:
        """Judge a trace. Return what every trace of its key adds; None if the next one is to be judged here, too.

        `generation` is that of the numbers of shapes, -1 if they are of several. `began` is the number under which the
        trace began, and the document in which it ends. `keyed`: the core has a key. `shape`: its parts, if plain.
        """
        self._stream.judge_one(trace_id, _ended(summaries, records, generation, began, shape))
        verdict = self._cache.latest if keyed else None
        if verdict is None or verdict.recorded:
            return None
        number = self._counters.add(Verdict(self._cache, verdict))
        flows = [(self._numbers[id(each.run)], each.flows) for each in verdict.with_flows]
        wanted = [(place, self._number(name)) for place, name in verdict.roots if not self._cache.roots.is_full(name)]
        return number, flows, wanted, bool(verdict.own_names)

    def names(self, verdict: int, records: Sequence[RecordSummary], order: Sequence[int]) -> None:
        """Count the log records of a trace that have a name of their own; `order` is that of its key."""
        counted = self._counters[verdict]
        assert isinstance(counted, Verdict)
        self._cache.count_own_names(counted.trace, records, order)

    def root(self, name: int, trace_id: str, start: int) -> bool:
        """Note a root that is wanted. Return whether more of its name are."""
        self._cache.roots.note(self._names[name], start, trace_id)
        return not self._cache.roots.is_full(self._names[name])

    def flows(self, contract: int, packed: bytes) -> None:
        """Note flows of a contract."""
        self._cache.runs[contract].flows.extend_packed(packed)

    def check(
        self,
        trace_id: str,
        summaries: list[SpanSummary],
        records: list[RecordSummary],
        counts: Sequence[tuple[int, int]],
        logs: int,
        flows: Sequence[tuple[int, bytes]],
    ) -> None:
        """Let the engine judge a trace that the core has counted. Raise CacheError as `check_one`.

        `counts` are counters with how often each was counted, `logs` is the number of log records that no contract
        mentions, and `flows` those that were noted.
        """
        counted = CountedTrace(self._cache.runs, sorted(summaries))
        counted.add(counts, self._counters)
        ended = OpenTrace(0, 0, 0, summaries, records)
        self._stream.check_one(trace_id, ended, counted.applied(trace_id, flows, logs))

    def settle(self, times: Sequence[int]) -> None:
        """Add what was counted by each counter; then all numbers begin anew."""
        self._counters.settle(times)
        self._names.clear()
        self._number_of_name.clear()

    def _number(self, name: str) -> int:
        number = self._number_of_name.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number

    # parts of traces

    def outlines(self) -> Sequence[ContractOutline]:
        """Return what the core needs to know of each contract."""
        return list(map(outline_of, self._cache.parts.contracts))

    def content(self, shape: int, records: Sequence[int]) -> DescribedContent | None:
        """Describe the content of spans of a shape with log records of these shapes; None if it is not known."""
        parts, roots = self._cache.parts, self._cache.roots
        content = parts.content(shape, records)
        if content is None:
            return None
        facts = parts.known.facts[content]
        number = self._number(facts.name)
        wanted = roots.is_wanted_name(facts.name) and not roots.is_full(facts.name)
        return number, wanted, facts.may_be_orphan, [described(each, parts, content) for each in parts.contracts]

    def processes(
        self, shapes: Sequence[int], resources: Sequence[int], parents: Sequence[int]
    ) -> Sequence[tuple[int, int, bool]]:
        """Return for each span its process, a number for what `parent` looks at, and whether its local flag is ignored.

        The spans are given by their shapes and resources; `parents` as in `TraceView`.
        """
        known = self._cache.parts.known
        found = processes_of_shapes(known, list(zip(shapes, resources, strict=True)), parents)
        services = [known.shapes.distinct_resource(each).attributes.get("service.name") for each in resources]
        answers = []
        for i, parent in enumerate(parents):
            other = services[parent] != services[i] if parent >= 0 else None
            answers.append((found[i], 3 * _FLAG[found.is_flagged(i)] + _FLAG[other], found.ignores_flag(i)))
        return answers

    def part_allowances(self, contract: int, one_process: bool, resolutions: Sequence[int]) -> Sequence[int]:
        """Return by how much the times of two spans may contradict each other for a contract."""
        return self._parts.allowances(contract, one_process, resolutions)

    def part_cuts(self, contract: int, resolution: int) -> Sequence[int]:
        """Return the durations at which an outcome of a contract changes."""
        return self._parts.cuts(contract, resolution)

    def judge_rest(
        self,
        trace_id: str,
        summaries: list[SpanSummary],
        records: list[RecordSummary],
        began: tuple[int, int],
        shape: ShapeParts | None,
        counted: Sequence[CountedContract],
        asked: Sequence[AskedContract],
        is_checked: bool,
    ) -> Sequence[KnownContract]:
        """Judge a trace by the contracts of which the core does not know all parts; return what is known of these now.

        The core adds the counts of the contracts that are `counted`. `is_checked`: the engine should judge it, too.
        """
        additions = {
            contract: Addition(
                self._cache.runs[contract],
                flows=flows,
                in_flows=int.from_bytes(in_flows, "little"),
                placed=int.from_bytes(placed, "little"),
            )
            for contract, flows, in_flows, placed, _ in counted
        }
        ended = _ended(summaries, records, self._cache.shapes.generation, began, shape)
        if self._stream.judge_rest(trace_id, ended, additions) and is_checked:
            self._check_rest(trace_id, ended, additions, [pair for each in counted for pair in each[-1]])
        return list(map(self._parts.known, asked))

    def _check_rest(
        self, trace_id: str, ended: OpenTrace, counted: Mapping[int, Addition], counts: Sequence[tuple[int, int]]
    ) -> None:
        """Let the engine judge a trace that the core has counted for some contracts, and the cache for the others."""
        applied = self._cache.applied
        of_core = CountedTrace(self._cache.runs, applied.summaries)
        of_core.add(counts, self._counters)
        additions = [each for each in applied.additions if self._numbers[id(each.run)] not in counted]
        additions += [replace(of_core.addition(number), flows=each.flows) for number, each in counted.items()]
        self._stream.check_one(trace_id, ended, replace(applied, additions=additions))

    def counter(self, kind: int, name: int) -> int:
        """Return the counter of what no contract mentions under a name: 0 traces, 1 spans, 2 spans without a place.

        3: log records, whatever their name; 4: traces of which the core knew all parts.
        """
        mentions, cache = self._cache.mentions, self._cache
        if kind == 3:
            return self._counters.add(LogRecord(mentions))
        if kind == 4:
            return self._counters.add(KnownTrace(cache))
        of_trace, names = (self._names[name], ()) if kind == 0 else (None, (self._names[name],))
        unmentioned = UnmentionedNames(of_trace, names if kind == 1 else (), (), names if kind == 2 else ())
        mentions.add(unmentioned, 0)  # names are listed in the order in which they were found first
        return self._counters.add(Unmentioned(mentions, unmentioned))

    def outside(self, records: Sequence[RecordSummary]) -> None:
        """Count the log records of a trace that are in no flow."""
        of_records = self._cache.parts.known.of_records
        names = [record[4] or of_records[record[2]].event_name for record in records]
        self._cache.mentions.add_log_names(names, "trace")


def _ended(
    summaries: list[SpanSummary],
    records: list[RecordSummary],
    generation: int,
    began: tuple[int, int],
    shape: ShapeParts | None,
) -> OpenTrace:
    known = None if shape is None else _shape(summaries, shape)
    return OpenTrace(*began, generation, summaries, records, shape=known)


def _shape(summaries: Sequence[SpanSummary], parts: ShapeParts) -> TraceShape:
    """Return the shape of a trace without log records whose clocks are exact: the core's key holds the rest of it."""
    shapes, parents, is_of_one_resource, key = parts
    several = None if is_of_one_resource else True
    return TraceShape(("", tuple(shapes), tuple(parents), key, several, None, None), sorted(summaries))
