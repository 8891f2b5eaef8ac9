"""Telemetry: the set-up of the SDK, spans for operations, and context that follows asynchronous work (S1, S5).

`setup` configures, flushes and shuts down; `operation_spans` traces a method by one line; `correlation`,
`propagators` and `context_propagation` carry the context; `span_guards` and `safe_errors` keep faults and secrets out.
"""

from __future__ import annotations

from reference_impl.telemetry.operation_spans import traced
from reference_impl.telemetry.setup import Telemetry, configure_tracing

__all__ = ["Telemetry", "configure_tracing", "traced"]
