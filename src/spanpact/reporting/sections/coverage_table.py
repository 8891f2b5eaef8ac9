"""The coverage table of a text report: how many expectations of each contract were exercised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.findings import ContractResult, Coverage, CoverageState, Report
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.drawing.safe_text import display_width

_STATES: Final[tuple[CoverageState, ...]] = ("exercised", "vacuous", "unseen")
_STYLES: Final[dict[CoverageState, Style]] = {"exercised": "good", "vacuous": "doubt", "unseen": "bad"}


def coverage_lines(report: Report, canvas: Canvas, *, each: bool = False) -> Iterator[str]:
    """Yield a row for each contract and, with `each`, a row for every expectation below it."""
    results = [result for result in report.results if result.coverage]
    if not results or not (each or any(result.flows for result in results)):  # no flow was seen: every row would say so
        return
    widest = max(display_width(canvas.escape(result.contract)) for result in results)
    widest = max(widest, len("coverage") - 2)
    proving = any(c.proven is not None for result in results for c in result.coverage)
    unproven = "  unproven" if proving else ""
    yield canvas.paint(f"{'coverage'.ljust(widest + 2)}  exercised  vacuous  unseen{unproven}", "strong")
    for result in results:
        counts = [sum(c.state == state for c in result.coverage) for state in _STATES]
        name = canvas.escape(result.contract)
        row = f"  {name}{' ' * (widest - display_width(name))}  {counts[0]:9}  {counts[1]:7}  {counts[2]:6}"
        yield row + (f"  {sum(_is_unproven(result, c) for c in result.coverage):8}" if proving else "")
        if each:
            yield from (f"    {line}" for line in _expectations(result, canvas))


def _is_unproven(result: ContractResult, coverage: Coverage) -> bool:
    """Return whether no example proves the expectation; one of a fragment may be proven by another contract."""
    return coverage.proven is False and (coverage.place is None or coverage.place.file == result.file)


def _expectations(result: ContractResult, canvas: Canvas) -> Iterator[str]:
    coverage = result.coverage
    names = [canvas.escape(f"{each.entry}.{each.keyword}") for each in coverage]
    widest = max(map(display_width, names))
    for each, name in zip(coverage, names, strict=True):
        state = canvas.paint(each.state.ljust(9), _STYLES[each.state])
        times = f"{canvas.glyphs.times}{each.exercised}" if each.exercised else ""
        place = canvas.escape(str(each.place or ""))
        unproven = f"  {canvas.paint('unproven', 'doubt')}" if _is_unproven(result, each) else ""
        yield f"{state}  {name}{' ' * (widest - display_width(name))}  {times:>6}  {place}{unproven}".rstrip()
