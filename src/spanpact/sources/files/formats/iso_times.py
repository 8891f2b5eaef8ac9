"""Read times of ISO 8601 with any number of decimals."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from spanpact.otlp.batch import MalformedValue
from spanpact.otlp.json.errors import quoted

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def nanoseconds(text: str) -> int:
    """Return a time with its offset from UTC, in ns since the Unix epoch; 0 for the zero time of Go.

    Raise MalformedValue for a text that is no such time.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise MalformedValue(f"expected a time such as 2026-01-01T00:00:00.5Z, found {quoted(text)}")
    day, clock, decimals, offset = found.groups()
    if day == "0001-01-01":
        return 0
    try:
        seconds = dt.datetime.fromisoformat(f"{day}T{clock}{'+00:00' if offset == 'Z' else offset}") - _EPOCH
    except ValueError:
        raise MalformedValue(f"there is no time {quoted(text)}") from None
    return (seconds.days * 86_400 + seconds.seconds) * 1_000_000_000 + int((decimals or "").ljust(9, "0") or 0)
