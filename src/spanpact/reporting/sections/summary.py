"""The end of a text report: what was not checked, and the summary line."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.findings import ContractResult, Report
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.text_options import counted
from spanpact.trace.model import Reading


def is_accepted(report: Report, result: ContractResult) -> bool:
    """Return whether the contract is kept, or not checked for a reason that the options allow."""
    if result.verdict == "kept":
        return not (report.strict and any(each.reason == "capability" for each in result.not_checked))
    only_unseen = bool(result.not_checked) and all(each.reason == "unseen" for each in result.not_checked)
    return report.allow_unseen and result.verdict == "not checked" and only_unseen


def why_not_checked(result: ContractResult) -> str:
    """Return the reasons why a contract was not checked, in a few words."""
    reasons = dict.fromkeys(each.reason for each in result.not_checked if each.reason != "capability")
    return ", ".join(reasons) or "nothing was exercised"


def not_checked_lines(report: Report, canvas: Canvas) -> Iterator[str]:
    """Yield a line for each thing that was not checked: contract, reason, detail, place."""
    rows = []
    for result in report.results:
        if result.verdict == "not checked" and not result.not_checked:
            rows.append((result.contract, "nothing was exercised", "", ""))
        for each in result.not_checked:
            times = f" ({canvas.glyphs.times}{each.count})" if each.count > 1 else ""
            what = f"{each.entry}.{each.keyword}"
            rows.append((result.contract, each.reason, f"{what}: {each.detail}{times}", str(each.place or "")))
    if not rows:
        return
    yield canvas.paint("not checked", "strong")
    for contract, reason, detail, place in rows:
        text = "  ".join(part for part in (reason, detail, place) if part)
        yield f"  {canvas.paint(canvas.glyphs.doubt, 'doubt')} {canvas.escape(contract)}  {canvas.escape(text)}"


def unread_text(report: Report) -> str:
    """Return what unknown fields held: `vendorSpans: 3 spans`."""
    return ", ".join(f"{each.field}: {_number_of(each.holds, each.count)}" for each in report.unread)


def live_rows(reading: Reading) -> Iterator[tuple[str, str]]:
    """Yield the rows of the header on a server that was asked: its version, and what was left out."""
    if reading.source.version:
        yield "version", reading.source.version
    if reading.left_out:
        yield "left out", f"{counted(reading.left_out, 'trace')} {reading.growing}"
    if reading.left_out and not reading.trace_count:
        yield "hint", "look for older traces (until=1m), set a shorter complete-after=, or wait with --wait SECONDS"


def _number_of(holds: str, count: int) -> str:
    return f"{count} {holds.removesuffix('s') if count == 1 else holds}"


def summary(report: Report, canvas: Canvas) -> str:
    """Return the last line: the verdict and the counts behind it."""
    styles: dict[str, Style] = {"kept": "good", "broken": "bad", "not checked": "doubt"}
    return f"{canvas.paint(report.verdict, styles[report.verdict])}: {', '.join(_counts(report))}"


def plain_summary(report: Report) -> str:
    """Return the last line of the text report without marks: the verdict and the counts behind it."""
    return summary(report, Canvas())


def _counts(report: Report) -> Iterator[str]:
    total = len(report.results)
    yield counted(total, "contract") if total else "no contract was judged"
    for verdict in ("kept", "broken", "not checked"):
        number = sum(result.verdict == verdict for result in report.results)
        if number and total:
            yield f"{number} {verdict}"
    breaking = sum(finding.breaks for finding in report.findings)
    if breaking:
        malformed = sum(finding.breaks for finding in report.integrity)
        yield f"{counted(breaking, 'finding')}{f' ({malformed} of integrity)' if malformed else ''}"
    flows = sum(result.flows for result in report.results)
    if total:
        yield counted(flows, "flow")
    gaps = sum(each.reason == "capability" for result in report.results for each in result.not_checked)
    if gaps:
        yield f"{gaps} beyond what the source can carry{' (--strict counts them)' if report.strict else ''}"
    if report.unread:
        items = counted(sum(each.count for each in report.unread), "item")
        yield f"{items} in unknown fields not read{' (--strict counts them)' if report.strict else ''}"
    if pending := sum(finding.pending is not None for finding in report.findings):
        yield f"{pending} pending"
