"""How OpenTelemetry's own Redis instrumentation departs from the contracts, as a file that is compared exactly.

`instrumented_redis` performs the scenarios with it, `departures` compares the findings with the file.
"""

from __future__ import annotations

__all__ = ["departures", "instrumented_redis"]
