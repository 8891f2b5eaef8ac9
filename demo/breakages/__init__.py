"""Ways to break the services' telemetry, so that the contracts can be seen to report them.

`breakage` has the type, `exporters` apply a breakage, and the other modules hold the breakages by subject.
"""

from __future__ import annotations

from demo.breakages.breakage import Breakage, changed
from demo.breakages.every_breakage import EVERY_BREAKAGE
from demo.breakages.exporters import TamperingExporter, TamperingLogExporter
from demo.breakages.propagation import PROPAGATION_BREAKAGES

__all__ = [
    "EVERY_BREAKAGE",
    "PROPAGATION_BREAKAGES",
    "Breakage",
    "TamperingExporter",
    "TamperingLogExporter",
    "changed",
]
