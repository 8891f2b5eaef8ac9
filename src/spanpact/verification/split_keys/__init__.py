"""Split keys: judge the parts of a trace like parts that were judged before (ADR 0040)."""

from spanpact.verification.split_keys.additions import Addition, Bits, indexes_of
from spanpact.verification.split_keys.bounded_table import BoundedTable
from spanpact.verification.split_keys.recorded_runs import RecordedRun
from spanpact.verification.split_keys.trace_parts import FoundParts, TraceParts
from spanpact.verification.split_keys.trace_view import TraceView

__all__ = ["Addition", "Bits", "BoundedTable", "FoundParts", "RecordedRun", "TraceParts", "TraceView", "indexes_of"]
