"""Write values, durations and matchers as reports show them, neither masked nor cut."""

from __future__ import annotations

from spanpact.contract.compiled import UNSET, Matcher
from spanpact.trace.attributes import values_of
from spanpact.trace.model import Attributes, Value

_LONGEST_INT = 1024  # bits; Python refuses to write out far longer ones
_MOST_SHOWN = 5  # values of one key
_DEEPEST = 8  # levels of lists and maps that a report shows


def shown(value: Value, depth: int = 0) -> str:
    """Return a value as a report shows it: text quoted, the names of a map sorted, -0.0 as 0.0.

    The caller masks the text and then cuts it, in this order: half an e-mail address does not look like one.
    """
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | dict) and depth == _DEEPEST:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(shown(each, depth + 1) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {shown(value[name], depth + 1)}' for name in sorted(value))}}}"
    if isinstance(value, int) and value.bit_length() > _LONGEST_INT:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        value += 0.0  # some sources do not distinguish -0.0 from 0.0
    return f'"{value}"' if isinstance(value, str) else str(value)


def shown_values(attributes: Attributes, name: str) -> str:
    """Return the value of an attribute as a report shows it; of a key that repeats all that differ, the first few."""
    if type(attributes) is dict:
        return shown(attributes[name])
    texts = list(dict.fromkeys(map(shown, values_of(attributes, name))))
    return ", ".join(texts[:_MOST_SHOWN]) + (", …" if len(texts) > _MOST_SHOWN else "")


def shown_ns(nanoseconds: int) -> str:
    """Return a duration in the unit that reads best: `350ns`, `4ms`, `1.5s`."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)):
        if abs(nanoseconds) >= size:
            return f"{nanoseconds / size:.4g}{unit}"
    return f"{nanoseconds}ns"


def described(matcher: Matcher) -> str:
    """Return in words what a matcher accepts."""
    if matcher.presence:
        return matcher.presence
    words = []
    if matcher.type:
        words.append(f"type {matcher.type}")
    if matcher.equals is not UNSET:
        words.append(shown(matcher.equals))  # type: ignore[arg-type]
    if matcher.one_of is not None:
        words.append("one of " + ", ".join(map(shown, matcher.one_of)))
    if matcher.at_least is not None:
        words.append(f"at least {matcher.at_least}")
    if matcher.at_most is not None:
        words.append(f"at most {matcher.at_most}")
    if matcher.matches is not None:
        words.append(f"matching /{matcher.matches}/")
    if matcher.contains is not UNSET:
        words.append(f"containing {shown(matcher.contains)}")  # type: ignore[arg-type]
    if matcher.same_as:
        words.append(f"the same as {matcher.same_as.entry}.{matcher.same_as.attribute}")
    return " and ".join(words) + (" or missing" if matcher.optional else "") or "present"
