"""Telemetry: set-up, flush and shutdown of the OpenTelemetry SDK for traces and log records (S1).

`setup` configures tracing, `provider` has its sampler and resource, `shutdown` flushes and ends within a deadline,
`process_ends` has it do so in workers and at SIGTERM, `remote_sampling` follows the rate that Jaeger gives,
`log_export` sends log records. Imports `settings`, `export`, `propagation`, `instrumentation`.
"""

from __future__ import annotations

from reference_impl.telemetry.process_ends import shut_down_at_sigterm
from reference_impl.telemetry.setup import configure_tracing
from reference_impl.telemetry.shutdown import Telemetry

__all__ = ["Telemetry", "configure_tracing", "shut_down_at_sigterm"]
