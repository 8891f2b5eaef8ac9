"""Sum numbers exactly: integers as they are, doubles as the shortest decimal that stands for them.

A double is taken as it is written: ten times 0.1 is 1, and 0.1 + 0.2 is 0.3, whatever the order. Infinities and NaN
follow floating-point arithmetic; NaN is within no limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Final, TypeAlias

from spanpact.contract.compiled import UNSET, Matcher

Total: TypeAlias = int | Decimal

_DIGITS: Final = 1_000  # more than lie between the first digit of the largest double and the last of the smallest
_CONTEXT: Final = Context(prec=2 * _DIGITS, traps=[])
_MOST_SHOWN: Final = 30  # digits


def exact_sum(numbers: Sequence[float]) -> Total:
    """Return the exact sum of integers and doubles."""
    if all(isinstance(each, int) for each in numbers):
        return sum(each for each in numbers if isinstance(each, int))
    bits = max((each.bit_length() for each in numbers if isinstance(each, int)), default=0)
    add = _CONTEXT.add if bits <= _DIGITS else Context(prec=_DIGITS + bits, traps=[]).add
    total: Decimal = Decimal(0)
    for each in numbers:
        total = add(total, _exact(each))
    return total


def is_within(total: Total, wanted: Matcher) -> bool:
    """Return whether a sum meets the `equals`, `at_least` and `at_most` of a matcher; NaN meets none."""
    if isinstance(total, Decimal) and total.is_nan():
        return False
    equals = wanted.equals
    if equals is not UNSET and not (isinstance(equals, int | float) and total == _exact(equals)):
        return False
    above = wanted.at_least is None or total >= _exact(wanted.at_least)
    return above and (wanted.at_most is None or total <= _exact(wanted.at_most))


def shown_total(total: Total) -> str:
    """Return a sum as a report shows it."""
    text = str(total)
    if isinstance(total, int):
        return text if len(text) <= _MOST_SHOWN else f"an integer of {len(text)} digits"
    return text if len(text) <= _MOST_SHOWN else str(float(total))


def _exact(number: float) -> Total:
    return number if isinstance(number, int) else Decimal(repr(number))
