"""Sets attributes on a span without the SDK's checks, all at once (docs/adr/0008, docs/benchmarks.md).

The SDK checks and copies each attribute, which for the fifteen of a Redis command takes longer than the rest of the
span. Ours are constants, numbers and booleans, made here. They go into the SDK's own mapping by one `update`, which is
atomic and so needs no lock, if its limits would leave them as they are. Otherwise, and with an SDK that stores
attributes differently, `set_attributes` sets the same attributes, at a higher cost.
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
    return parts == ({"a": 1}, False, 8, 8)


IS_KNOWN: Final = _is_known()
"""Whether the SDK stores a span's attributes in the way that this module expects."""


def can_skip_checks(attributes: Mapping[str, AttributeValue]) -> bool:
    """Return whether the SDK would keep all attributes as they are: named by texts; short texts, numbers, booleans."""
    for name, value in attributes.items():
        kind = type(value)
        if kind is str:
            if len(value) > LONGEST:  # type: ignore[arg-type]  # it is a text
                return False
        elif kind is not int and kind is not bool and kind is not float:
            return False
        if not name or type(name) is not str:
            return False
    return True


def set_unchecked_attributes(span: Span, attributes: Mapping[str, AttributeValue]) -> None:
    """Set attributes for which `can_skip_checks` is true. The caller checks that, once for those that never change."""
    if IS_KNOWN and type(span).set_attributes is SdkSpan.set_attributes:
        known: Any = span
        bounded = known._attributes
        if type(bounded) is BoundedAttributes and not bounded._immutable:  # else the span has ended
            longest, most = bounded.max_value_len, bounded.maxlen
            keeps_texts = longest is None or longest >= LONGEST
            if keeps_texts and (most is None or most - len(bounded._dict) >= len(attributes)):
                bounded._dict.update(attributes)
                return
    span.set_attributes(attributes)
