"""Metrics of one service, and a span that is recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span

from reference_impl.metrics.service_metrics import ServiceMetrics
from tests.reference_impl.metrics.metrics_support import NAMED


@pytest.fixture
def metrics() -> ServiceMetrics:
    return ServiceMetrics(NAMED)


@pytest.fixture
def span(provider: TracerProvider) -> Iterator[Span]:
    """Yield a recorded span, which is current."""
    with provider.get_tracer("t").start_as_current_span("work") as span:
        yield span
