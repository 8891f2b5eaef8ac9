"""Durations and attribute values as text for a person."""

from __future__ import annotations

from typing import Final

from spanpact.privacy import number_text
from spanpact.reporting.drawing.canvas import Canvas
from spanpact.trace.model import Span, Value

_UNITS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))
_LONGEST: Final = 200


def format_duration(span: Span, canvas: Canvas) -> str:
    """Return how long the span took, or `never ended`."""
    if not span.end_ns:
        return "never ended"
    return format_nanoseconds(span.end_ns - span.start_ns, canvas)


def format_nanoseconds(nanoseconds: int, canvas: Canvas) -> str:
    """Return an amount of time with three significant digits and a fitting unit: `4.2ms`."""
    size, sign = abs(nanoseconds), "-" if nanoseconds < 0 else ""
    for factor, unit in _UNITS:
        if size >= factor:
            number = f"{size / factor:.3g}" if size < 999.5 * factor else str(round(size / factor))
            return f"{sign}{number}{canvas.glyphs.micro if unit == 'µs' else unit}"
    return f"{sign}{size}ns"


def format_value(value: Value, canvas: Canvas, attribute: str = "") -> str:
    """Return the value of an attribute of this name, masked and escaped: text in quotes, long values cut."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return f'"{_masked(value, canvas, attribute, _LONGEST)}"'
    if value is None:
        return "null"
    if isinstance(value, int | float):
        digits = number_text(value)
        masked = canvas.mask(digits)
        return str(value) if masked == digits else masked
    from json import dumps  # few reports show a list or a map

    return _masked(dumps(value, ensure_ascii=False, default=_bytes_or_text), canvas, attribute, _LONGEST)


def masked_text(text: str, canvas: Canvas, longest: int = _LONGEST) -> str:
    """Return a text from a trace, masked, escaped and cut to `longest` columns.

    It is masked before it is cut: a cut could make private data unrecognizable to the mask.
    """
    return _masked(text, canvas, "", longest)


def _masked(text: str, canvas: Canvas, attribute: str, longest: int) -> str:
    return canvas.clip(canvas.escape(canvas.mask(text, attribute)[: longest * 4]), longest)


def _bytes_or_text(value: object) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
