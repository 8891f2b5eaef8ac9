"""Sets attributes on a span without the SDK's checks, all at once (docs/adr/0008, docs/benchmarks.md).

The SDK checks and copies each attribute, which for the fifteen of a Redis command takes longer than the rest of the
span. Ours are constants, numbers and booleans, made here. They go into the SDK's own mapping at once, under its lock,
if its limits would leave them as they are. Otherwise, and with an SDK that stores attributes differently,
`set_attributes` sets the same attributes, at a higher cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.trace import Span
from opentelemetry.util.types import AttributeValue

LONGEST: Final = 256
"""The longest text that needs no check, in characters."""


def _is_known() -> bool:
    made = BoundedAttributes(8, {"a": 1}, immutable=False, max_value_len=8)
    parts = tuple(getattr(made, name, None) for name in ("_dict", "_immutable", "maxlen", "max_value_len"))
    return parts == ({"a": 1}, False, 8, 8) and hasattr(made, "_lock")


IS_KNOWN: Final = _is_known()
"""Whether the SDK stores a span's attributes in the way that this module expects."""


def can_skip_checks(attributes: Mapping[str, AttributeValue]) -> bool:
    """Return whether the SDK would keep all attributes as they are: named by texts; short texts, numbers, booleans."""
    values_kept = all(
        isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= LONGEST)
        for value in attributes.values()
    )
    return values_kept and all(name and isinstance(name, str) for name in attributes)


def set_unchecked_attributes(span: Span, attributes: Mapping[str, AttributeValue]) -> None:
    """Set attributes for which `can_skip_checks` is true. The caller checks that, once for those that never change."""
    known: Any = span if IS_KNOWN and type(span).set_attributes is SdkSpan.set_attributes else None
    if known is None or not _has_room(known._attributes, len(attributes)):
        span.set_attributes(attributes)
        return
    bounded = known._attributes
    with bounded._lock:
        bounded._dict.update(attributes)


def _has_room(bounded: Any, number: int) -> bool:
    """Return whether `number` more attributes fit without being shortened, and the span has not ended."""
    if type(bounded) is not BoundedAttributes or bounded._immutable:
        return False
    if bounded.max_value_len is not None and bounded.max_value_len < LONGEST:
        return False
    return bounded.maxlen is None or bounded.maxlen - len(bounded._dict) >= number
