"""The shape of a whole trace: the forms of its spans, the tree they make, which values are equal, what overlaps.

A trace that is malformed in any way (section 14, integrity) has no shape: it is for the engine itself to judge.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from spanpact.verification.shapes.span_shapes import ODD, Facts, Forms

Key: TypeAlias = tuple[Hashable, ...]

_ROOT, _ELSEWHERE = -1, -2
_HEX: Final = re.compile("[0-9a-f]*")
_NO_ID: Final = "0" * 16


class Shape(NamedTuple):
    """The shape of one trace, and its facts in the order of `Topology.spans`."""

    key: Key
    facts: Sequence[Facts]


def shape_of(trace_id: str, scenario: str, spans: Sequence[Facts], forms: Forms) -> Shape | None:
    """The shape of a complete trace without log records. None where it has none."""
    try:
        facts = sorted(spans)  # by start and id
    except TypeError:  # two share both
        return None
    ids = [fact[1] for fact in facts]
    index = dict(zip(ids, range(len(ids)), strict=True))
    if len(index) < len(ids) or not _valid(trace_id, ids, index):
        return None
    parents = _parents(facts, index)
    if parents is None:
        return None
    codes = [fact[4] for fact in facts]
    if ODD in codes:
        return None
    processes = _processes(facts)
    numbers: dict[Hashable, int] = {}
    related = tuple([numbers.setdefault(value, len(numbers)) for fact in facts for value in fact[6]])
    times = _times(facts, codes, forms, one_process=processes is None)
    return Shape((scenario, tuple(codes), tuple(parents), related, processes, *times), facts)


def _valid(trace_id: str, ids: Sequence[str], index: dict[str, int]) -> bool:
    if len(trace_id) != 32 or set(map(len, ids)) != {16} or _NO_ID in index or not trace_id.strip("0"):
        return False
    return _HEX.fullmatch(trace_id + "".join(ids)) is not None


def _parents(facts: Sequence[Facts], index: dict[str, int]) -> list[int] | None:
    """Of each span the place of its parent; None where one is malformed, or ends or starts outside of its parent."""
    parents: list[int] = []
    later = False
    for i, (start, _, parent_id, end, _, _, _, _, _) in enumerate(facts):
        if end <= 0 or end < start:
            return None
        parent = index.get(parent_id, _ELSEWHERE) if parent_id else _ROOT
        parents.append(parent)
        if parent >= 0:
            above = facts[parent]
            if above[0] > start or above[3] < end:
                return None
            if parent >= i:
                later = True
        elif parent_id and (len(parent_id) != 16 or parent_id == _NO_ID or not _HEX.fullmatch(parent_id)):
            return None
    return parents if not later or _is_forest(parents) else None


def _is_forest(parents: Sequence[int]) -> bool:
    """Whether there is no cycle: only spans that start at one moment can be in one."""
    for i in range(len(parents)):
        steps = 0
        while i >= 0:
            i, steps = parents[i], steps + 1
            if steps > len(parents):
                return False
    return True


def _processes(facts: Sequence[Facts]) -> Hashable:
    """Which spans are of one process; None where all are."""
    numbers: dict[int, int] = {}
    processes = tuple([numbers.setdefault(fact[5], len(numbers)) for fact in facts])
    return processes if len(numbers) > 1 else None


def _times(facts: Sequence[Facts], codes: Sequence[int], forms: Forms, *, one_process: bool) -> Iterator[Hashable]:
    """How the times of those spans are ordered that may be compared, and between which bounds all durations are."""
    aspects = forms.aspects
    longest = max([fact[3] for fact in facts]) - facts[0][0]
    if not forms.ordered.isdisjoint(codes):
        timed = [fact for fact in facts if fact[4] in forms.ordered]
        yield _ended(timed, [each for each in aspects.allowances_ns(one_process=one_process) if each < longest])
    if not forms.concurrent.isdisjoint(codes):
        timed = [fact for fact in facts if fact[4] in forms.concurrent]
        yield _open_at_once(timed, aspects.allowances_ns(one_process=one_process))
    if aspects.cuts_ns and longest >= aspects.cuts_ns[0]:
        yield "durations", tuple([aspects.bucket(fact[3] - fact[0]) for fact in facts])


def _ended(facts: Sequence[Facts], allowances_ns: Sequence[int]) -> Hashable:
    """For each allowance and each span, how many have started when it ended, but for the allowance.

    By an allowance as long as the trace no span ends too late for another, so it need not be looked at.
    """
    starts = [fact[0] for fact in facts]
    return tuple([bisect_left(starts, fact[3] - allowance) for allowance in allowances_ns for fact in facts])


def _open_at_once(facts: Sequence[Facts], allowances_ns: Sequence[int]) -> Hashable:
    """The same to either side of the end; a span that takes no time is taken for a nanosecond (see checks.order)."""
    if len(facts) == 1:
        return ()
    starts = [fact[0] for fact in facts]
    either = [each for allowance in allowances_ns for each in (-allowance, allowance)]
    return tuple([bisect_left(starts, max(fact[3] + more, fact[0] + 1)) for more in either for fact in facts])
