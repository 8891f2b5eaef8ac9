"""What a receiver did not keep, as lines of a report's header."""

from __future__ import annotations

from typing import TypeAlias

from spanpact.sources import ReceiverCounts

Header: TypeAlias = list[tuple[str, str]]
"""Lines of the report's header: what, value."""


def lost(counts: ReceiverCounts) -> Header:
    """Return what was dropped and refused; an empty list if nothing was."""
    lines = []
    if counts.dropped:
        lines.append(("dropped", f"{counts.dropped} spans and logs, the receiver was full: the traces are incomplete"))
    if counts.http_2:
        lines.append(("refused", f"{counts.http_2} connections by OTLP/gRPC to the port for OTLP/HTTP"))
    if counts.tls:
        lines.append(("refused", f"{counts.tls} connections by TLS to a port without TLS"))
    if counts.refused_on_purpose:
        lines.append(("refused", f"{counts.refused_on_purpose} requests on purpose (--refuse)"))
    if counts.rejected_on_purpose:
        lines.append(("rejected", f"{counts.rejected_on_purpose} spans and logs on purpose (--partial)"))
    if counts.refused_upstream:
        lines.append(("refused", f"{counts.refused_upstream} requests by the collector (--forward)"))
    if counts.rejected_upstream:
        lines.append(("rejected", f"{counts.rejected_upstream} spans by the collector, which are judged (--forward)"))
    known = counts.http_2 + counts.tls + counts.refused_on_purpose + counts.refused_upstream
    if wrong := counts.rejected - known:
        lines.append(("refused", f"{wrong} requests to the receiver, malformed, too large or too slow"))
    return lines
