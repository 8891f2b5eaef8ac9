"""Flows: the spans that a contract selects, each with all below it.

`selection` finds them, `flow` is one with its spans by entry, `flow_spans` remembers in little memory which spans are
flows, `late_flows` has those whose ids are read when they are asked for. May import: `engine.assignment` and
`engine.checks`.
"""

from __future__ import annotations

from spanpact.engine.flows.flow import Flow
from spanpact.engine.flows.flow_spans import FlowSpans
from spanpact.engine.flows.selection import SelectedFlows, select_flows, selects_duplicate

__all__ = ["Flow", "FlowSpans", "SelectedFlows", "select_flows", "selects_duplicate"]
