"""Structured logs: JSON lines that carry the ids of their trace, without secrets (S5.3).

`structured` configures logging, `json_lines` writes a line, `values` and `masking` keep it short and free of secrets.
structlog logs, msgspec encodes; masking and bounds are own code because no formatter for structlog or the standard
library (python-json-logger) has them. Imports `instrumentation`, `propagation` and `vocabulary`.
`telemetry.log_export` sends the lines by OTLP.
"""

from __future__ import annotations

from reference_impl.logs.structured import LogPipeline, configure_logging, get_logger

__all__ = ["LogPipeline", "configure_logging", "get_logger"]
