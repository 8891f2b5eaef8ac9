"""The page docs/metrics.md: `python -m docs.draw_metrics > docs/metrics.md`."""

from __future__ import annotations

import sys
from typing import Final

from reference_impl.metrics.catalogue import CATALOGUE, TARGET, Metric


def as_page() -> str:
    """Return the text of `docs/metrics.md`."""
    rows = [f"| {' | '.join(cells)} |" for cells in (_HEAD, ["---"] * len(_HEAD), *map(_row, CATALOGUE))]
    labels = [f"- `{name}`: {values}" for name, values in _label_lines()]
    bound = sum(metric.series for metric in CATALOGUE)
    return _PAGE.format(table="\n".join(rows), labels="\n".join(labels), bound=f"{bound:,}")


_HEAD: Final = ["metric", "type", "unit", "labels", "combinations at most", "exemplars", "meaning"]


def _row(metric: Metric) -> list[str]:
    labels = ", ".join(f"`{label.name}`" for label in metric.labels) or "none"
    exemplars = "yes" if metric.exemplars else "no"
    return [f"`{metric.scraped}`", metric.kind, metric.unit or "none", labels, str(metric.bound), exemplars,
            metric.meaning]  # fmt: skip


def _label_lines() -> list[tuple[str, str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for metric in CATALOGUE:
        for label in metric.labels:
            shown = ", ".join(f"`{value}`" for value in label.values) or f"the first {label.at_most} that come"
            if metric is not TARGET:
                found.setdefault((label.name, shown), []).append(metric.scraped)
    return [(name, f"{shown} ({', '.join(metrics)})") for (name, shown), metrics in found.items()]


_PAGE: Final = """# Metrics

`GET /metrics` of the service, for Prometheus. This page is made from `reference_impl/metrics/catalogue.py`
(`python -m docs.draw_metrics > docs/metrics.md`); a test holds both to what a real scrape gives.
A dashboard and alerts on these metrics: [monitoring.md](monitoring.md).

- Every call counts, whether its trace is sampled or not: with 10 % sampling, 1,000 requests count 1,000.
- A scraper that accepts `application/openmetrics-text` gets exemplars: the trace and span id of the latest recorded
  call of a bucket. From a slow bucket to its trace: take `trace_id` to Jaeger, `/trace/<trace_id>`. In Prometheus
  exemplars need `--enable-feature=exemplar-storage`.
- The path is not traced and not counted. It listens where the service listens: on loopback by default.
- Each process has its own numbers, since its start.

{table}

## Labels
A value that is not admitted shows as `other`. All metrics together have at most {bound} series; a service with a
dozen routes and commands has some hundreds.

{labels}

## Questions and queries
| question | query |
|---|---|
| requests a second, by operation | `sum by (operation) (rate(studio_requests_total[5m]))` |
| share of failed requests | `sum(rate(studio_request_errors_total[5m])) / sum(rate(studio_requests_total[5m]))` |
| 95th percentile, by operation | `histogram_quantile(0.95, sum by (operation, le) (rate(studio_request_duration_seconds_bucket[5m])))` |
| hit ratio of sessions | `rate(studio_cache_reads_total{{command="GET",result="hit"}}[5m]) / ignoring(result) sum without (result) (rate(studio_cache_reads_total{{command="GET"}}[5m]))` |
| is a breaker not closed | `studio_circuit_breaker_state{{state="closed"}} == 0` |
| do calls wait for connections | `studio_pool_waiting > 0` |
| are spans lost, and why | `sum by (reason) (rate(studio_spans_lost_total[5m])) > 0` |
"""  # noqa: E501


if __name__ == "__main__":
    sys.stdout.write(as_page())
