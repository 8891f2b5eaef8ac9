"""What the verification of one partition gives: counts, without traces. Processes send it to each other by pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spanpact.engine.across import AcrossCounts
from spanpact.engine.checks import Undecided
from spanpact.findings import ScannedLogs
from spanpact.verification.partitions.first_numbers import OrderedTable


@dataclass(frozen=True, slots=True)
class ContractPart:
    """What the traces of a partition add to one contract.

    - `exercises`: how often each expectation was reached, and exercised; `undecided`: how often it was not decided;
    - `flows`, `labelled`, `rejected`: counts; `rejection`: of the first rejected span, with the number of its trace;
    - `listed`: where flows are listed, the number of the trace of each, its trace id and span id;
    - `across`, `stood_still`, `of_rules`: what statements about all flows need.
    """

    exercises: Mapping[tuple[str, str], tuple[int, int]]
    undecided: OrderedTable[tuple[str, str, Undecided]]
    flows: int
    labelled: int
    rejected: int
    rejection: tuple[int, str] | None
    listed: Sequence[tuple[int, str, str]]
    across: AcrossCounts
    stood_still: Mapping[str, OrderedTable[Undecided]]
    of_rules: Sequence[tuple[int, str, Undecided]]


@dataclass(frozen=True, slots=True)
class NamesPart:
    """The names of one kind that no contract mentions: all that were counted, the names, and more of long ones."""

    count: int
    names: OrderedTable[str]
    longer: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartitionResult:
    """What the traces of a partition add, those left out that were not judged in it.

    `roots` are (number of the trace, name, start in ns, trace id). `logs` are all log records, `without_span` those
    that belong to no span; `unfinished` are copies of spans that were exported before they ended.
    """

    traces: int
    spans: int
    unfinished: int
    contracts: Sequence[ContractPart]
    names: Sequence[NamesPart]
    logs: int
    without_span: ScannedLogs
    roots: Sequence[tuple[int, str, int, str]]
