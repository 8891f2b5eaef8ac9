"""Wait for what is still on its way when the command of `spanpact run` has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from spanpact.sources import OtlpReceiver

QUIET_SECONDS: Final = 2.0  # a busy machine included: the batch delay that the command is given is 0.1 s
MOST_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.02


def wait_for_last_spans(receiver: OtlpReceiver, marker: str, stopped: Callable[[], bool]) -> None:
    """Wait while processes that the command left behind still export.

    Such a process has the variable `marker` (`NAME=value`) in its environment, as only Linux shows, or an open
    connection. Returns when there is none, or when nothing arrived for `QUIET_SECONDS`; after `MOST_SECONDS` at the
    latest, or when `stopped` says so.
    """
    now = time.monotonic()
    deadline, quiet_since, arrived = now + MOST_SECONDS, now, _arrived(receiver)
    while (receiver.connections or _is_running(marker.encode())) and now < deadline:
        if stopped() or now - quiet_since >= QUIET_SECONDS:
            return
        time.sleep(_PAUSE_SECONDS)
        now = time.monotonic()
        if (count := _arrived(receiver)) != arrived:
            arrived, quiet_since = count, now


def _arrived(receiver: OtlpReceiver) -> int:
    counts = receiver.counts
    return counts.received + counts.logs + counts.dropped


def _is_running(marker: bytes) -> bool:
    """Return whether some process of this user has the variable in its environment."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker in environ.read_bytes().split(b"\0"):
                return True
        except OSError:  # it has ended, or is of another user
            continue
    return False
