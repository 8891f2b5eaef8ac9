"""Rules in short times: what takes minutes in production fires within seconds in a test, by the same expressions."""

from __future__ import annotations

import re
from typing import Final

RANGE: Final = "6s"
"""Stands for the ranges of minutes, and for $__rate_interval: a dozen scrapes."""
_FOR: Final = "1s"


def shortened(rules: str) -> str:
    """Return rule files with ranges of minutes as RANGE, and alerts that fire after a second."""
    return re.sub(r"\bfor: \d+m\b", f"for: {_FOR}", re.sub(r"\[\d+m\]", f"[{RANGE}]", rules))
