"""Propose a contract from the flows of recorded traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from spanpact.recording.content import Settings, content_of, parent_of, services
from spanpact.recording.ids import Ids, readable
from spanpact.recording.samples import Recorded, Sample, SpanSeen, by_pattern, walk
from spanpact.recording.span_names import literal_pattern
from spanpact.recording.thresholds import EACH, count_range, counts_text
from spanpact.recording.values import VARYING, is_narrower
from spanpact.recording.yaml_text import Block
from spanpact.trace.attributes import values_of

_LEAST_PLACES: Final = 2
"""Content of spans that have so many places in the tree is written once, as a rule."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What rules say of all spans of a name (`content`, by pattern), and of the resource of every span."""

    content: Mapping[str, Block]
    resource: Block


def propose(recorded: Recorded, top: Sample, *, name: str, enough: int) -> Block:
    """Return a contract for the flows of `top`. It has no examples yet and forbids nothing."""
    traces = len({id(each.trace) for each in top.spans})
    block = Block({"spanpact": 1, "contract": name or contract_name(top.pattern), "version": "0.1.0"})
    block["about"] = f"Recorded from {len(top.spans)} flows in {traces} traces"
    block["span"] = top.pattern
    ids, rules = Ids(), Block()
    patterns = by_pattern(recorded, top)
    every_span = [each for spans in patterns.values() for each in spans]
    identified = services(every_span, enough)
    correlated = _same_in_flow(top, enough)
    if identified:
        rules.put(ids.new("identified"), Block({"span": "*", "resource": identified}))
    if correlated:
        rules.put(ids.new("correlated"), Block({"span": "*", "attributes": correlated}))
    settings = Settings(enough, ids, frozenset(correlated))
    places = [each.pattern for each in walk(top)]
    shared: dict[str, Block] = {}
    for pattern, spans in patterns.items():
        if places.count(pattern) >= _LEAST_PLACES:
            shared[pattern] = content_of(spans, settings)
            if any(shared[pattern].values()):
                rules.put(
                    ids.new(f"each {pattern}"), Block({"span": pattern, **shared[pattern]}), f"{len(spans)} spans"
                )
                rules[list(rules)[-1]].notes |= shared[pattern].notes
    _add_entry(block, top, settings, _Rules(shared, identified), above={})
    if rules:
        block["every"] = rules
    return block


def contract_name(pattern: str) -> str:
    """Return the name of a contract for the spans that a pattern selects."""
    return readable(pattern, "-")


def _add_entry(block: Block, sample: Sample, settings: Settings, rules: _Rules, *, above: Mapping[str, Any]) -> None:
    """Add what one place demands to its block, which has its `span` and `count`, and the places below it.

    `above` is the resource of the spans above it.
    """
    common = rules.content.get(sample.pattern)
    content = content_of(sample.spans, replace(settings, ids=Ids() if common is not None else settings.ids))
    for keyword, clause in _narrower(content, common).items():
        block.put(keyword, clause, content.notes.get(keyword, ""))
    parent = parent_of(sample.spans, settings.enough)
    if parent == "remote" or (parent == "none" and not sample.together):
        block.put("parent", parent, f"{len(sample.spans)} of {len(sample.spans)}")
    resource = services(sample.spans, settings.enough)
    own = Block(
        {
            name: matcher
            for name, matcher in resource.items()
            if above.get(name) != matcher and is_narrower(matcher, rules.resource.get(name))
        }
    )
    if own:
        own.notes |= {name: resource.notes[name] for name in own}
        block.put("resource", own)
    children, ids = Block(), dict[str, Sample]()
    for child in sample.children:
        id = settings.ids.new(child.pattern)
        ids[id] = child
        count = count_range(child.counts, settings.enough)
        entry = Block({"span": child.pattern} | ({"count": count} if count != 1 else {}))
        _add_entry(entry, child, settings, rules, above=resource)
        children.put(id, entry, counts_text(child.counts))
    block["children"] = children
    events = {**content["events"], **(common["events"] if common else {})}
    if closed := _closed(sample, settings.enough, known_events={event["event"] for event in events.values()}):
        block.put("closed", closed, f"{len(sample.spans)} of {len(sample.spans)}")
    ordered, times = _order(ids, settings.enough)
    if ordered:
        block.put("order", ordered, f"{times} of {times}")


def _narrower(content: Block, common: Block | None) -> Block:
    """Return what the spans of one place have besides what a rule says of all spans of their name."""
    if common is None:
        return content
    found = Block()
    for keyword in ("kind", "status"):
        if keyword in content and content[keyword] != common.get(keyword):
            found.put(keyword, content[keyword], content.notes.get(keyword, ""))
    attributes, known = content["attributes"], common["attributes"]
    own = Block({name: matcher for name, matcher in attributes.items() if is_narrower(matcher, known.get(name))})
    own.notes |= {name: attributes.notes[name] for name in own}
    found.put("attributes", own)
    return found


def _closed(sample: Sample, enough: int, *, known_events: set[str]) -> list[str]:
    """Return the places in which nothing but what is known is to be expected."""
    if len(sample.spans) < enough:
        return []
    seldom = any(sum(count > 0 for count in child.counts) < EACH for child in sample.children)
    closed = [] if seldom or not sample.is_whole else ["children"]
    events = {literal_pattern(event.name) for each in sample.spans for event in each.span.events}
    return [*closed, "events"] if events <= known_events else closed


def _same_in_flow(top: Sample, enough: int) -> Block:
    """Return the attributes of a request: on each span of a flow the same text, which other flows do not have."""
    block = Block()
    flows = [each.flow() for each in top.spans]
    if sum(len(flow) > 1 for flow in flows) < enough:
        return block
    for name in sorted(set.intersection(*(set(each.span.attributes) for flow in flows for each in flow))):
        values = [{_only_text(each, name) for each in flow} for flow in flows]
        of_request = len(set.union(*values)) > 1 or VARYING.search(name)
        if of_request and all(len(texts) == 1 and None not in texts for texts in values):
            total = sum(map(len, flows))
            block.put(name, {"type": "string", "same_as": f"top.{name}"}, f"{total} of {total}")
    return block


def _only_text(seen: SpanSeen, name: str) -> str | None:
    values = values_of(seen.span.attributes, name)
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None


def _order(ids: Mapping[str, Sample], enough: int) -> tuple[list[str], int]:
    """Return ids in the order that all flows kept, and how often the order of two of them was seen at least."""
    samples = list(ids.items())
    seen: dict[tuple[str, str], int] = {}
    for (one, first), (other, second) in combinations(samples, 2):
        pairs = [(a, b) for a, b in zip(first.together, second.together, strict=True) if a and b]
        if len(pairs) >= enough and all(_ended_before(a, b) for a, b in pairs):
            seen[one, other] = len(pairs)
        elif len(pairs) >= enough and all(_ended_before(b, a) for a, b in pairs):
            seen[other, one] = len(pairs)
    followers = {id: sum(pair[0] == id for pair in seen) for id in ids}
    chain: list[str] = []
    for id in sorted(followers, key=lambda each: -followers[each]):
        if all((before, id) in seen for before in chain):
            chain.append(id)
    if len(chain) < 2:
        return [], 0
    return chain, min(seen[pair] for pair in combinations(chain, 2))


def _ended_before(some: Sequence[SpanSeen], others: Sequence[SpanSeen]) -> bool:
    last, first = max(each.span.end_ns for each in some), min(each.span.start_ns for each in others)
    return last <= first and min(each.span.start_ns for each in some) < first
