"""Integrity of ids: hexadecimal, of full length, not all zero (section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach

_TRACE_ID, _SPAN_ID = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}")


def check_ids(context: Context) -> Iterator[LocatedBreach]:
    """Yield `id-invalid` for each trace, span or parent id that is malformed or all zero."""
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
