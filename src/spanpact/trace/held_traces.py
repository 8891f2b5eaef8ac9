"""Hold the traces that a report shows: a few in memory, all others in a temporary file.

Where every trace of an archive has a finding, its traces would take ten times the memory of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, overload

import msgspec

from spanpact.spool import Spool
from spanpact.trace.model import Reading, Trace

_MOST_IN_MEMORY: Final = 256


class HeldTraces(Sequence[Trace]):
    """Traces that can be added to. Those in the file are made anew each time they are asked for."""

    def __init__(self) -> None:
        self._first: list[Trace] = []
        self._spool = Spool()
        self._others: list[tuple[int, int]] = []  # place and length of each in the spool
        self.spans = 0
        """The number of spans of all traces."""

    def append(self, trace: Trace) -> None:
        """Add a trace."""
        self.spans += len(trace.spans)
        if len(self._first) < _MOST_IN_MEMORY:
            self._first.append(trace)
            return
        import pickle

        data = pickle.dumps(trace, pickle.HIGHEST_PROTOCOL)
        self._others.append((self._spool.write(data), len(data)))

    def shown_in(self, reading: Reading, *, traces: int, spans: int) -> Reading:
        """Return the reading with these traces, of so many `traces` with `spans` that were read in all."""
        return msgspec.structs.replace(
            reading,
            traces=self,
            let_go=traces - len(self),
            spans_let_go=spans - self.spans,
            spans_held=self.spans,
        )

    def __len__(self) -> int:
        return len(self._first) + len(self._others)

    def __iter__(self) -> Iterator[Trace]:
        yield from self._first
        for place, length in self._others:
            yield self._read(place, length)

    @overload
    def __getitem__(self, index: int) -> Trace: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Trace]: ...

    def __getitem__(self, index: int | slice) -> Trace | Sequence[Trace]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        first = len(self._first)
        return self._first[at] if at < first else self._read(*self._others[at - first])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Trace.__eq__, self, other))

    def __repr__(self) -> str:
        return f"<{len(self)} traces>"

    def _read(self, place: int, length: int) -> Trace:
        import pickle

        trace: Trace = pickle.loads(self._spool.read(place, length))
        return trace
