"""Step 4, outside of flows: scan log records that belong to no span for forbidden classes (section 8).

Nobody knows to which flow such a record belongs. It is therefore scanned for what a contract forbids of every span
(`every` with `span: '*'`, or a body with it), and by the rules about log records that select it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spanpact.contract.compiled import NO_CONTENT, Content, ContractPlan
from spanpact.engine.checks import Breach, Context, Undecided
from spanpact.engine.checks.keywords.events import NamedEvent
from spanpact.engine.checks.keywords.leaks import leaks, record_texts
from spanpact.engine.checks.outcomes import INCOMPLETE
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.rules import CompiledRule, selects_event
from spanpact.privacy import Scanner
from spanpact.trace.model import LogRecord
from spanpact.trace.topology import TOP, Topology


@dataclass(frozen=True, slots=True)
class LogScan:
    """One `forbid` of a contract that holds of log records without a span, and which of them it selects."""

    id: str
    scanner: Scanner
    exempt: frozenset[str]
    selects: Callable[[LogRecord, Context], bool | Undecided]


def compile_log_scans(plan: ContractPlan, rules: Sequence[CompiledRule]) -> tuple[LogScan, ...]:
    """Return what the contract forbids of log records without a span."""
    return tuple(_log_scans(plan, rules))


def _log_scans(plan: ContractPlan, rules: Sequence[CompiledRule]) -> Iterator[LogScan]:
    top = plan.top
    if top.span is not None and top.span.any and top.where == NO_CONTENT and top.content.forbid:
        yield _scan("top", top.content, _every_record)
    for rule in rules:
        if not rule.plan.content.forbid:
            continue
        if rule.plan.event is not None and rule.plan.via != "span":
            yield _scan(rule.plan.id, rule.plan.content, _selected_by(rule))
        elif rule.selects_every_span:
            yield _scan(rule.plan.id, rule.plan.content, _every_record)


def _scan(id: str, content: Content, selects: Callable[[LogRecord, Context], bool | Undecided]) -> LogScan:
    return LogScan(id, Scanner(content.forbid), content.exempt, selects)


def _every_record(record: LogRecord, context: Context) -> bool:
    return True


def _selected_by(rule: CompiledRule) -> Callable[[LogRecord, Context], bool | Undecided]:
    def selects(record: LogRecord, context: Context) -> bool | Undecided:
        return selects_event(rule, NamedEvent(record.event_name, record.attributes, record), context)

    return selects


def records_without_span(topology: Topology) -> Sequence[LogRecord]:
    """Return the log records of a trace that no span of it has; while spans may come, also those that name one."""
    known = topology.by_id
    return [record for record in topology.trace.logs if not record.span_id or record.span_id not in known]


def is_clean(scans: Sequence[LogScan], records: Sequence[LogRecord], context: Context) -> bool:
    """Return whether scanning log records finds nothing in any, and nothing is undecided."""
    for scan in scans:
        for record in records:
            selected = scan.selects(record, context)
            if isinstance(selected, Undecided):
                return False
            if selected and leaks(record_texts(record, scan.exempt), scan.scanner, context.capabilities):
                return False
    return True


def scan_records(
    scans: Sequence[LogScan], records: Sequence[LogRecord], context: Context, results: ResultCollector
) -> set[int]:
    """Scan log records without a span. Return the indexes of those that were scanned.

    A record that names a span which may still come is not scanned yet.
    """
    final = [(i, record) for i, record in enumerate(records) if context.complete or not record.span_id]
    results.complete, results.span_may_move = context.complete, False
    scanned: set[int] = set()
    for scan in scans:
        if len(final) < len(records):
            results.mark_undecided(scan.id, "forbid", INCOMPLETE)
        found = _Leaks()
        for i, record in final:
            selected = scan.selects(record, context)
            if selected is True:
                scanned.add(i)
                results.mark_reached(scan.id, "forbid")
                found.add(leaks(record_texts(record, scan.exempt), scan.scanner, context.capabilities), record)
            elif isinstance(selected, Undecided):
                results.mark_undecided(scan.id, "forbid", selected)
        for why in found.undecided:
            results.mark_undecided(scan.id, "forbid", why)
        for breach in found.breaches():
            results.record_breach(scan.id, "forbid", breach, context.topology, TOP)
    return scanned


class _Leaks:
    """The leaks of several log records: those of one class in one place, by one logger, are one finding."""

    def __init__(self) -> None:
        self.undecided: list[Undecided] = []
        self._found: dict[tuple[str, str], list[Breach]] = {}

    def add(self, outcomes: Sequence[Breach | Undecided], record: LogRecord) -> None:
        """Add what was found in one record."""
        for outcome in outcomes:
            if isinstance(outcome, Undecided):
                self.undecided.append(outcome)
            else:
                self._found.setdefault((outcome.message, _origin(record)), []).append(outcome)

    def breaches(self) -> Iterator[Breach]:
        """Yield one breach for all leaks that are alike; `observed` has the characters of the first."""
        for (message, origin), several in self._found.items():
            first, more = several[0], len(several) - 1
            observed = first.observed + (f" of the first of {more + 1} log records" if more else "") + origin
            yield Breach(first.id, f"{message} that belongs to no span", first.expected, observed)


def _origin(record: LogRecord) -> str:
    """Return which logger wrote a record, to find it in the code."""
    service = record.resource.attributes.get("service.name")
    parts = [f"service {service}"] if isinstance(service, str) else []
    parts += [f"scope {record.scope.name}"] if record.scope.name else []
    parts += [f"event {record.event_name}"] if record.event_name else []
    return f", logged by {', '.join(parts)}" if parts else ""
