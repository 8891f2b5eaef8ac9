"""Durations and attribute values as a person reads them."""

from __future__ import annotations

import json
from typing import Final

from spanpact.reporting.drawing.safe_text import Canvas
from spanpact.trace.model import Span, Value

_UNITS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))
_CUT: Final = 200


def duration(span: Span, canvas: Canvas) -> str:
    """How long the span took, or that it never ended."""
    if not span.end_ns:
        return "never ended"
    return nanoseconds(span.end_ns - span.start_ns, canvas)


def nanoseconds(amount: int, canvas: Canvas) -> str:
    """An amount of time with three significant digits and the unit that fits: `4.2ms`."""
    size, sign = abs(amount), "-" if amount < 0 else ""
    for factor, unit in _UNITS:
        if size >= factor:
            number = f"{size / factor:.3g}" if size < 999.5 * factor else str(round(size / factor))
            return f"{sign}{number}{canvas.glyphs.micro if unit == 'µs' else unit}"
    return f"{sign}{size}ns"


def value(given: Value, canvas: Canvas) -> str:
    """An attribute's value: masked, text in quotes, a long one cut; safe on a terminal."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, bytes):
        return f"{len(given)} bytes"
    if isinstance(given, str):
        return f'"{foreign(given, canvas)}"'
    if given is None or isinstance(given, int | float):
        return "null" if given is None else str(given)
    return foreign(json.dumps(given, ensure_ascii=False, default=_as_text), canvas)


def foreign(text: str, canvas: Canvas, cut: int = _CUT) -> str:
    """A text of a trace, masked whole before it is cut, so that a leak at the cut is still recognised."""
    return canvas.clip(canvas.shown(canvas.mask(text)[: cut * 4]), cut)


def _as_text(given: object) -> str:
    return f"{len(given)} bytes" if isinstance(given, bytes) else str(given)
