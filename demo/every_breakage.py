"""Every way to break the tracing, by name: what `--break` takes."""

from __future__ import annotations

from demo.breakages import BREAKAGES, Breakage
from demo.breaker_breakages import BREAKER_BREAKAGES
from demo.propagation_breakages import PROPAGATION_BREAKAGES

EVERY_BREAKAGE: dict[str, Breakage] = BREAKAGES | BREAKER_BREAKAGES | PROPAGATION_BREAKAGES
