"""Every way to break the telemetry, by the name that `--break` takes."""

from __future__ import annotations

from demo.breakages.breakage import Breakage
from demo.breakages.breaker import BREAKER_BREAKAGES
from demo.breakages.propagation import PROPAGATION_BREAKAGES
from demo.breakages.service import SERVICE_BREAKAGES

__all__ = ["EVERY_BREAKAGE"]

EVERY_BREAKAGE: dict[str, Breakage] = SERVICE_BREAKAGES | BREAKER_BREAKAGES | PROPAGATION_BREAKAGES
