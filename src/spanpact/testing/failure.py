"""Say why a test fails: one line that names the contract and the first finding, the report, and what to look at."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.findings import Report
from spanpact.reporting import TextOptions, render_text, render_traces
from spanpact.reporting.text_options import counted

_NO_SPAN: Final = (
    "no span arrived: is this exporter that of the provider which the code uses, and was a batch processor flushed "
    "(provider.force_flush())? The fixture spanpact_spans needs no exporter"
)
_NONE_KEPT: Final = "allow_unseen accepts a contract without a flow only next to one that is kept: no contract is kept"
_MOST_NAMES: Final = 1000


def failure_text(report: Report, plans: Sequence[ContractPlan] = (), *, no_span: str = "") -> str:
    """Return the text of a failed test: a line for pytest's summary, the report, and hints.

    Contracts without a flow are explained by the traces that were there, and with `plans` by the nearest name in them.
    `no_span` is the hint where no span arrived at all.
    """
    parts = [_headline(report), render_text(report, TextOptions()).rstrip("\n")]
    hints = [*_hints(report, plans, no_span or _NO_SPAN)]
    if hints:
        parts += ["", *(f"hint: {hint}" for hint in hints)]
    if report.reading is not None and report.reading.traces and _unseen(report):
        parts += ["", "the traces that arrived", render_traces(report.reading, TextOptions(), fold=True).rstrip("\n")]
    return "\n".join(parts)


def _headline(report: Report) -> str:
    """Return `broken: shop, reserve/span-missing (1 finding)`, or which contract was not checked, and why."""
    breaking = [finding for finding in report.findings if finding.breaks]
    if breaking:
        first = breaking[0]
        named = f"{first.contract}, {first.key}" if first.contract else first.key
        return f"{report.verdict}: {named} ({counted(len(breaking), 'finding')})"
    for result in report.results:
        if result.verdict != "kept":
            reasons = dict.fromkeys(each.reason for each in result.not_checked)
            return f"{report.verdict}: {result.contract}, {', '.join(reasons) or 'nothing was exercised'}"
    return f"{report.verdict}: what the source cannot carry or was not read counts with strict"


def _hints(report: Report, plans: Sequence[ContractPlan], no_span: str) -> Iterator[str]:
    reading = report.reading
    if report.verdict != "not checked" or reading is None:
        return
    if not reading.traces:
        yield no_span
        return
    unseen = _unseen(report)
    names = sorted({span.name for trace in reading.traces for span in trace.spans})[:_MOST_NAMES]
    for plan in plans:
        if plan.name in unseen and plan.top.span is not None:
            wanted = next(iter(plan.top.span.texts), "")
            if near := difflib.get_close_matches(wanted, names, 1):
                yield f"{plan.name} begins at {wanted}; the nearest span is {near[0]}"
    if report.allow_unseen and not any(result.verdict == "kept" for result in report.results):
        yield _NONE_KEPT


def _unseen(report: Report) -> set[str]:
    """Return the names of the contracts that were not checked because they have no flow."""
    return {result.contract for result in report.results if result.verdict == "not checked" and not result.flows}
