"""The exact departures of OpenTelemetry's own Redis instrumentation from the contracts.

`instrumented_redis` performs the scenarios with it, `departures` compares the findings with the file.
"""

from __future__ import annotations

__all__ = ["departures", "instrumented_redis"]
