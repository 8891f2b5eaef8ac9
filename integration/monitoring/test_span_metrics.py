"""The collector makes metrics of spans under fixed names, in seconds, and Jaeger's Monitor tab shows them."""

from __future__ import annotations

import time
from urllib.request import ProxyHandler, build_opener

import pytest

from integration.monitoring.conftest import Watched
from integration.monitoring.programs import fetch
from integration.support.waiting import wait_until

pytestmark = pytest.mark.timeout(120)
CALLS = 'traces_span_metrics_calls_total{service_name="studio-api"}'
DURATION = "traces_span_metrics_duration_seconds"
SERVER = 'service_name="studio-api",span_kind="SPAN_KIND_SERVER"'


def test_spans_are_counted_by_name_kind_and_status(watched: Watched) -> None:
    found = wait_until(lambda: watched.prometheus.values(CALLS), CALLS)
    labels = {"service_name", "span_name", "span_kind", "status_code"}
    assert all(labels <= set(each) for each, _ in found)
    assert {"GET /session", "session.validate", "redis.get"} <= {each["span_name"] for each, _ in found}


def test_their_times_are_those_of_the_service_in_seconds(watched: Watched) -> None:
    """Compare averages: spans and the service's own metrics time the same requests, in seconds, not milliseconds."""

    def averages() -> list[float]:
        ours = "studio_request_duration_seconds"
        whole = '{job!="spans-lost"}'
        queries = (
            f"sum({DURATION}_sum{{{SERVER}}}) / sum({DURATION}_count{{{SERVER}}})",
            f"sum({ours}_sum{whole}) / sum({ours}_count{whole})",
        )
        return [value for query in queries for _, value in watched.prometheus.values(query)]

    spans, service = wait_until(lambda: averages() if len(averages()) == 2 else [], "both averages")
    assert 0.1 < spans / service < 10


def test_they_have_exemplars(watched: Watched) -> None:
    query = f'{DURATION}_bucket{{service_name="studio-api"}}'
    wait_until(
        lambda: watched.prometheus.ask("query_exemplars", query=query, start=watched.began, end=time.time()), query
    )


@pytest.mark.parametrize("tab", ["calls", "errors", "latencies"])
def test_the_monitor_tab_has_data(watched: Watched, tab: str) -> None:
    asked = {
        "service": "studio-api",
        "lookback": 60_000,
        "step": 1_000,
        "ratePer": 10_000,
        "spanKind": "server",
        "groupByOperation": "true",
        **({"quantile": 0.95} if tab == "latencies" else {}),
    }

    def operations() -> set[str]:
        found = fetch(f"{watched.tracing.jaeger}/api/metrics/{tab}", endTs=int(time.time() * 1000), **asked)
        labels = [label for metric in found["metrics"] or () for label in metric["labels"]]
        return {label["value"] for label in labels if label["name"] == "operation"}

    wait_until(lambda: "POST /sessions" in operations(), tab)


def test_the_monitor_tab_is_shown(watched: Watched) -> None:
    with build_opener(ProxyHandler({})).open(watched.tracing.jaeger, timeout=10) as page:
        assert '"menuEnabled":true' in page.read().decode().replace(" ", "")
