"""What a receiver did not keep, as lines of a report's header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from spanpact.reporting.text_options import counted
from spanpact.sources import ReceiverCounts
from spanpact.sources.receiver.responses import Cause

Header: TypeAlias = list[tuple[str, str]]
"""Lines of the report's header: what, value."""


_CAUSES: Final[Mapping[Cause, str]] = {
    "token": "without the right token",
    "path": "to a path or by a method that is not OTLP's: exporters add /v1/traces to the base URL",
    "content type": "of another content type than OTLP's",
    "stopped": "that came after the stop of the receiver or of their session",
    "room": "for which there was no room, in memory or on the disk",
    "collector": "that the collector refused or could not be reached for (--forward)",
    "purpose": "on purpose (--refuse)",
    "mistake": "at which spanpact failed: please report this mistake",
    "other": "to the receiver, malformed, too large or too slow",
}


def lost(counts: ReceiverCounts) -> Header:
    """Return what was dropped and refused; an empty list if nothing was."""
    lines = []
    if counts.dropped:
        lines.append(("dropped", f"{counts.dropped} spans and logs, the receiver was full: the traces are incomplete"))
    if counts.http_2:
        lines.append(("refused", f"{counted(counts.http_2, 'connection')} by OTLP/gRPC to the port for OTLP/HTTP"))
    if counts.tls:
        lines.append(("refused", f"{counted(counts.tls, 'connection')} by TLS to a port without TLS"))
    if failed := counts.failed_handshakes:
        what = f"{counted(failed, 'connection')} whose TLS handshake failed: the sender spoke plain HTTP, or"
        lines.append(("refused", f"{what} does not trust the certificate"))
    named = {"other": counts.http_2 + counts.tls}
    for cause, what in _CAUSES.items():
        if (number := counts.refused_for.get(cause, 0) - named.get(cause, 0)) > 0:
            lines.append(("refused", f"{counted(number, 'request')} {what}"))
    if counts.rejected_on_purpose:
        lines.append(("rejected", f"{counts.rejected_on_purpose} spans and logs on purpose (--partial)"))
    if counts.rejected_upstream:
        lines.append(("rejected", f"{counts.rejected_upstream} spans by the collector, which are judged (--forward)"))
    return lines
