"""Decide which of several spans with one id are judged: copies of one span, updates of it, or two spans that share it.

- A span that is exported when it starts and again when it ends is one span: start, parent and kind are the same. The
  finished copy is judged.
- A client and a server that share an id, as B3 propagation in one header makes them, are two spans.
- All others are duplicates: one is judged, and a check reports the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from spanpact.trace.equality import content_key
from spanpact.trace.model import Span


class Copies(NamedTuple):
    """The spans of one id: those that are judged (a client before its server), unfinished copies, duplicates."""

    judged: Sequence[Span]
    unfinished: Sequence[Span]
    duplicates: Sequence[Span]


def preference(span: Span) -> tuple[object, ...]:
    """Return a sort key of spans with one id: finished ones first, then the earliest; content decides ties."""
    return (not span.end_ns, *content_key(span))


def sort_copies(spans: Iterable[Span]) -> Iterator[Copies]:
    """Yield the spans by id, in the order of the best span of each id."""
    by_id: dict[str, list[Span]] = {}
    for span in sorted(spans, key=preference):
        by_id.setdefault(span.span_id, []).append(span)
    for copies in by_id.values():
        yield _sorted(copies) if len(copies) > 1 else Copies(copies, (), ())


def _sorted(copies: list[Span]) -> Copies:
    """Sort the spans of one id, given in the order of preference."""
    clients = [span for span in copies if span.kind == "client"]
    servers = [span for span in copies if span.kind == "server"]
    shared = len(clients) + len(servers) == len(copies) and _share_their_id(clients, servers)
    parts = (clients, servers) if shared else (copies,)
    unfinished = [span for part in parts for span in part[1:] if _is_update(span, part)]
    known = {id(span) for span in unfinished}
    duplicates = [span for part in parts for span in part[1:] if id(span) not in known]
    return Copies([part[0] for part in parts], unfinished, duplicates)


def _share_their_id(clients: Sequence[Span], servers: Sequence[Span]) -> bool:
    """Return whether a client and a server of two processes share one id on purpose."""
    if not clients or not servers:
        return False
    client, server = clients[0], servers[0]
    same_place = server.parent_id in (client.parent_id, server.span_id)
    return same_place and client.resource.attributes != server.resource.attributes


def _is_update(span: Span, copies: Sequence[Span]) -> bool:
    """Return whether the span is an unfinished copy: a finished one has what was final when the span started."""
    return not span.end_ns and any(each.end_ns and _from_start(each) == _from_start(span) for each in copies)


def _from_start(span: Span) -> tuple[int, str, str]:
    return span.start_ns, span.parent_id, span.kind
