"""What every trace must be, whatever its contract: well-formed, whole, in time (section 14)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from spanpact.engine.checks.base import Breach, Context
from spanpact.engine.checks.timing import shown_ns
from spanpact.trace.model import Attributes, Span, Value
from spanpact.trace.topology import TOP, Topology

Located: TypeAlias = tuple[str, Breach]
"""(span id, "" for the whole trace; the breach)."""


def integrity(context: Context) -> Iterator[Located]:
    """Every integrity breach of one trace; roots, orphans, cycles and logs only of a complete one (section 10)."""
    for check in (*_OF_THE_WHOLE, *_OF_SPANS) if context.complete else _OF_SPANS:
        yield from check(context)


def _roots(context: Context) -> Iterator[Located]:
    roots = [span for span in context.topology.spans if not span.parent_id]
    if len(roots) > 1:
        names = ", ".join(span.name for span in roots[:5]) + (", …" if len(roots) > 5 else "")
        message = "the trace has more than one span without a parent id"
        yield "", Breach("trace-roots", message, "at most 1 root", f"{len(roots)}: {names}")


def _orphans(context: Context) -> Iterator[Located]:
    topology = context.topology
    cut = {cycle[0] for cycle in topology.cycles}
    for i, span in enumerate(topology.spans):
        if not span.parent_id or topology.parent[i] != TOP or i in cut or _excused(span, context):
            continue
        message = "its parent is not in the trace"
        yield span.span_id, Breach("span-orphan", message, "a parent in the trace", f"parent {span.parent_id}")


def _excused(span: Span, context: Context) -> bool:
    remote = context.remote(span)
    return remote is True or (remote is None and span.kind in ("server", "consumer"))


def _duplicates(context: Context) -> Iterator[Located]:
    for span_id, number in Counter(span.span_id for span in context.topology.duplicates).items():
        message = "another span of the trace has the same id"
        observed = f"{number + 1} spans with the id {span_id}"
        yield span_id, Breach("span-duplicate", message, "an id of its own", observed)


def _cycles(context: Context) -> Iterator[Located]:
    topology = context.topology
    for cycle in topology.cycles:
        names = " → ".join(topology.spans[i].name for i in cycle[:5])
        breach = Breach("span-cycle", "spans are each other's parents", "a tree", f"{len(cycle)} spans: {names}")
        yield topology.spans[cycle[0]].span_id, breach


_TRACE_ID, _SPAN_ID = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}")


def _ids(context: Context) -> Iterator[Located]:
    trace_id = context.topology.trace.trace_id
    if not _valid(trace_id, _TRACE_ID):
        yield "", Breach("id-invalid", "the trace id is malformed", "32 hexadecimal digits, not all 0", trace_id)
    for span in context.topology.spans:
        for what, each in (("span", span.span_id), ("parent", span.parent_id)):
            if not _valid(each, _SPAN_ID) and (each or what == "span"):
                expected = "16 hexadecimal digits, not all 0"
                yield span.span_id, Breach("id-invalid", f"the {what} id is malformed", expected, each or "none")


def _valid(text: str, form: re.Pattern[str]) -> bool:
    return form.fullmatch(text) is not None and text.strip("0") != ""


def _times(context: Context) -> Iterator[Located]:
    for span in context.topology.spans:
        if not span.end_ns:
            yield span.span_id, Breach("span-times", "it never ended", "an end", "no end")
        elif span.end_ns < span.start_ns:
            observed = f"ends {shown_ns(span.start_ns - span.end_ns)} before its start"
            yield span.span_id, Breach("span-times", "it ends before its start", "an end after the start", observed)


def _within_parents(context: Context) -> Iterator[Located]:
    topology = context.topology
    for i, span in enumerate(topology.spans):
        if topology.parent[i] == TOP:
            continue
        parent = topology.spans[topology.parent[i]]
        early, late = parent.start_ns - span.start_ns, span.end_ns - parent.end_ns
        if early <= 0 and late <= 0:
            continue
        allowed = context.allowance_ns(parent, span)
        if early > allowed:
            observed = f"{shown_ns(early)} earlier"
            yield span.span_id, Breach("child-early", "it starts before its parent", "not before its parent", observed)
        if late > allowed and span.end_ns and parent.end_ns:
            observed = f"{shown_ns(late)} later"
            yield span.span_id, Breach("child-late", "it ends after its parent", "not after its parent", observed)


def _finite(context: Context) -> Iterator[Located]:
    for span in context.topology.spans:
        carriers = [("attribute", span.attributes), ("resource attribute", span.resource.attributes)]
        carriers += [("event attribute", event.attributes) for event in span.events]
        carriers += [("link attribute", link.attributes) for link in span.links]
        carriers += [("scope attribute", span.scope.attributes)]
        carriers += [("log attribute", record.attributes) for record in context.logs_of(span)]
        for what, attributes in carriers:
            for name in _not_finite(attributes):
                message = f"{what} {name} is not a finite number"
                yield span.span_id, Breach("value-not-finite", message, "a finite number", "NaN or infinite")


def _not_finite(attributes: Attributes) -> Iterator[str]:
    for name, value in attributes.items():
        if type(value) is str or type(value) is bool or type(value) is int:
            continue  # almost every value
        stack: list[Value] = [value]
        while stack:
            one = stack.pop()
            if isinstance(one, float) and not math.isfinite(one):
                yield name
                break
            if isinstance(one, list):
                stack.extend(one)
            elif isinstance(one, dict):
                stack.extend(one.values())


def _dropped(context: Context) -> Iterator[Located]:
    for span in context.topology.spans:
        if not (span.dropped_attributes or span.dropped_events or span.dropped_links or span.events or span.links):
            continue
        counts = [
            ("attributes", span.dropped_attributes),
            ("events", span.dropped_events),
            ("links", span.dropped_links),
        ]
        counts += [("attributes of events", sum(event.dropped_attributes for event in span.events))]
        counts += [("attributes of links", sum(link.dropped_attributes for link in span.links))]
        if lost := [f"{number} {what}" for what, number in counts if number]:
            yield span.span_id, Breach("data-dropped", "the SDK dropped data", "none dropped", ", ".join(lost))


def _logs(context: Context) -> Iterator[Located]:
    topology: Topology = context.topology
    strangers: dict[str, int] = {}
    for record in topology.trace.logs:
        if record.span_id and record.span_id not in topology.by_id:
            strangers[record.span_id] = strangers.get(record.span_id, 0) + 1
    for span_id, number in strangers.items():
        message = "log records name a span that is not in their trace"
        yield span_id, Breach("log-uncorrelated", message, "a span of the trace", f"{number} records")


_OF_THE_WHOLE: Sequence[Callable[[Context], Iterator[Located]]] = (_roots, _orphans, _cycles, _logs)
_OF_SPANS: Sequence[Callable[[Context], Iterator[Located]]] = (
    _duplicates, _ids, _times, _within_parents, _finite, _dropped,
)  # fmt: skip
