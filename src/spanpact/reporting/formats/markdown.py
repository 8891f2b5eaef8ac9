"""The report as Markdown, for step summaries, comments and tickets: verdicts, kinds of findings, one flow in detail.

It has at most `MOST_CHARACTERS`, so that a comment on GitHub (65,536) and a step summary (1 MiB) hold it. What comes
from traces and contracts is in code spans and code blocks: it can be neither a link, nor a mention, nor HTML. The only
links are those of `trace_url`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.findings import ContractResult, Report
from spanpact.reporting.drawing.flow_findings import FlowFindings, MaskedTraces, group_by_flow
from spanpact.reporting.drawing.safe_text import escape_controls
from spanpact.reporting.formats.outcomes import gaps_of, outcome_of, reason_of
from spanpact.reporting.report_text import findings_of_each
from spanpact.reporting.sections.kinds_table import KindOfFinding, kinds_of_findings
from spanpact.reporting.sections.summary import plain_summary
from spanpact.reporting.text_options import TextOptions

MOST_CHARACTERS: Final = 60_000
"""The most characters of a report."""
_LONGEST_CELL: Final = 300
_CUT: Final = "\n_The report is cut here; `--format text` has all of it._\n"
_MARKS: Final = {"passed": "✅ kept", "failed": "❌ broken", "not checked": "⚠️ not checked", "allowed": "⚠️ not checked"}


def render(report: Report, options: TextOptions) -> str:
    """Return the report as Markdown; it is cut at the end of a block if it is too long."""
    text, room = "", MOST_CHARACTERS - len(_CUT)
    for block in _blocks(report, options):
        if len(text) + len(block) + 1 > room:
            return text + _CUT
        text += f"\n{block}" if text else block
    return text


def _blocks(report: Report, options: TextOptions) -> Iterator[str]:
    yield f"### spanpact: {plain_summary(report)}\n"
    yield _table(("contract", "verdict", "flows", "why"), [_row(report, result) for result in report.results])
    for gap in gaps_of(report):
        yield f"⚠️ **not checked**: {_code(gap.why)}\n"
    traces = MaskedTraces(report.reading, options.mask)
    *drawn, malformed = findings_of_each(report, options)
    for result, details in zip(report.results, drawn, strict=True):
        flows = group_by_flow(result.findings, result.flow_spans, traces)
        yield from _kinds(flows, _code(result.contract), "flows", details, options)
    yield from _kinds(group_by_flow(report.integrity, (), traces), "malformed traces", "traces", malformed, options)


def _row(report: Report, result: ContractResult) -> tuple[str, ...]:
    outcome = outcome_of(report, result)
    why = _code(reason_of(report, result)) if outcome in ("not checked", "allowed") else ""
    allowed = ", allowed" if outcome == "allowed" else ""
    return _code(f"{result.contract} {result.version}".rstrip()), _MARKS[outcome] + allowed, str(result.flows), why


def _kinds(flows: Sequence[FlowFindings], title: str, noun: str, details: str, options: TextOptions) -> Iterator[str]:
    rows = [
        _kind_row(kind, options) for breaking in (True, False) for kind in kinds_of_findings(flows, breaking=breaking)
    ]
    if not rows:
        return
    yield f"#### {title}\n"
    yield _table(("finding", noun, "message", "contract", "first trace"), rows)
    for part in _parts(details):
        yield f"<details><summary>in detail</summary>\n\n{part}\n\n</details>\n"


def _kind_row(kind: KindOfFinding, options: TextOptions) -> tuple[str, ...]:
    link, trace = options.link_to(kind.trace_id), _code(kind.trace_id)
    place = kind.first.place
    return (
        _code(kind.key),
        str(kind.flows),
        _code(kind.first.message),
        _code(f"{place.file}:{place.line}") if place else "",
        f"[{trace}](<{link}>)" if link else trace,
    )


def _parts(details: str) -> Iterator[str]:
    """Yield the details as a code block, if they are not too long for any report."""
    if details and len(details) < MOST_CHARACTERS // 2:
        fence = "`" * max(3, _longest_fence(details) + 1)
        yield f"{fence}text\n{details}\n{fence}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _code(text: str) -> str:
    """Return a text as a code span that can be in a table's cell; "" for none."""
    shown = escape_controls(text)
    if not shown.strip():
        return ""
    shown = shown if len(shown) <= _LONGEST_CELL else f"{shown[: _LONGEST_CELL - 1]}…"
    fence = "`" * (_longest_fence(shown) + 1)
    padding = " " if shown[0] in " `" or shown[-1] in " `" else ""
    return f"{fence}{padding}{shown}{padding}{fence}".replace("|", "\\|")


def _longest_fence(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
