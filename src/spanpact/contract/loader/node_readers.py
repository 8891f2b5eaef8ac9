"""Read single nodes. Each function returns the node's value, or raises a ContractError that says what is accepted.

The parameter `what` names the value in the error: "`count`", "the entry `lookup`".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Final, TypeVar

from spanpact.contract.compiled import Count
from spanpact.contract.document import Location, Mapping, Node, Scalar, Sequence, describe_kind, quote
from spanpact.contract.loader.vocabulary import EVERY_KEYWORD, suggest, suggest_word
from spanpact.trace.name_patterns import NamePattern

_T = TypeVar("_T")
_D = TypeVar("_D")

ID: Final = re.compile(r"[a-z][a-z0-9_]*")
NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
_NUMBER = r"(?:0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
SEMVER: Final = re.compile(  # as semver.org gives it
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
_MANY_DIGITS: Final = re.compile("[0-9]{10}", re.ASCII)
_COUNT: Final = re.compile(r"([0-9]{1,9})(?:(\.\.)([0-9]{1,9})?)?", re.ASCII)
_DURATION: Final = re.compile(r"(-?)([0-9]{1,15}(?:\.[0-9]{1,15})?)(ns|us|ms|s|min)", re.ASCII)
_UNITS: Final = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9}


def read_mapping(node: Node, what: str, accepted: Collection[str] | None = None) -> Mapping:
    """Read a mapping whose keys are among `accepted` (None: any keys)."""
    if not isinstance(node, Mapping):
        raise node.location.error(f"{what} must be a mapping, not {describe_kind(node)}", hint=_offer(accepted))
    for key in node.items if accepted is not None else ():
        if key not in accepted:  # type: ignore[operator]
            raise unknown_keyword(key, node.keys[key], what, accepted or ())
    return node


def _offer(accepted: Collection[str] | None) -> str:
    return f"accepted: {', '.join(accepted)}" if accepted else ""


def unknown_keyword(key: str, location: Location, what: str, accepted: Collection[str]) -> Exception:
    """Return the error for a keyword that is unknown, or not allowed in `what`."""
    if key in EVERY_KEYWORD:
        return location.error(f"`{key}` is not allowed in {what}", hint=_offer(accepted))
    return location.error(f"unknown keyword {quote(key)} in {what}", hint=suggest(key, accepted))


def read_required(node: Mapping, key: str, what: str) -> Node:
    """Return the value of a key that the mapping must have."""
    if key not in node.items:
        raise node.location.error(f"{what} needs `{key}`")
    return node.items[key]


def read_optional(node: Mapping, key: str, read: Callable[[Node], _T], default: _D) -> _T | _D:
    """Read the value of a key with `read`; return `default` where the mapping does not have the key."""
    return read(node.items[key]) if key in node.items else default


def read_text(node: Node, what: str, *, empty: bool = False) -> str:
    """Read a text; `empty` allows an empty one."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        hint = "quote it" if isinstance(node, Scalar) and node.value is not None else ""
        raise node.location.error(f"{what} must be text, not {describe_kind(node)}", hint=hint)
    if not node.value and not empty:
        raise node.location.error(f"{what} is empty")
    return node.value


def read_word(node: Node, what: str, accepted: Collection[str]) -> str:
    """Read one of the `accepted` words."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in accepted:
        return node.value
    hint = suggest_word(_as_written(node), accepted) if isinstance(node, Scalar) else _offer(accepted)
    raise node.location.error(f"{what} cannot be {_bare(node)}", hint=hint)


def _as_written(node: Scalar) -> str:
    return "null" if node.value is None else str(node.value)


def _bare(node: Node) -> str:
    return quote(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else describe_kind(node)


def read_sequence(node: Node, what: str, *, empty: bool = False) -> Sequence:
    """Read a list; `empty` allows an empty one."""
    if not isinstance(node, Sequence):
        raise node.location.error(f"{what} must be a list, not {describe_kind(node)}", hint="write it as [a, b]")
    if not node.items and not empty:
        raise node.location.error(f"{what} is an empty list")
    return node


def read_texts(node: Node, what: str) -> tuple[tuple[str, Location], ...]:
    """Read a list of distinct texts, each with its location."""
    found: dict[str, Location] = {}
    for item in read_sequence(node, what).items:
        name = read_text(item, f"each item of {what}")
        if name in found:
            raise item.location.error(f"{quote(name)} is in {what} twice")
        found[name] = item.location
    return tuple(found.items())


def read_words(node: Node, what: str, accepted: Collection[str]) -> tuple[str, ...]:
    """Read a list of distinct words, each of them `accepted`."""
    found: list[str] = []
    for item in read_sequence(node, what, empty=True).items:
        found.append(read_word(item, what, accepted))
        if found.count(found[-1]) > 1:
            raise item.location.error(f"`{found[-1]}` is in {what} twice")
    return tuple(found)


def read_number(node: Node, what: str) -> int | float:
    """Read a number that is neither a boolean nor NaN."""
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise node.location.error(f"{what} must be a number, not {describe_kind(node)}")
    if node.value != node.value:
        raise node.location.error(f"{what} cannot be NaN, as nothing compares with it")
    return node.value


def read_fraction(node: Node, what: str) -> float:
    """Read a number from 0 to 1."""
    value = read_number(node, what)
    if not 0 <= value <= 1:
        raise node.location.error(f"{what} must be a number from 0 to 1, not {quote(value)}")
    return float(value)


def read_integer(node: Node, what: str, *, least: int = 0) -> int:
    """Read an integer of at least `least`."""
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or not isinstance(node.value, int):
        raise node.location.error(f"{what} must be a whole number, not {describe_kind(node)}")
    if node.value < least:
        raise node.location.error(f"{what} must be at least {least}, not {node.value}")
    return node.value


def read_boolean(node: Node, what: str) -> bool:
    """Read a boolean."""
    if not isinstance(node, Scalar) or not isinstance(node.value, bool):
        raise node.location.error(f"{what} must be true or false, not {describe_kind(node)}")
    return node.value


def read_count(node: Node, what: str = "`count`") -> Count:
    """Read a range of counts: `3`, `0..1`, `1..`."""
    raw = node.value if isinstance(node, Scalar) and not isinstance(node.value, bool | float) else None
    found = _COUNT.fullmatch(str(raw)) if raw is not None else None
    if not found:
        most = ", with numbers of at most nine digits" if raw is not None and _MANY_DIGITS.search(str(raw)) else ""
        raise node.location.error(f"{what} cannot be {_bare(node)}", hint=f"accepted: n, n..m, n..{most}")
    low = int(found[1])
    high = int(found[3]) if found[3] else None if found[2] else low
    if high is not None and high < low:
        raise node.location.error(f"{what} {found[0]} is empty, as {high} is less than {low}")
    return Count(low, high)


def read_duration(node: Node, what: str, *, signed: bool = False) -> int:
    """Read a duration such as `1.5ms` and return nanoseconds; `signed` allows a negative one."""
    raw = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
    found = _DURATION.fullmatch(raw)
    if not found or (found[1] and not signed):
        raise node.location.error(
            f"{what} cannot be {_bare(node)}", hint="accepted: a number with ns, us, ms, s or min, such as 1.5ms"
        )
    value = Decimal(found[2]) * _UNITS[found[3]]
    if value != value.to_integral_value():
        raise node.location.error(f"{what} {quote(raw)} is not a whole number of nanoseconds")
    return int(value) * (-1 if found[1] else 1)


def read_date(node: Node, what: str) -> str:
    """Read a date, `2027-03-31`."""
    raw = read_text(node, what)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw, re.ASCII):
            return datetime.date.fromisoformat(raw).isoformat()
    except ValueError:
        pass
    raise node.location.error(f"{what} cannot be {quote(raw)}", hint="accepted: a day, such as 2027-03-31")


def read_name_pattern(node: Node, what: str) -> NamePattern:
    """Read a name pattern, or a list of them."""
    if isinstance(node, Sequence):
        return NamePattern(tuple(name for name, _ in read_texts(node, what)))
    if isinstance(node, Mapping):
        raise node.location.error(f"{what} must be a name or a list of names, not a mapping")
    return NamePattern((read_text(node, what),))
