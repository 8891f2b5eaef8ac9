"""Stop by the first signal what a second one interrupts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType

from spanpact.cli.running.process import ENDING, handling_signals


@contextmanager
def stopping_by_signals(stops: SimpleQueue[None]) -> Iterator[None]:
    """Put an item at the first signal that ends a program; the second one interrupts."""
    signals: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        if len(signals) > 1:
            raise KeyboardInterrupt
        stops.put(None)

    with handling_signals(ENDING, handle):
        yield
