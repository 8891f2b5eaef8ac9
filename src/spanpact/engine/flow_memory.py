"""What is remembered of flows and spans that were judged before, so that their like need not be judged again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Context
from spanpact.engine.flows.flow import Flow
from spanpact.engine.results.coverage import Counts
from spanpact.engine.results.mentions import MentionedSpans
from spanpact.engine.rules import SpanAnswer


class FlowMemory(Protocol):
    """The memory of one contract during the judging of one complete trace."""

    def apply(self, i: Index, mentioned: MentionedSpans) -> bool:
        """Count the flow of span `i` like one that was judged before. Return whether there is one.

        If so, the flow has no finding, and the spans of it that have a place are added to those mentioned.
        """

    def apply_entries(self, i: Index) -> bool:
        """Count the entries of the flow of span `i` like those of one that was judged before. Return whether one was.

        If so, none of them is broken.
        """

    def answers(self, flow: Flow, context: Context) -> Sequence[SpanAnswer | None]:
        """Return what the rules say of each span of the flow, and count it; None for spans that must be checked."""

    def note_entries(self, flow: Flow, counts: Counts) -> None:
        """Note what the entries of a flow add to the counts; none of them is broken."""
