"""What traces hold, counted: services, names of spans, attributes with their types, clocks, roots and orphans.

`counting` takes spans in any order, in memory that does not grow with their number; `parents` finds roots and orphans
by means of a temporary file; `summary` is the result. May import: `engine`, `privacy`, `trace`, `spool`.
"""

from __future__ import annotations

from spanpact.trace_summary.counting import SummaryCounter
from spanpact.trace_summary.summary import AttributeSummary, NameSummary, ServiceSummary, TraceSummary

__all__ = ["AttributeSummary", "NameSummary", "ServiceSummary", "SummaryCounter", "TraceSummary"]
