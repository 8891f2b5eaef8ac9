"""Metrics: every call is counted, sampled or not, and scraped by Prometheus with exemplars (S4.4).

`catalogue` declares the metrics, `service_metrics` counts, `series` holds the numbers, `exposition` writes them for a
scrape. Imports `circuit_breaker` and `vocabulary`; whatever else it counts comes in by the protocols of `sources`.
"""

from __future__ import annotations

from reference_impl.metrics.service_metrics import ServiceMetrics

__all__ = ["ServiceMetrics"]
