"""The table of a text report on flows that are broken in many ways: each kind of finding, and in how many flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spanpact.findings import Finding
from spanpact.reporting.drawing.flow_findings import FlowFindings
from spanpact.reporting.drawing.safe_text import display_width
from spanpact.reporting.text_options import TextOptions, counted


@dataclass(slots=True)
class KindOfFinding:
    """The first finding with a key, in the flow that is first, and the number of flows that have one."""

    first: Finding
    flows: int = 0

    @property
    def key(self) -> str:
        """Return the key that the findings have in common."""
        return self.first.key

    @property
    def trace_id(self) -> str:
        """Return the id of the first trace, "" if the finding is of none."""
        return self.first.trace_id


def kinds_of_findings(flows: Sequence[FlowFindings], *, breaking: bool = True) -> list[KindOfFinding]:
    """Return the kinds of findings that break these flows: the most frequent first, else in the flows' order.

    Without `breaking` those that break nothing.
    """
    kinds: dict[str, KindOfFinding] = {}
    for flow in flows:
        found = {finding.key: finding for finding in reversed(flow.findings) if finding.breaks == breaking}
        for key, finding in reversed(found.items()):
            kinds.setdefault(key, KindOfFinding(finding)).flows += 1
    return sorted(kinds.values(), key=lambda kind: -kind.flows)


def kinds_lines(flows: Sequence[FlowFindings], title: str, options: TextOptions) -> Iterator[str]:
    """Yield a title, and a line for each kind of finding: its key, the flows, the first trace or its link."""
    canvas = options.canvas
    kinds = kinds_of_findings(flows)
    yield canvas.paint(f"{title} in {counted(len(flows), 'flow')} by {counted(len(kinds), 'kind')} of findings", "bad")
    keys = [canvas.escape(kind.key) for kind in kinds]
    widest = max(map(display_width, keys), default=0)
    digits = max((len(str(kind.flows)) for kind in kinds), default=0)
    for kind, key in zip(kinds, keys, strict=True):
        padding = " " * (widest - display_width(key) + digits - len(str(kind.flows)))
        number = counted(kind.flows, "flow").ljust(len(f"{kind.flows} flows"))
        trace = f"trace {canvas.escape(kind.trace_id)}" if kind.trace_id else ""
        yield f"  {canvas.paint(key, 'strong')}  {padding}{number}  {options.link_to(kind.trace_id) or trace}".rstrip()
