"""The version of a Jaeger, as the page of its user interface states it: no API does."""

from __future__ import annotations

import re
from typing import Final

from spanpact.errors import SourceError
from spanpact.sources.http_client import HttpClient

FIRST_WITH_NAMES: Final = (2, 16)
"""The first version that gives a span without a name one."""

FIRST_WITHOUT_FORMATS: Final = (2, 0)
"""The first version that does not mark spans with the format in which they came."""

_SECONDS: Final = 2.0  # to wait for the page
_STATED: Final = re.compile(rb'"gitVersion"\s*:\s*"v?(\d[\w.+-]{0,40})"')


def detect_version(client: HttpClient, deadline: float) -> str:
    """Return the version, such as `2.13.0`; "" where the page does not state it or does not answer soon."""
    try:
        response = client.get("/", deadline=min(deadline, client.deadline(_SECONDS)))
    except SourceError:
        return ""
    found = _STATED.search(response.body)
    return client.redacted(found[1].decode()) if found else ""


def names_spans(version: str) -> bool:
    """Return whether this version may have given names to spans without one; so may one that is not known."""
    numbers = _numbers(version)
    return not numbers or numbers >= FIRST_WITH_NAMES


def marks_formats(version: str) -> bool:
    """Return whether this version may mark each span with the format in which it came, as Jaeger 1 does."""
    numbers = _numbers(version)
    return not numbers or numbers < FIRST_WITHOUT_FORMATS


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
