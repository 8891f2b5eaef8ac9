"""Give whole traces a shape: the shapes of their spans, the tree, equal values, overlapping times, log records.

A trace that breaks integrity (section 14) has no shape: only the engine judges it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from math import inf
from operator import eq, ge, gt, lt
from typing import Final, NamedTuple, TypeAlias

from spanpact.trace.clocks import frozen_resources
from spanpact.trace.process import MOST_COMPARED
from spanpact.verification.shapes.record_shapes import RecordSummary
from spanpact.verification.shapes.span_shapes import NO_SHAPE, SpanShapes, SpanSummary

Key: TypeAlias = tuple[Hashable, ...]

_ROOT, _ELSEWHERE, _NO_SPAN = -1, -2, -1
_HEX: Final = re.compile("[0-9a-f]*")
_NO_ID: Final = "0" * 16
_ALWAYS, _NEVER = -inf, inf


class TraceShape(NamedTuple):
    """The key of a trace's shape, and the summaries of its spans in the order of `Topology.spans`.

    `record_order` has the indexes of its log records in the order in which the key holds these.
    """

    key: Key
    summaries: Sequence[SpanSummary]
    record_order: Sequence[int] = ()

    @property
    def record_places(self) -> Sequence[int]:
        """Return the index of each log record's span, -1 for none, in `record_order`."""
        return self.key[-2]  # type: ignore[return-value]

    @property
    def span_shapes(self) -> Sequence[int]:
        """Return the shape of each span."""
        return self.key[1]  # type: ignore[return-value]

    @property
    def parents(self) -> Sequence[int]:
        """Return the index of each span's parent; -1 where it has none, -2 where it is not in the trace."""
        return self.key[2]  # type: ignore[return-value]

    @property
    def is_of_several_resources(self) -> bool:
        """Return whether the resources of the spans differ."""
        return self.key[4] is not None

    @property
    def resolutions(self) -> Sequence[int] | None:
        """Return the resolution of the times of each span in ns; None if all are exact."""
        return self.key[5]  # type: ignore[return-value]

    @property
    def still(self) -> Sequence[bool] | None:
        """Return for each span whether the clock of its resource stood still; None if none did."""
        return self.key[6]  # type: ignore[return-value]


class _Records(NamedTuple):
    """The log records of a trace: their indexes in the order of its shape, their part of the key, compared values."""

    order: Sequence[int]
    key: Key
    compared: Sequence[Hashable]


def trace_shape(
    trace_id: str,
    scenario: str,
    spans: Sequence[SpanSummary],
    shapes: SpanShapes,
    records: Sequence[RecordSummary] = (),
) -> TraceShape | None:
    """Return the shape of a complete trace, None if it has none. `records` are in the order in which they were read."""
    if not spans:
        return _shape_without_spans(trace_id, scenario, records)
    try:
        summaries = sorted(spans)  # by start and id
    except TypeError:  # two spans share both
        return None
    starts, ids, parent_ids, ends, span_shapes, numbers, values, *_ = zip(*summaries, strict=True)
    index = dict(zip(ids, range(len(ids)), strict=True))
    if NO_SHAPE in span_shapes or len(index) < len(ids) or not _valid(trace_id, ids, index):
        return None
    parents = _parents(starts, ends, parent_ids, index)
    if parents is None:
        return None
    resources = _resources(numbers, shapes)
    resolutions = shapes.resolutions_of(numbers)
    lasting = resources is None and starts[0] < starts[-1]
    still = None if lasting else _stood_still(starts, ends, numbers, parents)
    of_records = _records(records, index) if records else _NO_RECORDS
    if of_records is None:
        return None
    equal_values = _equal_values([*chain.from_iterable(values), *of_records.compared])
    longest = max(ends) - starts[0]
    times = _durations(starts, ends, longest, shapes, resolutions)
    if not shapes.timed.isdisjoint(span_shapes):
        crossed = resources is not None or _is_crossed(span_shapes, parents, shapes)
        times = (*_compared_times(summaries, longest, shapes, resolutions, one_process=not crossed), *times)
    key = (scenario, span_shapes, parents, equal_values, resources, resolutions, still, *times, *of_records.key)
    return TraceShape(key, summaries, of_records.order)


def _equal_values(values: Sequence[Hashable]) -> tuple[int, ...]:
    """Return numbers that are equal for equal values, in the order in which these occur first."""
    distinct = dict.fromkeys(values)
    if len(distinct) <= 1:  # almost always: the id of what all spans belong to
        return (0,) * len(values)
    numbers = dict(zip(distinct, range(len(distinct)), strict=True))
    return tuple(map(numbers.__getitem__, values))


_NO_RECORDS: Final = _Records((), (), ())


def _records(records: Sequence[RecordSummary], index: Mapping[str, int]) -> _Records | None:
    """Return what the key holds of log records; None if one has no shape, or names a span that should be there."""
    places = [index.get(each[0], _NO_SPAN) for each in records]
    order = sorted(range(len(records)), key=places.__getitem__)
    shapes = tuple([records[i][2] for i in order])
    if NO_SHAPE in shapes:
        return None
    if any(each[0] and not each[1] for each, place in zip(records, places, strict=True) if place == _NO_SPAN):
        return None
    key = ("log records", tuple([places[i] for i in order]), shapes)
    return _Records(order, key, [value for i in order for value in records[i][3]])


def _shape_without_spans(trace_id: str, scenario: str, records: Sequence[RecordSummary]) -> TraceShape | None:
    """Return the shape of log records that no span of their trace has, None if it has none."""
    shapes = tuple([each[2] for each in records])
    if not records or NO_SHAPE in shapes:
        return None
    equal_values = _equal_values([value for each in records for value in each[3]])
    key = ("log records without a span", scenario, bool(trace_id), shapes, equal_values)
    return TraceShape(key, (), range(len(records)))


def _valid(trace_id: str, ids: Sequence[str], index: dict[str, int]) -> bool:
    if len(trace_id) != 32 or set(map(len, ids)) != {16} or _NO_ID in index or not trace_id.strip("0"):
        return False
    return _HEX.fullmatch(trace_id + "".join(ids)) is not None


def _parents(
    starts: Sequence[int], ends: Sequence[int], parent_ids: Sequence[str], index: dict[str, int]
) -> tuple[int, ...] | None:
    """Return the index of each span's parent; None if a parent id is malformed or a span is not within its parent.

    Adds the empty id to `index`.
    """
    if min(ends) <= 0 or any(map(lt, ends, starts)):
        return None
    index[""] = _ROOT
    parents = tuple(map(index.get, parent_ids, repeat(_ELSEWHERE)))
    # no span is outside a parent that is not there: its index is that of one of the two last times
    if any(map(gt, map((*starts, _ALWAYS, _ALWAYS).__getitem__, parents), starts)):
        return None
    if any(map(lt, map((*ends, _NEVER, _NEVER).__getitem__, parents), ends)):
        return None
    if _ELSEWHERE in parents and any(each not in index and not _is_id(each) for each in parent_ids):
        return None
    may_be_cyclic = any(map(ge, parents, range(len(parents))))  # if a parent comes later, and starts at the same time
    return None if may_be_cyclic and not _is_forest(parents) else parents


def _is_id(text: str) -> bool:
    return len(text) == len(_NO_ID) and text != _NO_ID and _HEX.fullmatch(text) is not None


def _is_forest(parents: Sequence[int]) -> bool:
    """Return whether there is no cycle. Call it only if a parent comes later: then both start at the same time."""
    for i in range(len(parents)):
        steps = 0
        while i >= 0:
            i, steps = parents[i], steps + 1
            if steps > len(parents):
                return False
    return True


def _resources(of_spans: Sequence[int], shapes: SpanShapes) -> Hashable:
    """Return a number for each span's resource, and which of these describe one process; None if all are equal."""
    if len(set(of_spans)) == 1:
        return None
    numbers: dict[int, int] = {}
    resources = tuple([numbers.setdefault(each, len(numbers)) for each in of_spans])
    if len(numbers) > MOST_COMPARED:
        return resources
    distinct = list(numbers)
    related = [shapes.one_process(one, other) for i, one in enumerate(distinct) for other in distinct[:i]]
    return resources, tuple(related)


def _stood_still(
    starts: Sequence[int], ends: Sequence[int], resources: Sequence[int], parents: Sequence[int]
) -> Hashable:
    """Return for each span whether the clock of its resource stood still; None if none did."""
    if not any(map(eq, starts, ends)):
        return None
    frozen = frozen_resources(resources, list(zip(starts, ends, strict=True)), parents)
    return tuple([each in frozen for each in resources]) if frozen else None


def _is_crossed(span_shapes: Sequence[int], parents: Sequence[int], shapes: SpanShapes) -> bool:
    """Return whether some span and its parent may be of two processes although their resources are equal."""
    below = [shape for shape, parent in zip(span_shapes, parents, strict=True) if parent >= 0]
    return not shapes.called.isdisjoint(below)


def _compared_times(
    summaries: Sequence[SpanSummary],
    longest: int,
    shapes: SpanShapes,
    resolutions: Sequence[int] | None,
    *,
    one_process: bool,
) -> Iterator[Hashable]:
    """Yield how the times of spans that are compared are ordered; `longest` is how long the trace lasts."""
    allowances = shapes.observed.times.allowances_ns(one_process=one_process, resolutions=resolutions or (1,))
    if ordered := [each for each in summaries if each[4] in shapes.ordered]:
        yield started_before_end(ordered, [each for each in allowances if each < longest])
    if concurrent := [each for each in summaries if each[4] in shapes.concurrent]:
        yield open_at_once(concurrent, allowances)


def _durations(
    starts: Sequence[int], ends: Sequence[int], longest: int, shapes: SpanShapes, resolutions: Sequence[int] | None
) -> tuple[Hashable, ...]:
    """Return between which bounds the duration of each span is; nothing if no bound is as low as the longest."""
    times = shapes.observed.times
    if resolutions is None:
        cuts = times.duration_cuts_ns()
        if not cuts or longest < cuts[0]:
            return ()
        return "durations", tuple([bisect_right(cuts, end - start) for start, end in zip(starts, ends, strict=True)])
    firsts = [cuts[0] for each in set(resolutions) if (cuts := times.duration_cuts_ns(each))]
    if not firsts or longest < min(firsts):
        return ()
    spans = zip(starts, ends, resolutions, strict=True)
    return "durations", tuple([times.duration_class(end - start, resolution) for start, end, resolution in spans])


def started_before_end(summaries: Sequence[SpanSummary], allowances_ns: Sequence[int]) -> Hashable:
    """Return for each allowance and each span how many spans have started before its end minus the allowance.

    The caller leaves out allowances as long as the trace: with those, no span ends too late for another.
    """
    starts = [each[0] for each in summaries]
    return tuple([bisect_left(starts, each[3] - allowance) for allowance in allowances_ns for each in summaries])


def open_at_once(summaries: Sequence[SpanSummary], allowances_ns: Sequence[int]) -> Hashable:
    """Return the same for the end minus and plus each allowance.

    A span that takes no time counts as one nanosecond (see checks.concurrency).
    """
    if len(summaries) == 1:
        return ()
    starts = [each[0] for each in summaries]
    either = [each for allowance in allowances_ns for each in (-allowance, allowance)]
    return tuple([bisect_left(starts, max(each[3] + more, each[0] + 1)) for more in either for each in summaries])
