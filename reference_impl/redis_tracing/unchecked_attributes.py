"""Gives a span attributes that are known to be sound, all at once (docs/adr/0008, docs/benchmarks.md).

The SDK checks and copies each attribute that it is given by itself, which for the fifteen of a Redis command is more
work than the whole rest of the span. Ours are made here, of constants, numbers and truth values: so they go into the
SDK's own mapping as a whole, under its own lock, where its limits leave them as they are. In every other case, and
with an SDK that is built otherwise than we know, `set_attributes` does it: then it costs more and says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.trace import Span
from opentelemetry.util.types import AttributeValue

LONGEST: Final = 256
"""The longest text of a sound attribute, in characters."""


def _is_known() -> bool:
    made = BoundedAttributes(8, {"a": 1}, immutable=False, max_value_len=8)
    parts = tuple(getattr(made, name, None) for name in ("_dict", "_immutable", "maxlen", "max_value_len"))
    return parts == ({"a": 1}, False, 8, 8) and hasattr(made, "_lock")


IS_KNOWN: Final = _is_known()
"""Whether the SDK keeps a span's attributes in the way that this module knows."""


def can_skip_checks(attributes: Mapping[str, AttributeValue]) -> bool:
    """Whether the SDK would keep each as it is: named by text, short text or a number or a truth value."""
    values_sound = all(
        isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= LONGEST)
        for value in attributes.values()
    )
    return values_sound and all(name and isinstance(name, str) for name in attributes)


def set_unchecked_attributes(span: Span, attributes: Mapping[str, AttributeValue]) -> None:
    """Set attributes of which `can_skip_checks` holds; the caller sees to that, as it knows what never changes."""
    known: Any = span if IS_KNOWN and type(span).set_attributes is SdkSpan.set_attributes else None
    if known is None or not _has_room(known._attributes, len(attributes)):
        span.set_attributes(attributes)
        return
    bounded = known._attributes
    with bounded._lock:
        bounded._dict.update(attributes)


def _has_room(bounded: Any, number: int) -> bool:
    """Whether that many attributes fit in, none of them shortened, and the span has not ended."""
    if type(bounded) is not BoundedAttributes or bounded._immutable:
        return False
    if bounded.max_value_len is not None and bounded.max_value_len < LONGEST:
        return False
    return bounded.maxlen is None or bounded.maxlen - len(bounded._dict) >= number
