"""What traces hold, counted, as text for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.drawing.value_text import format_nanoseconds, format_value, masked_text
from spanpact.reporting.text_options import TextOptions, counted, join_sections
from spanpact.trace_summary import AttributeSummary, NameSummary, ServiceSummary, TraceSummary

_MOST_NAMES: Final = 30  # of each service
_MOST_ATTRIBUTES: Final = 100
_NUMBERS: Final = ("spans", "roots", "orphans", "errors")


def render_trace_summary_text(summary: TraceSummary, options: TextOptions | None = None) -> str:
    """Return the summary; it ends with a line break. Long lists are cut unless `options.everything` is set."""
    options = options or TextOptions()
    canvas = options.canvas
    services = [_service_lines(each, canvas, everything=options.everything) for each in summary.services]
    return "\n".join(join_sections([*services, _attribute_lines(summary, options), _totals(summary, canvas)])) + "\n"


def summary_totals(summary: TraceSummary, options: TextOptions) -> str:
    """Return the last line of the summary."""
    return list(_totals(summary, options.canvas))[-1]


def _service_lines(service: ServiceSummary, canvas: Canvas, *, everything: bool) -> Iterator[str]:
    name = masked_text(service.name, canvas) if service.name else "spans without a service"
    clock = f"clock {format_nanoseconds(service.resolution_ns, canvas)}"
    yield f"{canvas.paint(name, 'strong')}  {counted(service.spans, 'span')}, {clock}"
    shown = service.names if everything else service.names[:_MOST_NAMES]
    kinds = {each.name: ", ".join(sorted(each.kinds)) for each in shown}
    width = max(map(len, ["kind", *kinds.values()]))
    yield canvas.paint(f"  {'  '.join(f'{each:>7}' for each in _NUMBERS)}  {'kind':{width}}  name", "quiet")
    for each in shown:
        row = "  ".join(f"{number or '.':>7}" for number in _numbers(each))
        yield canvas.clip(f"  {row}  {kinds[each.name]:{width}}  {masked_text(each.name, canvas)}", canvas.width)
    yield from _more(len(service.names) - len(shown), "name", canvas)


def _numbers(name: NameSummary) -> Sequence[int]:
    return name.spans, name.roots, name.orphans, name.errors


def _attribute_lines(summary: TraceSummary, options: TextOptions) -> Iterator[str]:
    canvas = options.canvas
    shown = summary.attributes if options.everything else summary.attributes[:_MOST_ATTRIBUTES]
    if shown:
        yield canvas.paint("attributes", "strong")
    types = [_counts(each.types) for each in shown]
    width = max(map(len, types), default=0)
    for each, text in zip(shown, types, strict=True):
        name = masked_text(each.name, canvas)
        yield canvas.clip(f"  {each.holder:8}  {text:{width}}  {name}", canvas.width)
        yield from _value_lines(each, canvas)
    yield from _more(len(summary.attributes) - len(shown), "attribute", canvas)


def _counts(types: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(types.items(), key=lambda item: (-item[1], item[0])))


def _value_lines(attribute: AttributeSummary, canvas: Canvas) -> Iterator[str]:
    for value, number in attribute.values:
        yield canvas.clip(
            f"    {number:>6} {canvas.glyphs.times} {format_value(value, canvas, attribute.name)}", canvas.width
        )
    if attribute.other_values:
        yield f"    {attribute.other_values:>6} {canvas.glyphs.times} other values"


def _more(number: int, noun: str, canvas: Canvas) -> Iterator[str]:
    if number:
        yield canvas.paint(f"  {canvas.glyphs.more} {counted(number, f'more {noun}')}; --all lists them", "quiet")


def _totals(summary: TraceSummary, canvas: Canvas) -> Iterator[str]:
    if summary.other_names:
        yield f"{counted(summary.other_names, 'span')} with further names: there are too many to keep"
    if summary.other_attributes:
        yield f"{counted(summary.other_attributes, 'further attribute')}: there are too many names to keep"
    logs = f", {counted(summary.logs, 'log record')}" if summary.logs else ""
    totals = f"{counted(summary.traces, 'trace')}, {counted(summary.spans, 'span')}{logs}"
    ends = f"{counted(summary.roots, 'root')}, {counted(summary.orphans, 'orphan')}"
    yield f"{canvas.escape(summary.source)}: {totals}, {ends}"
