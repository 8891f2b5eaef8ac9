"""Run code under a trace function of `sys.settrace`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeAlias

TraceFunction: TypeAlias = Callable[[FrameType, str, Any], Any]


@contextmanager
def traced_by(function: TraceFunction) -> Iterator[None]:
    """Trace this thread by `function`, and by the function that traced it before on exit."""
    before = sys.gettrace()
    sys.settrace(function)
    try:
        yield
    finally:
        sys.settrace(before)
