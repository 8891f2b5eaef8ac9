"""Load the `examples` of a contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import msgspec

from spanpact.contract import document
from spanpact.contract.compiled import Content, ContractPlan
from spanpact.contract.document import Location, Node
from spanpact.contract.examples.building import Builder
from spanpact.contract.examples.span_nodes import (
    Budget,
    Given,
    SpanNode,
    apply_changes,
    merge_fields,
    read_given,
    read_trace_nodes,
)
from spanpact.contract.examples.spanless_logs import with_logs
from spanpact.contract.examples.values import is_absent
from spanpact.contract.loader.context import Context, RegisteredId
from spanpact.contract.loader.files import resolve_inside
from spanpact.contract.loader.header import check_finding
from spanpact.contract.loader.node_readers import read_integer, read_mapping, read_sequence, read_text
from spanpact.contract.loader.vocabulary import EXAMPLE, EXAMPLE_SPAN, suggest
from spanpact.errors import Place, SourceError, UsageError
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Reading, SourceInfo, Span


@dataclass(frozen=True, slots=True)
class Example:
    """An example: its traces, and the findings (`entry/id`, sorted) that judging them must give."""

    id: str
    reading: Reading
    expected: tuple[str, ...] = ()
    place: Place | None = None


class FlowSpans(Protocol):
    """The assignment of one flow, as far as examples need it: the spans of each entry."""

    @property
    def spans(self) -> Mapping[str, Sequence[Span]]:
        """Return the spans by entry id."""


Assignments: TypeAlias = Callable[[ContractPlan, Reading], Sequence[FlowSpans]]
ReadFile: TypeAlias = Callable[[Path], Reading]

_SOURCES = ("trace", "traces", "like", "file")


def load_examples(
    plan: ContractPlan,
    *,
    assignments: Assignments | None = None,
    read_file: ReadFile | None = None,
    one_kind: bool = False,
) -> list[Example]:
    """Load the examples of a contract, in the file's order.

    Examples with `like` need `assignments` and those with `file` need `read_file` (else UsageError). With `one_kind`,
    all examples may be accepted, or all rejected. Raise ContractError, the first with the others attached, for what
    section 13 of docs/contract-format.md does not allow.
    """
    if plan.examples is None:
        return []
    section = read_mapping(plan.examples, "`examples`")
    loader = _Loader(plan, section, read_given(section.items.get("given")), assignments, read_file)
    context, examples = Context(), list[Example]()
    for id in section.items:
        with context.collecting():
            examples += [loader.example(id)] if id != "given" else []
    context.finish()
    if one_kind:
        return examples
    if all(example.expected for example in examples) or not any(example.expected for example in examples):
        missing = "rejected" if any(not example.expected for example in examples) else "accepted"
        raise section.location.error(f"`examples` holds no {missing} example", hint="at least one of each is needed")
    return examples


@dataclass(slots=True)
class _Loader:
    plan: ContractPlan
    section: document.Mapping
    given: Given
    assignments: Assignments | None
    read_file: ReadFile | None

    def example(self, id: str) -> Example:
        """Load the example with this id."""
        keywords, location = self._read_keywords(id), self.section.keys[id]
        if "file" in keywords.items:
            reading = self._from_file(keywords.items["file"])
        else:
            reading = self._reading(id, self._traces(id, keywords))
        if "offered" in keywords.items:
            reading = msgspec.structs.replace(reading, offered=read_integer(keywords.items["offered"], "`offered`"))
        if "logs" in keywords.items:
            reading = with_logs(reading, keywords.items["logs"], self.plan.scenario)
        return Example(id, reading, self._expected(keywords), location.place)

    def _read_keywords(self, id: str) -> document.Mapping:
        location, what = self.section.keys[id], f"the example `{id}`"
        keywords = read_mapping(self.section.items[id], what, EXAMPLE)
        stated = [key for key in keywords.items if key in _SOURCES]
        if len(stated) != 1:
            at = keywords.keys[stated[1]] if stated else location
            raise at.error(f"{what} needs exactly one of {', '.join(_SOURCES)}")
        if ("but" in keywords.items) != ("like" in keywords.items):
            at = keywords.keys.get("but") or keywords.keys["like"]
            raise at.error(f"{what} needs both `like` and `but`")
        return keywords

    def _expected(self, keywords: document.Mapping) -> tuple[str, ...]:
        if "findings" not in keywords.items:
            return ()
        context = Context(ids=_ids(self.plan))
        found: list[str] = []
        for item in read_sequence(keywords.items["findings"], "`findings`", empty=True).items:
            found.append(read_text(item, "each of `findings`"))
            check_finding(context, found[-1], item.location, "`findings`")
        context.finish()
        return tuple(sorted(found))

    def _reading(self, id: str, traces: tuple[tuple[SpanNode, ...], ...]) -> Reading:
        builder = self._built(traces)
        return Reading(SourceInfo(f"example {id}"), builder.finished(), clocks=Clocks())  # written times are exact

    def _built(self, traces: tuple[tuple[SpanNode, ...], ...]) -> Builder:
        builder = Builder(self.given, self.plan.scenario)
        for trace in traces:
            builder.trace(trace)
        return builder

    def _traces(self, id: str, keywords: document.Mapping) -> tuple[tuple[SpanNode, ...], ...]:
        if "like" not in keywords.items:
            return read_trace_nodes(keywords, Budget())
        base_id, base = self._base(keywords.items["like"])
        traces = read_trace_nodes(base, Budget())
        changes = self._changes(base_id, traces, read_mapping(keywords.items["but"], "`but`"))
        budget = Budget()
        return tuple(apply_changes(trace, changes, budget) for trace in traces)

    def _base(self, node: Node) -> tuple[str, document.Mapping]:
        """Return the id and the keywords of the example that `like` names, which must be accepted and written out."""
        name = read_text(node, "`like`")
        names = [id for id in self.section.items if id != "given"]
        if name not in names:
            hint = suggest(name, names)
            raise node.location.error(f"`like` names {document.quote(name)}, which is not an example", hint=hint)
        keywords = self._read_keywords(name)
        if "trace" not in keywords.items and "traces" not in keywords.items:
            raise node.location.error(f"`like` names `{name}`, which has no `trace` or `traces` of its own")
        if self._expected(keywords):
            raise node.location.error(f"`like` names `{name}`, which expects findings", hint="name an accepted example")
        return name, keywords

    def _changes(
        self, base_id: str, traces: tuple[tuple[SpanNode, ...], ...], but: document.Mapping
    ) -> dict[int, Node]:
        """Return the change of each span node that an entry of `but` selects, by `id()` of the node."""
        builder = self._built(traces)
        reading = Reading(SourceInfo(f"example {base_id}"), builder.finished())
        nodes = {(draft.trace_id, draft.span_id): draft.node for draft in builder.drafts}
        spans = self._assigned(reading, but.location)
        changes: dict[int, Node] = {}
        for entry, change in but.items.items():
            self._check_change(entry, but.keys[entry], change)
            found = spans.get(entry, [])
            if not found:
                raise but.keys[entry].error(f"the example `{base_id}` has no span of the entry `{entry}`")
            for span in found:
                node = nodes[span.trace_id, span.span_id]
                before = changes.get(id(node))
                changes[id(node)] = change if before is None else _combine(before, change)
        return changes

    def _check_change(self, entry: str, location: Location, change: Node) -> None:
        entries = self.plan.entries()
        if entry not in entries:
            hint = suggest(entry, tuple(entries))
            raise location.error(f"`but` names {document.quote(entry)}, which is not an entry", hint=hint)
        if not is_absent(change):
            read_mapping(change, f"the change of `{entry}`", EXAMPLE_SPAN)

    def _assigned(self, reading: Reading, location: Location) -> dict[str, list[Span]]:
        if self.assignments is None:
            raise UsageError("examples with `like` need `assignments`")
        found: dict[str, list[Span]] = {}
        for flow in self.assignments(self.plan, reading):
            for entry, spans in flow.spans.items():
                found.setdefault(entry, []).extend(spans)
        return found

    def _from_file(self, node: Node) -> Reading:
        if self.read_file is None:
            raise UsageError("examples with `file` need `read_file`")
        folder = Path(self.plan.file).parent
        path = resolve_inside(folder, read_text(node, "`file`"), node.location, root=folder)
        try:
            reading = self.read_file(path)
        except SourceError as error:
            raise node.location.error(f"cannot read the example: {error}") from error
        traces, spanless = (
            [msgspec.structs.replace(trace, complete=True, scenario=self.plan.scenario) for trace in several]
            for several in (reading.traces, reading.spanless)
        )
        return msgspec.structs.replace(reading, traces=traces, spanless=spanless)


def _combine(first: Node, second: Node) -> Node:
    """Combine two changes of one span; one that removes it wins."""
    if isinstance(first, document.Mapping) and isinstance(second, document.Mapping):
        return merge_fields(first, second)
    return first if is_absent(first) else second


def _ids(plan: ContractPlan) -> dict[str, RegisteredId]:
    """Return every id that a finding of the contract can have."""
    return {id: RegisteredId("entry", Location()) for id in _all_ids(plan)}


def _all_ids(plan: ContractPlan) -> Iterator[str]:
    for entry in plan.top.walk():
        yield entry.id
        yield from _inner(entry.content)
        yield from _inner(entry.where)
        for condition in entry.conditions:
            yield condition.id
            for side in (*condition.when, *condition.then):
                yield from _inner(side.content)
    for rule in plan.rules:
        yield rule.id
        yield from _inner(rule.content)
        yield from _inner(rule.where)
    for statement in plan.across:
        yield statement.id


def _inner(content: Content) -> Iterator[str]:
    yield from (event.id for event in content.events)
    yield from (link.id for link in content.links)
