"""The flows of traces that were counted and not read: their ids are looked up when somebody asks for them.

A report as text needs only their number, unless it has findings; the JSON report lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias, overload

from spanpact.engine.flows.flow_spans import FlowSpans

FlowSpan: TypeAlias = tuple[str, str]
"""The ids of a trace and of the flow's own span, "" if that is the whole trace."""


class LateFlows(Sequence[FlowSpan]):
    """The flows of one contract, in the order of reading. Their number is known; `read` is called once, when needed."""

    def __init__(self, number: int, read: Callable[[], Iterable[FlowSpan]]) -> None:
        self._number, self._read_all = number, read
        self._read: FlowSpans | None = None

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[FlowSpan]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> FlowSpan: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FlowSpan]: ...
    def __getitem__(self, index: int | slice) -> FlowSpan | Sequence[FlowSpan]:
        return self._all()[index]

    def _all(self) -> FlowSpans:
        if self._read is None:
            read = FlowSpans()
            for trace_id, span_id in self._read_all():
                read.append(trace_id, span_id)
            self._read = read
        return self._read
