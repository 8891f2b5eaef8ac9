"""Judge traces as they arrive, for days if need be: `spanpact listen` without its receiver and its terminal.

    spans ──OpenTraces──▶ settled traces ──TraceJudge──▶ TraceVerdict ──▶ events, LiveTotals
                     └──▶ traces that are over ──▶ Verification ──▶ the report at the end

A trace is judged when nothing came to it for a while, and again when more comes late. Once that is unlikely it is over:
then it counts for the report, and is dropped. Everything that is kept is bounded (docs/adr/0053-listening.md).

The caller gives the time and the spans; nothing here waits, reads or prints.
"""

from __future__ import annotations

from spanpact.listening.events import Event, FlowVerdict, Notice, Settled, TraceVerdict
from spanpact.listening.listener import Listener, ListenerLimits
from spanpact.listening.live_totals import LiveTotals

__all__ = [
    "Event",
    "FlowVerdict",
    "Listener",
    "ListenerLimits",
    "LiveTotals",
    "Notice",
    "Settled",
    "TraceVerdict",
]
