"""Say in a finding which clocks were compared, what was allowed, and which setting changes it (section 6)."""

from __future__ import annotations

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Undecided
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.trace.model import Span


def compared_clocks(one: Span, other: Span, context: Context, *, pause_ns: int = 0) -> str:
    """Return the hint of a finding about times of two spans.

    `pause_ns`: by how much the end of the parent may be too early (`trace.clocks.ends_by_another_clock`).
    """
    settings = ["tolerance", "resolution"]
    allowed = [f"tolerance {shown_ns(context.tolerance_ns)}"]
    clocks = _one_process(one)
    if not context.same_process(one, other):
        settings.insert(1, "skew")
        allowed.append(f"skew {shown_ns(context.skew_ns)}")
        clocks = f"two processes ({_name(one)}, {_name(other)})"
    resolution = max(context.resolution_of(one), context.resolution_of(other))
    return _hint(clocks, allowed + _below(resolution) + _until_first_child(pause_ns), settings)


def own_clock(span: Span, context: Context) -> str:
    """Return the hint of a finding about the start and the end of one span."""
    return _hint(_one_process(span), _below(context.resolution_of(span)) or ["0ns"], ["resolution"])


def clock_stood_still(span: Span) -> Undecided:
    """Return the outcome of a check of times that are all one instant."""
    return Undecided("capability", f"the clock of {_one_process(span)} stood still: all times are one instant")


def _one_process(span: Span) -> str:
    name = span.resource.attributes.get("service.name")
    return f"one process ({name!s})" if name else "one process"


def _hint(clocks: str, allowed: list[str], settings: list[str]) -> str:
    return f"clocks of {clocks}; allowed: {' + '.join(allowed)}; changed by `clock: {{{', '.join(settings)}}}`"


def _below(resolution_ns: int) -> list[str]:
    return [f"less than the resolution of {shown_ns(resolution_ns)}"] if resolution_ns > 1 else []


def _until_first_child(pause_ns: int) -> list[str]:
    reason = "as the SDK for JavaScript may end the parent too early"
    return [f"{shown_ns(pause_ns)} until the first child starts, {reason}"] if pause_ns else []


def _name(span: Span) -> str:
    return str(span.resource.attributes.get("service.name") or "one without a name")
