"""Events of live judging as lines: what happened, then the contract, the trace and its numbers.

The same events give the same lines: there is no time of day in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.findings import Finding, Verdict
from spanpact.listening import Event, FlowVerdict, Settled, TraceVerdict
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.drawing.value_text import format_nanoseconds
from spanpact.reporting.text_options import TextOptions, counted

_WORD_WIDTH: Final = 11
VERDICT_STYLES: Final[dict[Verdict, Style]] = {"kept": "good", "broken": "bad", "not checked": "doubt"}
_NOTICE_STYLES: Final[dict[str, Style]] = {"reloaded": "plain", "error": "bad", "lost": "doubt"}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line: a word with its style, and the rest. Escaped."""

    word: str
    style: Style
    rest: str

    def drawn(self, canvas: Canvas, *, width: int | None = None) -> str:
        """Return the line, cut to a width in columns if there is one."""
        word, rest = self.word.ljust(_WORD_WIDTH), self.rest
        if width is not None:
            word, rest = canvas.clip(word, width), canvas.clip(rest, max(0, width - _WORD_WIDTH - 1))
        return f"{canvas.paint(word, self.style)} {rest}".rstrip()


def event_lines(event: Event, options: TextOptions) -> Iterator[EventLine]:
    """Yield the lines of an event."""
    canvas = options.canvas
    if not isinstance(event, Settled):
        yield EventLine(event.kind, _NOTICE_STYLES[event.kind], canvas.escape(event.text))
        return
    trace = event.trace
    known = {each.contract: each for each in event.before.verdicts} if event.before else {}
    changed = False
    for verdict in trace.verdicts:
        before = known.pop(verdict.contract, None)
        if event.before and before and _keys(before) == _keys(verdict):
            continue
        changed = True
        yield from _verdict_lines(verdict, before, event, options)
    for gone in known.values():
        changed = True
        rest = _joined(canvas, gone.contract, f"no longer {gone.verdict}", _trace_text(trace, options))
        yield EventLine("changed", "plain", rest)
    if event.before and event.late and not changed:
        yield EventLine(
            "late", "quiet", _joined(canvas, f"{_late(event)}, the same verdict", _trace_text(trace, options))
        )
    elif trace.is_unmentioned and not event.before:
        yield EventLine("unmentioned", "quiet", _trace_text(trace, options))


def _verdict_lines(
    verdict: FlowVerdict, before: FlowVerdict | None, event: Settled, options: TextOptions
) -> Iterator[EventLine]:
    canvas, trace = options.canvas, _trace_text(event.trace, options)
    style = VERDICT_STYLES[verdict.verdict]
    if event.before is None:
        flows = counted(verdict.flows, "flow") if verdict.flows > 1 else ""
        yield EventLine(verdict.verdict, style, _joined(canvas, verdict.contract, flows, trace))
    else:
        was = before.verdict if before else "without a flow"
        what = f"{was}, now {verdict.verdict}"
        late = _late(event) if event.late else ""
        yield EventLine("changed", style, _joined(canvas, verdict.contract, what, late, trace))
    seen = [_finding_key(each) for each in before.findings] if before else []
    for finding in verdict.findings:
        if _finding_key(finding) not in seen:
            yield EventLine("finding", "bad" if finding.breaks else "doubt", _finding_text(verdict, finding, canvas))


def _finding_text(verdict: FlowVerdict, finding: Finding, canvas: Canvas) -> str:
    differs = [f"expected {finding.expected}"] if finding.expected else []
    differs += [f"observed {finding.observed}"] if finding.observed else []
    what = finding.message + (f": {', '.join(differs)}" if differs else "")
    place = str(finding.place) if finding.place else ""
    return _joined(canvas, verdict.contract, finding.key, what, place, f"trace {finding.trace_id}")


def _trace_text(trace: TraceVerdict, options: TextOptions) -> str:
    canvas = options.canvas
    took = format_nanoseconds(trace.duration_ns, canvas)
    link = options.link_to(trace.trace_id) or (f"trace {trace.trace_id}" if trace.trace_id else "")
    return _joined(canvas, trace.name, counted(trace.spans, "span"), took, link)


def _joined(canvas: Canvas, *texts: str) -> str:
    return "  ".join(canvas.escape(text) for text in texts if text)


def _late(event: Settled) -> str:
    return counted(event.late, "late span")


def _keys(verdict: FlowVerdict) -> tuple[str, Sequence[tuple[str, str]]]:
    return verdict.verdict, [_finding_key(each) for each in verdict.findings]


def _finding_key(finding: Finding) -> tuple[str, str]:
    return finding.key, finding.span_id
