"""Find what no contract mentions in a trace that was judged without the engine (section 11)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.engine.results.mentions import UnmentionedNames, logged_in
from spanpact.verification.shapes import RecordSummary
from spanpact.verification.split_keys import Addition, Bits, TraceView, indexes_of


def unmentioned_in(
    view: TraceView, additions: Sequence[Addition], records: Sequence[RecordSummary]
) -> UnmentionedNames:
    """Return what is not mentioned, as `engine.results.mentions` does; each of the log records belongs to a span."""
    in_flows: Bits = 0
    placed: Bits = 0
    for addition in additions:
        in_flows |= addition.in_flows
        placed |= addition.placed
    everything = (1 << len(view.contents)) - 1
    facts, contents = view.known.facts, view.contents

    def names(spans: Bits) -> Sequence[str]:
        return [facts[contents[i]].name for i in indexes_of(spans)] if spans else ()

    in_none: list[int] = []
    if records and in_flows != everything:
        outside = {view.summaries[i][1] for i in indexes_of(everything & ~in_flows)}
        in_none = [i for i, record in enumerate(records) if record[0] in outside]
    return UnmentionedNames(
        None if any(each.applies for each in additions) else facts[contents[view.roots[0]]].name,
        names(everything & ~in_flows),
        [records[i][4] or view.known.of_records[records[i][2]].event_name for i in in_none],
        names(in_flows & ~placed),
        in_none,
        logged_in(view.trace_id, spans=True),
    )
