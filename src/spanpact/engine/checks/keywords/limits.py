"""`limits`: how many attributes a span or an event has, and how long their texts are (section 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.contract.compiled import AttributeLimits
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.keywords.attributes import AttributeJudge
from spanpact.engine.checks.outcomes import Breach, Outcome, Undecided
from spanpact.engine.checks.values.matching import TYPE_UNKNOWN
from spanpact.trace.attributes import pairs_of, walk_values
from spanpact.trace.equality import possible_values
from spanpact.trace.model import Attributes, Capability, Value

_BYTES_UNKNOWN: Final = Undecided("capability", "the source does not distinguish bytes from string")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)


def compile_limits(limits: AttributeLimits, holder: str) -> AttributeJudge:
    """Return the function that judges the attributes of a `holder`, a span or an event."""

    def judge(attributes: Attributes, context: Context) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        if limits.attributes is not None and len(attributes) > limits.attributes:
            outcomes.append(_too_many(attributes, limits.attributes, holder, context))
        if limits.length is not None:
            outcomes += _too_long(attributes, limits.length, context.capabilities)
        return outcomes

    return judge


def _too_many(attributes: Attributes, most: int, holder: str, context: Context) -> Breach:
    from spanpact.trace.name_groups import largest_group  # only where a limit is broken

    message = f"the {holder} has too many attributes"
    observed, group = f"{len(attributes)} attributes", largest_group(attributes)
    prefix = group.safe_prefix(context.mask) if group else ""
    hint = f"{group.size} names begin with {prefix}" if group and prefix else ""
    return Breach("attribute-limit", message, f"at most {most} attributes", observed, hint)


def _too_long(attributes: Attributes, most: int, capabilities: frozenset[Capability]) -> Iterator[Outcome]:
    """Yield a breach for each attribute with a text that is too long, or why that is undecided."""
    for name, value in pairs_of(attributes):
        if type(value) is str and len(value) <= most:
            continue  # almost always
        excess = excess_of(value, most, capabilities)
        if isinstance(excess, Undecided):
            yield excess
        elif excess:
            what = "a text in attribute" if isinstance(value, list | dict) else "attribute"
            unit = "bytes" if isinstance(value, bytes) else "characters"
            yield Breach(
                "attribute-limit", f"{what} {name} is too long", f"at most {most} {unit}", f"{most + excess} {unit}"
            )


def excess_of(value: Value, most: int, capabilities: frozenset[Capability]) -> int | Undecided:
    """Return by how much the longest text in a value exceeds `most`; why that is undecided, if it is."""
    longest = max(map(_length, walk_values(value)), default=0)
    if longest <= most:
        return 0
    if any(_longest_certain(other, capabilities) <= most for other in possible_values(value, capabilities)):
        return TYPE_UNKNOWN
    if _longest_certain(value, capabilities) <= most:
        return _BYTES_UNKNOWN
    return longest - most


def _length(value: Value) -> int:
    return len(value) if isinstance(value, str | bytes) else 0


def _longest_certain(value: Value, capabilities: frozenset[Capability]) -> int:
    """Return the least length that the longest text may have: a source without bytes writes them as base64."""
    if "bytes" in capabilities:
        return max(map(_length, walk_values(value)), default=0)
    return max((_as_bytes(each) if isinstance(each, str) else _length(each) for each in walk_values(value)), default=0)


def _as_bytes(text: str) -> int:
    """Return the number of bytes of a base64 text; the length of another text."""
    if len(text) % 4 or not _BASE64.fullmatch(text):
        return len(text)
    return len(text) * 3 // 4 - text[-2:].count("=")
