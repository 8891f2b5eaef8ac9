"""The text of a scrape: the catalogue's metrics with their numbers, in one of Prometheus' two formats (S4.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from opentelemetry.trace import format_span_id, format_trace_id
from prometheus_client import exposition as plain
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from reference_impl.metrics import catalogue as c
from reference_impl.metrics.series import Reading, Seen

Samples: TypeAlias = dict[tuple[str, ...], float]
"""Numbers by the values of their labels."""

OPENMETRICS: Final = "application/openmetrics-text"
_LONGEST_ACCEPT: Final = 1024


def as_family(metric: c.Metric, readings: Sequence[Reading], samples: Mapping[tuple[str, ...], float]) -> Metric:
    """Return a metric with the numbers that we keep (`readings`) and those read from others (`samples`)."""
    names = [label.name for label in metric.labels]
    if metric.kind == "histogram":
        return _histogram(metric, names, readings)
    if metric.kind == "info":
        info = InfoMetricFamily(metric.name, metric.meaning)
        for labels in samples:
            info.add_metric([], dict(zip(names, labels, strict=True)))
        return info
    if metric.kind == "gauge":
        gauge = GaugeMetricFamily(metric.name, metric.meaning, labels=names)
        for labels, number in samples.items():
            gauge.add_metric(labels, number)
        return gauge
    return _counter(metric, names, readings, samples)


def _counter(
    metric: c.Metric, names: list[str], readings: Sequence[Reading], samples: Mapping[tuple[str, ...], float]
) -> CounterMetricFamily:
    counter = CounterMetricFamily(metric.name, metric.meaning, labels=names)
    for one in readings:
        counter.add_metric(one.labels, one.value, exemplar=_exemplar(one.seen[0]))
    for labels, number in samples.items():
        counter.add_metric(labels, number)
    return counter


def _histogram(metric: c.Metric, names: list[str], readings: Sequence[Reading]) -> HistogramMetricFamily:
    histogram = HistogramMetricFamily(metric.name, metric.meaning, labels=names, unit=metric.unit)
    bounds = [_text(bound) for bound in (*metric.buckets, float("inf"))]
    for one in readings:
        buckets: list[Any] = [
            (bound, float(count), exemplar) if (exemplar := _exemplar(seen)) else (bound, float(count))
            for bound, count, seen in zip(bounds, one.buckets, one.seen, strict=True)
        ]
        histogram.add_metric(one.labels, buckets, one.value)
    return histogram


def _text(bound: float) -> str:
    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]


def _exemplar(seen: Seen | None) -> Exemplar | None:
    if seen is None:
        return None
    span, value, at = seen
    return Exemplar({"trace_id": format_trace_id(span.trace_id), "span_id": format_span_id(span.span_id)}, value, at)


def best_format(accept: str) -> tuple[Callable[[Any], bytes], str]:
    """Return the writer and content type that an `Accept` header prefers: OpenMetrics or plain text.

    prometheus-client's own choice would repeat a version from the header in the content type.
    """
    weights = _weights(accept[:_LONGEST_ACCEPT])
    if weights.get(OPENMETRICS, 0.0) > 0.0 and weights[OPENMETRICS] >= weights.get("text/plain", 0.0):
        return openmetrics.generate_latest, openmetrics.CONTENT_TYPE_LATEST
    return plain.generate_latest, plain.CONTENT_TYPE_PLAIN_0_0_4


def _weights(accept: str) -> dict[str, float]:
    """Return the weight of each media type, 0 to 1; the highest of several mentions counts."""
    found: dict[str, float] = {}
    for part in accept.lower().split(","):
        kind, *options = (piece.strip() for piece in part.split(";"))
        found[kind] = max(found.get(kind, 0.0), _weight(options))
    return found


def _weight(options: Sequence[str]) -> float:
    weight = next((option[2:] for option in options if option.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(weight)))
    except ValueError:
        return 0.0
