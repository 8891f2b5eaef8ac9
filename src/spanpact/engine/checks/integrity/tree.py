"""Integrity of the tree: one root, every parent present, no cycles (section 14)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP


def check_roots(context: Context) -> Iterator[LocatedBreach]:
    """Yield `trace-roots` if more than one span has no parent id."""
    spans = context.topology.spans
    roots = [span for span in spans if not span.parent_id and not context.has_id_of_its_client(span)]
    if len(roots) > 1:
        names = ", ".join(span.name for span in roots[:5]) + (", …" if len(roots) > 5 else "")
        message = "the trace has more than one span without a parent id"
        yield "", Breach("trace-roots", message, "at most 1 root", f"{len(roots)}: {names}")


def check_orphans(context: Context) -> Iterator[LocatedBreach]:
    """Yield `span-orphan` for each span whose parent is not in the trace, unless that parent may be elsewhere."""
    topology = context.topology
    cut = {cycle[0] for cycle in topology.cycles}
    for i, span in enumerate(topology.spans):
        if not span.parent_id or topology.parent[i] != TOP or i in cut or _may_have_remote_parent(span, context):
            continue
        message = "the parent is not in the trace"
        yield span.span_id, Breach("span-orphan", message, "a parent in the trace", f"parent {span.parent_id}")


def _may_have_remote_parent(span: Span, context: Context) -> bool:
    remote = context.remote(span)
    return remote is True or (remote is None and span.kind in ("server", "consumer"))


def check_cycles(context: Context) -> Iterator[LocatedBreach]:
    """Yield `span-cycle` for each cycle of parents, at its earliest span."""
    topology = context.topology
    for cycle in topology.cycles:
        names = " → ".join(topology.spans[i].name for i in cycle[:5])
        breach = Breach("span-cycle", "spans are each other's parents", "a tree", f"{len(cycle)} spans: {names}")
        yield topology.spans[cycle[0]].span_id, breach
